/** A task on Fargate as containers of a real engine, from RunTask to its end, through the API alone. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ECS, type Task } from "@aws-sdk/client-ecs";
import { containerLabels } from "../../src/agent/docker/container-names.ts";
import { DockerHost as Docker } from "../../src/agent/docker/docker-host.ts";
import { must } from "../../src/lib/assert.ts";
import { openLog } from "../../src/server/log.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { DockerHost, until, whyNoDocker } from "./docker-host.ts";

const skip = await whyNoDocker();

describe("Fargate on a real engine", { skip }, () => {
  let host: DockerHost;
  let server: RunningServer;
  let ecs: ECS;

  before(async () => {
    host = await DockerHost.open();
    const log = openLog("error");
    server = await startServer({
      host: "127.0.0.1",
      port: 0,
      dataDir: null,
      auth: { type: "loose", account: "123456789012" },
      latestAgentVersion: "1.99.0",
      simulation: null,
      managedRuntime: "docker",
      docker: await Docker.open("", log.write),
      log,
    });
    const credentials = { accessKeyId: "any", secretAccessKey: "any" };
    ecs = new ECS({ endpoint: server.url, region: "eu-west-1", credentials, maxAttempts: 1 });
    // The name of the cluster is a label of its containers, by which they are removed.
    await ecs.createCluster({ clusterName: host.tag });
  });
  after(async () => {
    ecs.destroy();
    await server.close();
    await host.close();
  });

  const untilStatus = (task: string, status: string): Promise<Task> =>
    until(
      async () => {
        const [found] = (await ecs.describeTasks({ cluster: host.tag, tasks: [task] })).tasks ?? [];
        return found?.lastStatus === status ? found : null;
      },
      `a task ${status}`,
      60_000,
    );

  it("runs within its size, under the address that the API shows, and stops", async () => {
    const cluster = host.tag;
    await ecs.registerTaskDefinition({
      family: "fargate",
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
      containerDefinitions: [
        {
          name: "main",
          image: host.image,
          command: ["sh", "-c", "trap 'exit 7' TERM; while true; do sleep 0.1; done"],
        },
      ],
    });
    const { tasks, failures } = await ecs.runTask({
      cluster,
      taskDefinition: "fargate",
      launchType: "FARGATE",
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
    });
    assert.deepEqual(failures, []);
    const task = must(tasks?.[0]?.taskArn, "the ARN of the task");
    const running = await untilStatus(task, "RUNNING");
    const shown = running.attachments?.[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value;

    const [container] = await host.docker.listContainers({ label: [`${containerLabels.taskArn}=${task}`] });
    const id = must(container?.Id, "the container of the task");
    assert.equal(running.containers?.[0]?.runtimeId, id);
    const { HostConfig } = await host.docker.inspectContainer(id);
    const limited = HostConfig as { readonly CgroupParent?: string; readonly NetworkMode?: string };
    assert.match(limited.NetworkMode ?? "", /^container:/);
    assert.match(limited.CgroupParent ?? "", new RegExp(task.slice(-32)));
    assert.match(shown ?? "", /^10\.\d+\.\d+\.\d+$/);

    await ecs.stopTask({ cluster, task });
    const stopped = await untilStatus(task, "STOPPED");
    assert.deepEqual([stopped.stopCode, stopped.containers?.[0]?.exitCode], ["UserInitiated", 7]);
  });
});
