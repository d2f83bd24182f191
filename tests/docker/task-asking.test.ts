/** The answers that containers of real tasks get: metadata, statistics, credentials, and protection of their task. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { RunTaskCommandInput } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { untilFound } from "../until.ts";
import { whyNoHost } from "./small-host.ts";
import { lasting, TaskWorld } from "./task-world.ts";

const skip = await whyNoHost();

/** Makes HTTP requests with what the image has, and writes each body on its own line. */
const asking = `
ask() {
  rest=\${2#http://}; host=\${rest%%/*}; port=80
  case $host in *:*) port=\${host#*:};; esac
  printf '%s /%s HTTP/1.0\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$1" "\${rest#*/}" "\${#3}" "$3" > /tmp/request
  nc \${host%:*} $port -e /bin/sh -c 'cat /tmp/request; exec cat >&2' 2>&1 | tail -n 1
  echo
}
credentials=\${AWS_CONTAINER_CREDENTIALS_FULL_URI:-http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}
sleep 2
ask GET $ECS_CONTAINER_METADATA_URI_V4
ask GET $ECS_CONTAINER_METADATA_URI_V4/task
ask GET $ECS_CONTAINER_METADATA_URI_V4/stats
ask GET $credentials
ask PUT $ECS_AGENT_URI/task-protection/v1/state '{"ProtectionEnabled":true,"ExpiresInMinutes":7}'
ask GET $ECS_AGENT_URI/task-protection/v1/state
echo asked everything
${lasting[2]}`;

describe("containers that ask", { skip, concurrency: true }, () => {
  let world: TaskWorld;

  before(async () => {
    world = await TaskWorld.open("docker");
    await world.ecs.createCluster({ clusterName: world.host.tag });
  });
  after(() => world.close());

  /** Runs a task and returns the answers that its container got, in the order of its questions. */
  async function answers(taskDefinition: string, more: Partial<RunTaskCommandInput>) {
    const { tasks } = await world.ecs.runTask({ taskDefinition, ...more });
    const task = must(tasks?.[0]?.taskArn, "the task");
    await world.until(task, "RUNNING");
    const text = await untilFound("the answers", async () => {
      const output = await world.output(task);
      return output.includes("asked everything") && output;
    });
    const bodies = text.split("\n").filter((line) => line.startsWith("{"));
    assert.equal(bodies.length, 6, text);
    return { task, bodies: bodies.map((body) => JSON.parse(body)) };
  }

  async function checks(family: string, launchType: string, found: Awaited<ReturnType<typeof answers>>) {
    const { task, bodies } = found;
    const [container, ofTask, stats, credentials, protectedNow, protectedThen] = bodies;
    const described = await world.describe(task);
    assert.equal(container.DockerId, described.containers?.[0]?.runtimeId);
    assert.deepEqual([container.Name, container.Image, container.KnownStatus], ["c0", world.host.image, "RUNNING"]);
    assert.equal(container.Limits.Memory, 32);
    assert.ok(!Object.keys(container.Labels).some((name) => name.startsWith("berth.")));
    assert.deepEqual([ofTask.TaskARN, ofTask.Family, ofTask.Revision], [task, family, "1"]);
    assert.deepEqual([ofTask.LaunchType, ofTask.KnownStatus], [launchType, "RUNNING"]);
    assert.ok(stats.memory_stats.usage > 0 && stats.cpu_stats.cpu_usage.total_usage > 0);
    assert.match(credentials.RoleArn, /:role\/app$/);
    assert.ok(credentials.AccessKeyId && credentials.SecretAccessKey && credentials.Token && credentials.Expiration);
    // A task without a service cannot be protected: the control plane says so, to the task's role.
    assert.deepEqual([protectedNow.failure.Arn, protectedNow.failure.Reason], [task, "TASK_NOT_VALID"]);
    assert.deepEqual(protectedThen, protectedNow);
  }

  const taskRoleArn = "arn:aws:iam::123456789012:role/app";
  const script = [{ command: ["sh", "-c", asking] }];

  it("on an instance", async () => {
    const family = await world.register(script, { taskRoleArn });
    await checks(family, "EC2", await answers(family, {}));
  });

  it("on Fargate", async () => {
    const cluster = world.host.tag;
    const family = await world.register(script, {
      taskRoleArn,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
    });
    const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
    const found = await answers(family, { cluster, launchType: "FARGATE", networkConfiguration });
    await checks(family, "FARGATE", found);
    const [container, ofTask] = found.bodies;
    const { attachments } = await world.describe(found.task);
    const address = attachments?.[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value;
    const [network] = must(container.Networks, "the networks");
    assert.deepEqual([network.NetworkMode, network.IPv4Addresses], ["awsvpc", [address]]);
    assert.deepEqual(ofTask.Limits, { CPU: 0.25, Memory: 512 });
  });
});
