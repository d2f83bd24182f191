/** The `version` that the API shows for a task or container instance is that of its newest event. Both rise together. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { EcsEvent } from "../../src/ecs/events/event.ts";
import { must } from "../../src/lib/assert.ts";
import { until } from "../until.ts";
import {
  account,
  define,
  describeInstance,
  describeTask,
  region,
  register,
  runOne,
  startWorld,
  untilTask,
  type World,
} from "./world.ts";

const cluster = "versions";
let world: World;
before(async () => {
  world = await startWorld();
  await world.ecs.createCluster({ clusterName: cluster });
});
after(() => world.close());

async function events(): Promise<EcsEvent[]> {
  const place = { account, region, cluster };
  const stored = await world.server.controlPlane.readEvents(place, 0, 100_000);
  stored.forEach(({ sequence }, i) => void assert.equal(sequence, i + 1, "the sequence has no gap"));
  return stored.map(({ body }) => JSON.parse(body) as EcsEvent);
}

async function eventsOf(arn: string): Promise<EcsEvent[]> {
  return (await events()).filter(({ resources }) => resources.includes(arn));
}

test("over the life of instances and tasks", async () => {
  const { ecs } = world;
  const instances = [await register(ecs, cluster), await register(ecs, cluster)];
  const definition = await define(ecs, "versions");
  const short = await define(ecs, "versions-short", { image: "berth/exit:0" });
  const tasks: string[] = [];
  for (let i = 0; i < 3; i++) tasks.push(await runOne(ecs, cluster, definition), await runOne(ecs, cluster, short));
  const [drained = "", kept = ""] = instances;
  await ecs.updateContainerInstancesState({ cluster, containerInstances: [drained], status: "DRAINING" });
  const target = { targetType: "container-instance", targetId: drained } as const;
  await ecs.putAttributes({ cluster, attributes: [{ name: "a", value: "b", ...target }] });
  await ecs.tagResource({ resourceArn: tasks[0], tags: [{ key: "a", value: "b" }] });
  await untilTask(ecs, cluster, tasks[0] ?? "", "RUNNING");
  await ecs.stopTask({ cluster, task: tasks[0] });
  for (const [i, task] of tasks.entries()) {
    await untilTask(ecs, cluster, task, i === 0 || i % 2 === 1 ? "STOPPED" : "RUNNING");
  }
  await until("quiet", events, isQuiet());

  for (const arn of [...instances, ...tasks]) {
    const versions = (await eventsOf(arn)).map(({ detail }) => detail.version);
    assert.ok(versions.length > 0, arn);
    assert.deepEqual(
      versions,
      versions.map((_, i) => i + 1),
      `each event of ${arn} raises its version by one`,
    );
    const described = arn.includes(":task/")
      ? await describeTask(ecs, cluster, arn)
      : await describeInstance(ecs, cluster, arn);
    assert.equal(described.version, versions.at(-1), arn);
  }
  for (const arn of instances) {
    const described = await describeInstance(ecs, cluster, arn);
    const { detail } = must((await eventsOf(arn)).at(-1), "its newest event");
    assert.deepEqual([detail.status, detail.agentConnected], [described.status, described.agentConnected]);
  }
  assert.equal((await describeInstance(ecs, cluster, kept)).status, "ACTIVE");
});

test("a call that changes nothing raises nothing", async () => {
  const { ecs } = world;
  const arn = await register(ecs, cluster);
  await until("quiet", events, isQuiet());
  const before = await describeInstance(ecs, cluster, arn);
  const count = (await events()).length;
  await ecs.updateContainerInstancesState({ cluster, containerInstances: [arn], status: "ACTIVE" });
  await assert.rejects(ecs.stopTask({ cluster, task: "nobody" }));
  assert.equal((await describeInstance(ecs, cluster, arn)).version, before.version);
  assert.equal((await events()).length, count);
});

/** True if the log has not grown since the last call. */
function isQuiet(): (log: readonly EcsEvent[]) => boolean {
  let [length, looks] = [-1, 0];
  return (log) => {
    looks = log.length === length ? looks + 1 : 0;
    ({ length } = log);
    return looks >= 5;
  };
}
