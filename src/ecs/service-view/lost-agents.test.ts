import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../../lib/assert.ts";
import { containerInstanceKind } from "../documents/container-instance.ts";
import type { Task } from "../documents/task.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";

/** A steady service of six on three instances of which the policy is as told. */
function aWorld(replaceAfterSeconds: number | null, request: object = {}): ServiceWorld {
  const world = new ServiceWorld("lost-agents").withInstances(3);
  if (replaceAfterSeconds !== null) world.call("PutLostAgentPolicy", { replaceAfterSeconds });
  const deploymentConfiguration = { minimumHealthyPercent: 100, maximumPercent: 101 };
  world.aService({ desiredCount: 6, deploymentConfiguration, ...request }, withImage(images.healthy));
  world.untilSteady();
  return world;
}

const disconnect = (world: ServiceWorld, index = 0): void => {
  world.agent({ type: "agent-disconnected", instanceId: world.instanceId(index) });
};

const connect = (world: ServiceWorld, index = 0) =>
  world.agent({
    type: "agent-connected",
    instanceId: world.instanceId(index),
    agentVersion: null,
    agentHash: null,
    dockerVersion: null,
    isNewProcess: false,
  });

const on = (world: ServiceWorld, index: number): Task[] =>
  [...world.usage(index).taskIds].sort().map((id) => world.task(id));

const elsewhere = (world: ServiceWorld): Task[] =>
  world.running().filter(({ instanceId }) => instanceId !== world.instanceId(0));

describe("tasks on an instance whose agent is gone", () => {
  test("stay as they were last known: without a policy, as in ECS", () => {
    const world = aWorld(null);
    const before = on(world, 0);
    disconnect(world);
    world.play(3_600_000);
    assert.deepEqual(on(world, 0), before);
    assert.equal(world.running().length, 6);
  });

  test("are replaced at once when the time of the policy is over, whatever the maximum, and given up then", () => {
    const world = aWorld(60);
    const lost = on(world, 0);
    disconnect(world);
    world.play(59_000);
    assert.equal(world.tasksOf().length, 6, "not before the time");
    world.play(1_000);
    assert.equal(world.tasksOf().length, 8, "beyond 100 percent");
    world.play(5_000);
    assert.equal(elsewhere(world).length, 6);
    for (const { id } of lost) {
      const { lastStatus, desiredStatus, stopCode } = world.task(id);
      assert.deepEqual([lastStatus, desiredStatus, stopCode], ["RUNNING", "STOPPED", "ServiceSchedulerInitiated"]);
    }
    world.untilSteady();
  });

  test("that were given up are stopped by their agent when it comes back", () => {
    const world = aWorld(60);
    const lost = on(world, 0);
    disconnect(world);
    world.play(90_000);
    connect(world);
    world.play(2_000);
    for (const { id } of lost) assert.equal(world.task(id).lastStatus, "STOPPED");
    world.untilSteady();
    assert.deepEqual([world.tasksOf().length, elsewhere(world).length], [6, 6]);
  });

  test("count again when the agent comes back before the others are healthy, and what is too many goes", () => {
    const world = aWorld(60);
    const lost = on(world, 0);
    disconnect(world);
    world.advanceClock(61_000);
    assert.equal(world.tasksOf().length, 8, "replacements are PENDING");
    connect(world);
    world.play(60_000);
    assert.equal(world.running().length, 6);
    for (const { id } of lost) assert.equal(world.task(id).desiredStatus, "RUNNING", "those that serve stay");
  });

  test("are not lost when the agent comes back in time; the next absence counts anew", () => {
    const world = aWorld(60);
    for (let round = 0; round < 3; round++) {
      disconnect(world);
      world.play(59_000);
      connect(world);
      world.play(1_000);
    }
    world.play(120_000);
    assert.equal(world.told().filter((line) => line.includes("has started")).length, 1);
  });

  test("of no service stay, and daemons are not replaced elsewhere", () => {
    const world = new ServiceWorld("lost-agents").withInstances(2);
    world.call("PutLostAgentPolicy", { replaceAfterSeconds: 60 });
    world.aService({ schedulingStrategy: "DAEMON" }, withImage(images.healthy));
    world.untilSteady();
    const standalone = [world.runningTask(), world.runningTask()];
    disconnect(world, 0);
    disconnect(world, 1);
    world.play(300_000);
    for (const { id } of standalone) assert.equal(world.task(id).desiredStatus, "RUNNING");
    assert.equal(world.tasksOf().length, 2);
    connect(world, 0);
    connect(world, 1);
    world.play(60_000);
    assert.equal(world.running().length, 2, "one on each again");
    assert.deepEqual(
      [0, 1].map((index) => world.usage(index).groups.get("service:web")),
      [1, 1],
    );
  });

  test("wait for room when there is none, and the service says so", () => {
    const world = new ServiceWorld("lost-agents").withInstances(2, { memoryMiB: 256 });
    world.call("PutLostAgentPolicy", { replaceAfterSeconds: 60 });
    world.aService({ desiredCount: 2 }, withImage(images.healthy));
    world.untilSteady();
    disconnect(world);
    world.play(120_000);
    assert.equal(on(world, 0)[0]?.desiredStatus, "RUNNING", "not given up before another is healthy");
    assert.ok(world.told().some((line) => line.includes("was unable to place a task")));
    world.withInstances(1);
    world.play(120_000);
    assert.equal(elsewhere(world).length, 2);
  });

  test("that drain besides are replaced beyond the percentages too", () => {
    const world = aWorld(60);
    world.call("StartDrain", { containerInstances: [world.instanceId(0)] });
    disconnect(world);
    world.play(50_000);
    assert.equal(world.tasksOf().length, 6, "100 and 100");
    world.play(20_000);
    assert.equal(elsewhere(world).length, 6);
  });
});

describe("the policy", () => {
  test("is put, described, changed and taken away; every service is looked at for it", () => {
    const world = aWorld(null);
    const policy = () => world.call<{ lostAgentPolicy: object }>("DescribeLostAgentPolicy", {}).value.lostAgentPolicy;
    assert.deepEqual(policy(), { replaceAfterSeconds: null });
    disconnect(world);
    world.play(600_000);
    assert.deepEqual(world.call("PutLostAgentPolicy", { replaceAfterSeconds: 300 }).value, {
      lostAgentPolicy: { replaceAfterSeconds: 300 },
    });
    assert.deepEqual(policy(), { replaceAfterSeconds: 300 });
    world.restart();
    world.play(5_000);
    assert.equal(elsewhere(world).length, 6, "the agent had been gone for longer");
    assert.deepEqual(world.call("PutLostAgentPolicy", {}).value, { lostAgentPolicy: { replaceAfterSeconds: null } });
    assert.equal(world.state.lostAgentPolicies.size, 0);
    disconnect(world, 1);
    world.play(600_000);
    assert.equal(elsewhere(world).length, 6);
  });

  test("has bounds", () => {
    const world = new ServiceWorld("lost-agents");
    for (const replaceAfterSeconds of [0, -1, 0.5, 604_801, Number.NaN]) {
      const text = "replaceAfterSeconds must be between 1 and 604800.";
      world.refused("InvalidParameterException", text, "PutLostAgentPolicy", { replaceAfterSeconds });
    }
    for (const replaceAfterSeconds of [1, 604_800]) world.call("PutLostAgentPolicy", { replaceAfterSeconds });
    assert.equal(world.call("PutLostAgentPolicy", { replaceAfterSeconds: 604_800 }).documents.length, 0, "no change");
  });

  test("survives a restart: agents that do not come back count as gone since then", () => {
    const world = aWorld(60);
    world.restart();
    world.step({ type: "recovered" });
    const restartedAt = world.now;
    connect(world, 1);
    connect(world, 2);
    world.play(400_000, () => elsewhere(world).length === 6);
    // The grace for agents to come back, then the time of the policy.
    const seconds = (world.now - restartedAt) / 1_000;
    assert.ok(seconds >= 210 && seconds < 220, String(seconds));
  });

  test("takes instances of older stores, which do not say since when, as gone since it was made", () => {
    const world = aWorld(null);
    disconnect(world);
    const { disconnectedAt, ...old } = world.instance(0);
    assert.equal(disconnectedAt, world.now);
    world.machine.load(containerInstanceKind.name, old.id, JSON.parse(JSON.stringify(old)));
    assert.equal(must(world.state.instances.get(old.id), "the instance").disconnectedAt, null);
    world.play(600_000);
    world.call("PutLostAgentPolicy", { replaceAfterSeconds: 60 });
    world.play(59_000);
    assert.equal(world.tasksOf().length, 6);
    world.play(6_000);
    assert.equal(elsewhere(world).length, 6);
  });
});
