/** What agents leave on a machine when they end, and what the next one removes of it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openDockerGroundwork, pauseName } from "../../src/agent/docker/groundwork/docker-groundwork.ts";
import { pauseLabels } from "../../src/agent/docker/groundwork/leftovers.ts";
import { mayLive, ownToken } from "../../src/agent/docker/groundwork/process-token.ts";
import { openTaskCgroups } from "../../src/agent/docker/groundwork/task-cgroup.ts";
import { SmallHost, someTaskArn, taskAt, testImage, whyNoHost } from "./small-host.ts";
import { lasting, TaskWorld } from "./task-world.ts";

const skip = await whyNoHost();
const hierarchies = ["memory", "cpu", "."];

const isThere = async (host: SmallHost, container: string): Promise<boolean> =>
  host.docker.inspectContainer(container).then(
    () => true,
    () => false,
  );
const hasGroup = (taskArn: string): boolean =>
  hierarchies.some((hierarchy) => existsSync(`/sys/fs/cgroup/${hierarchy}/berth/${taskArn.slice(-32)}`));

/** No living process has this one. */
const goneProcess = (): string => ownToken().split(".").with(3, "1").join(".");

test("what a dead process has prepared is removed, unless its task runs; what a living one has prepared stays", {
  skip,
}, async (t) => {
  const host = await SmallHost.open(t);
  const groundwork = await openDockerGroundwork({ docker: host.docker, log: () => {} });
  const cgroups = await openTaskCgroups(await host.docker.info(), true);
  const [mine, orphan, running] = [someTaskArn(), someTaskArn(), someTaskArn()];
  const task = taskAt("10.79.243.10", "10.79.243.1", { memoryMiB: 64 });
  host.atEnd(() => groundwork.clean(mine, task));
  await groundwork.prepare(mine, task, []);
  const limits = { cpuUnits: null, memoryMiB: 64, cpuShares: 2 };
  for (const arn of [orphan, running]) {
    if (typeof cgroups !== "string") {
      await cgroups.limit(arn.slice(-32), limits, goneProcess());
      host.atEnd(() => cgroups.remove(arn.slice(-32)));
    }
    const name = pauseName(arn);
    const Labels = { [pauseLabels.taskArn]: arn, [pauseLabels.process]: goneProcess() };
    await host.docker.createContainer(name, { Image: testImage, Cmd: ["/busybox", "sleep", "1000"], Labels });
    host.atEnd(() => host.docker.removeContainer(name).catch(() => {}));
  }
  await host.start(["sleep", "1000"], {}, { Labels: { "com.amazonaws.ecs.task-arn": running } });

  await groundwork.removeLeftovers();
  assert.ok(await isThere(host, pauseName(mine)));
  assert.ok(await isThere(host, pauseName(running)));
  assert.ok(!(await isThere(host, pauseName(orphan))));
  assert.equal((await host.docker.inspectNetwork("berth-10.79.243.0-24")).Name, "berth-10.79.243.0-24");
  if (typeof cgroups !== "string") assert.deepEqual([mine, running, orphan].map(hasGroup), [true, true, false]);

  await groundwork.release(mine, task);
  assert.ok(!hasGroup(mine));
  await assert.rejects(host.docker.inspectNetwork("berth-10.79.243.0-24"), /not found/i);
});

test("a control group that is being created is never mistaken for abandoned", { skip }, async (t) => {
  const host = await SmallHost.open(t);
  const cgroups = await openTaskCgroups(await host.docker.info(), true);
  if (typeof cgroups === "string") return t.skip(cgroups);
  const taskIds = Array.from({ length: 300 }, () => someTaskArn().slice(-32));
  host.atEnd(async () => void (await Promise.all(taskIds.map((taskId) => cgroups.remove(taskId)))));
  let madeAll = false;
  const seen = new Set<string>();
  const watch = async (): Promise<void> => {
    while (!madeAll) for (const taskId of await cgroups.left(mayLive)) seen.add(taskId);
  };
  const watches = [watch(), watch(), watch()];
  for (const taskId of taskIds) {
    await cgroups.limit(taskId, { cpuUnits: 512, memoryMiB: 64, cpuShares: 2 }, ownToken());
    await cgroups.remove(taskId);
  }
  madeAll = true;
  await Promise.all(watches);
  assert.deepEqual(
    taskIds.filter((taskId) => seen.has(taskId)),
    [],
  );
});

test("a control plane that keeps nothing removes its containers and their surroundings when it ends", {
  skip,
}, async () => {
  const world = await TaskWorld.open("docker");
  const { docker } = world.host;
  try {
    await world.ecs.createCluster({ clusterName: world.host.tag });
    const networkConfiguration = { awsvpcConfiguration: { subnets: [`subnet-${world.host.tag}`] } };
    const onInstance = await world.run([{ command: lasting }], { memory: "64" });
    const onFargate = await world.run(
      [{ command: lasting }],
      { networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512" },
      { cluster: world.host.tag, launchType: "FARGATE", networkConfiguration },
    );
    await Promise.all([onInstance, onFargate].map((arn) => world.until(arn, "RUNNING")));
    await world.server.close();
    assert.equal((await world.containers(onInstance)).size + (await world.containers(onFargate)).size, 0);
    await assert.rejects(docker.inspectContainer(pauseName(onFargate)), /No such container/);
    assert.deepEqual([onInstance, onFargate].map(hasGroup), [false, false]);
  } finally {
    await world.close();
  }
});
