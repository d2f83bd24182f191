/**
 * A drain planned, watched, held up and finished, over HTTP with simulated hosts, in a world whose times are shorter than ECS's.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ECS, waitUntilServicesStable } from "@aws-sdk/client-ecs";
import type { SignedApi } from "../../src/agent/remote/signed-api.ts";
import type { DrainProgress, DrainsReply } from "../../src/ecs/drains/drain-progress.ts";
import type { PlanDrainReply } from "../../src/ecs/drains/plan-drain.ts";
import { scaledTimeline } from "../../src/ecs/timeline.ts";
import { must } from "../../src/lib/assert.ts";
import { until } from "../until.ts";
import { berthApi, define, describeInstance, register, runOne, startWorld, type World } from "./world.ts";

let world: World;
let berth: SignedApi;
before(async () => {
  world = await startWorld({ timeline: scaledTimeline(100) });
  berth = berthApi(world);
});
after(async () => {
  berth.close();
  await world.close();
});

const call = async <T>(operation: string, request: object): Promise<T> =>
  (await berth.call(operation, request, "BerthV1")) as T;

/** A cluster with two instances and a stable service of four on them. */
async function clusterOf(cluster: string, maximumPercent: number): Promise<[string, string]> {
  const { ecs } = world;
  await ecs.createCluster({ clusterName: cluster });
  const arns: [string, string] = [await register(ecs, cluster), await register(ecs, cluster)];
  await ecs.createService({
    cluster,
    serviceName: "web",
    taskDefinition: await define(ecs, "web"),
    desiredCount: 4,
    deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent },
  });
  await stable(ecs, cluster);
  return arns;
}

const stable = (client: ECS, cluster: string) =>
  waitUntilServicesStable({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 }, { cluster, services: ["web"] });

async function drainOf(cluster: string, containerInstance: string): Promise<DrainProgress> {
  const { drains } = await call<DrainsReply>("DescribeDrain", { cluster, containerInstances: [containerInstance] });
  return must(drains[0], "the drain");
}

test("planned, started, watched to its end, and cancelled", async () => {
  const cluster = "moves";
  const [one, other] = await clusterOf(cluster, 200);
  const plan = await call<PlanDrainReply>("PlanDrain", { cluster, containerInstances: [one] });
  assert.equal(plan.finishes, true);
  assert.deepEqual(
    plan.moves.map((move) => [move.service, move.fromContainerInstanceArn, move.toContainerInstanceArn]),
    Array(2).fill(["web", one, other]),
  );
  assert.equal((await describeInstance(world.ecs, cluster, one)).status, "ACTIVE", "a plan changes nothing");

  const startedFrom = Date.now();
  const started = await call<DrainsReply>("StartDrain", {
    cluster,
    containerInstances: [one],
    deadlineSeconds: 60_000,
  });
  const [drain] = started.drains;
  assert.deepEqual([drain?.status, drain?.tasksAtStart, drain?.finished], ["DRAINING", 2, false]);
  // Seconds since 1970, with the milliseconds after the point.
  assert.ok(Math.abs((drain?.startedAt ?? 0) * 1_000 - startedFrom) < 60_000);
  assert.equal(Math.round((drain?.deadlineAt ?? 0) - (drain?.startedAt ?? 0)), 600, "a hundred times shorter");
  await until(
    "the end of the drain",
    () => drainOf(cluster, one),
    ({ finished }) => finished,
  );
  assert.equal((await describeInstance(world.ecs, cluster, other)).runningTasksCount, 4);
  assert.deepEqual(await call("CancelDrain", { cluster, containerInstances: [one] }), {
    containerInstances: [one],
    failures: [],
  });
  assert.equal((await describeInstance(world.ecs, cluster, one)).status, "ACTIVE");
  assert.deepEqual(await call("DescribeDrain", { cluster }), { drains: [], failures: [] });
});

test("held up by its percentages and a standalone task, until a deadline", async () => {
  const cluster = "held";
  const [one, other] = await clusterOf(cluster, 101);
  // While the other instance takes no tasks, the standalone task goes to this one.
  await world.ecs.updateContainerInstancesState({ cluster, containerInstances: [other], status: "DRAINING" });
  await runOne(world.ecs, cluster, await define(world.ecs, "lone"));
  await world.ecs.updateContainerInstancesState({ cluster, containerInstances: [other], status: "ACTIVE" });
  const plan = await call<PlanDrainReply>("PlanDrain", { cluster, containerInstances: [one] });
  const reasons = plan.blockers.map(({ reason }) => reason);
  assert.deepEqual([reasons, plan.stays.length, plan.finishes], [["PERCENTAGES", "PERCENTAGES"], 1, false]);

  await world.ecs.updateContainerInstancesState({ cluster, containerInstances: [one], status: "DRAINING" });
  const { blockers } = await until(
    "blockers",
    () => drainOf(cluster, one),
    (drain) => drain.blockers.length === 3,
  );
  assert.deepEqual(blockers.map(({ reason }) => reason).sort(), ["PERCENTAGES", "PERCENTAGES", "STANDALONE"]);
  await call("StartDrain", { cluster, containerInstances: [one], deadlineSeconds: 100 });
  await until(
    "the end of the drain",
    () => drainOf(cluster, one),
    ({ finished }) => finished,
  );
  assert.equal((await stable(world.ecs, cluster)).state, "SUCCESS");
  assert.equal((await describeInstance(world.ecs, cluster, other)).runningTasksCount, 4);
});

test("the policy for lost agents", async () => {
  const cluster = "policy";
  await world.ecs.createCluster({ clusterName: cluster });
  assert.deepEqual(await call("DescribeLostAgentPolicy", { cluster }), { lostAgentPolicy: {} });
  const policy = { lostAgentPolicy: { replaceAfterSeconds: 300 } };
  assert.deepEqual(await call("PutLostAgentPolicy", { cluster, replaceAfterSeconds: 300 }), policy);
  assert.deepEqual(await call("DescribeLostAgentPolicy", { cluster }), policy);
  assert.deepEqual(await call("PutLostAgentPolicy", { cluster }), { lostAgentPolicy: {} });
  await assert.rejects(call("PutLostAgentPolicy", { cluster, replaceAfterSeconds: 0 }), /between 1 and 604800/);
});
