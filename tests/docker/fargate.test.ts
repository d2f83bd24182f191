/** Tasks on Fargate as containers of a real engine, from RunTask to their leftovers, through the API alone. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { pauseName } from "../../src/agent/docker/groundwork/docker-groundwork.ts";
import { untilFound } from "../until.ts";
import { whyNoDocker } from "./docker-host.ts";
import { lasting, TaskWorld, type Wanted } from "./task-world.ts";

const skip = await whyNoDocker();

const groupOf = (controller: string, task: string): string => `/sys/fs/cgroup/${controller}/berth/${task.slice(-32)}`;

/** The content of a file of the task's control group. Null on a host with another kind. */
const limitOf = (controller: string, task: string, file: string): string | null => {
  const path = `${groupOf(controller, task)}/${file}`;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
};

describe("Fargate on a real engine", { skip, concurrency: true }, () => {
  let world: TaskWorld;

  before(async () => {
    world = await TaskWorld.open("docker");
    await world.ecs.createCluster({ clusterName: world.host.tag });
  });
  after(() => world.close());

  const size = {
    requiresCompatibilities: ["FARGATE" as const],
    networkMode: "awsvpc" as const,
    cpu: "256",
    memory: "512",
  };
  const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
  const run = (containers: readonly Wanted[], cluster = world.host.tag): Promise<string> =>
    world.run(containers, size, { cluster, launchType: "FARGATE", networkConfiguration });
  const ofTask: Wanted = { memory: undefined };

  const untilGone = (container: string): Promise<unknown> =>
    untilFound(`${container} is gone`, () =>
      world.host.docker.inspectContainer(container).then(
        () => false,
        (error: unknown) => /No such container/.test(String(error)),
      ),
    );

  it("runs within its size, under the address that the API shows, and stops", async () => {
    const command = ["sh", "-c", "trap 'exit 7' TERM; while true; do sleep 0.1; done"];
    const arn = await run([{ ...ofTask, command }]);
    const running = await world.until(arn, "RUNNING");
    const shown = running.attachments?.[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value;
    const container = await world.container(arn);
    assert.equal(running.containers?.[0]?.runtimeId, container.Id);
    assert.match(String(container.HostConfig?.NetworkMode), /^container:/);
    assert.match(String(container.HostConfig?.CgroupParent), new RegExp(arn.slice(-32)));
    const { NetworkSettings } = await world.host.docker.inspectContainer(pauseName(arn));
    assert.deepEqual(
      Object.values(NetworkSettings?.Networks ?? {}).map(({ IPAddress }) => IPAddress),
      [shown],
    );
    assert.deepEqual(
      [running.containerInstanceArn, running.platformVersion, running.launchType],
      [undefined, "1.4.0", "FARGATE"],
    );
    const quota = limitOf("cpu", arn, "cpu.cfs_quota_us");
    if (quota !== null) {
      assert.equal(Number(quota) / Number(limitOf("cpu", arn, "cpu.cfs_period_us")), 0.25);
      assert.equal(limitOf("memory", arn, "memory.limit_in_bytes"), String(512 * 1_048_576));
    }
    const stopped = await world.stop(arn);
    assert.deepEqual([stopped.stopCode, stopped.containers?.[0]?.exitCode], ["UserInitiated", 7]);
    await untilFound("its control group is gone", () => !existsSync(groupOf("memory", arn)));
    await untilGone(pauseName(arn));
  });

  it("is killed if it needs more memory than its task has", async () => {
    const arn = await run([{ ...ofTask, command: ["dd", "if=/dev/zero", "of=/dev/null", "bs=600M", "count=1"] }]);
    const task = await world.until(arn, "STOPPED");
    const [container] = task.containers ?? [];
    assert.deepEqual(
      [task.stopCode, container?.exitCode, container?.reason],
      ["EssentialContainerExited", 137, "OutOfMemoryError: Container killed due to memory usage"],
    );
  });

  it("has containers that reach each other on localhost, and exit codes of their own", async () => {
    const serve = `mkdir -p /tmp/www; echo hello > /tmp/www/index.html; httpd -p 8080 -h /tmp/www; ${lasting[2]}`;
    const arn = await run([
      { ...ofTask, name: "server", command: ["sh", "-c", serve] },
      {
        ...ofTask,
        name: "client",
        command: ["sh", "-c", "until wget -qO- http://127.0.0.1:8080/; do sleep 0.1; done; exit 4"],
      },
    ]);
    const task = await world.until(arn, "STOPPED");
    const ends = task.containers?.map(({ name, exitCode, reason }) => ({ name, exitCode, reason }));
    assert.deepEqual(
      ends?.map(({ name, exitCode }) => [name, exitCode]).sort(),
      [
        ["client", 4],
        ["server", 0],
      ],
      `${task.stoppedReason} ${JSON.stringify(ends)}`,
    );
    assert.match(await world.output(arn, "client"), /^hello$/m);
  });

  it("leaves nothing on the machine when its cluster is deleted", async () => {
    const cluster = `${world.host.tag}-deleted`;
    await world.ecs.createCluster({ clusterName: cluster });
    const arn = await run([{ ...ofTask, command: lasting }], cluster);
    await world.until(arn, "RUNNING");
    await world.stop(arn);
    await world.ecs.deleteCluster({ cluster });
    await untilFound("its containers are gone", async () => (await world.containers(arn)).size === 0);
    await untilGone(pauseName(arn));
    await untilFound("its control group is gone", () => !existsSync(groupOf("memory", arn)));
  });
});
