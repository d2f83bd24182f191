import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet, type SmallWorld } from "../small-world.ts";
import type { HostEffect } from "../state/effect.ts";

const connect = (world: SmallWorld) =>
  world.agent({
    type: "agent-connected",
    isNewProcess: true,
    instanceId: world.instanceId(0),
    agentVersion: "1.96.0",
    agentHash: null,
    dockerVersion: null,
  });

test("an agent that connects gets its tasks and the manifest, sorted by id", () => {
  const world = aCluster().withInstances(1, { cpu: 8192, memoryMiB: 8192 });
  const pending = world.runTask();
  const running = world.runningTask();
  const over = world.runningTask();
  world.report(over.id, "STOPPED");
  const provisioning = world.runTask(awsvpcDefinition(), inSubnet);
  const stopping = world.runningTask();
  world.call("StopTask", { task: stopping.id });
  assert.equal(world.task(provisioning.id).lastStatus, "PROVISIONING");
  const expected = [pending, running, stopping].sort((a, b) => (a.id < b.id ? -1 : 1));
  const { effects } = connect(world);
  const [orders, manifest] = effects;
  assert.deepEqual(
    orders?.type === "deliver-tasks" && orders.orders.map(({ task }) => task.id),
    expected.map(({ id }) => id),
  );
  assert.deepEqual(orders?.type === "deliver-tasks" && orders.orders[0]?.definition, aDefinition());
  assert.deepEqual(manifest, {
    type: "deliver-manifest",
    instanceId: world.instanceId(0),
    sequence: (orders?.type === "deliver-tasks" ? orders.sequence : 0) + 1,
    tasks: expected.map(({ id, arn }) => ({ arn, desiredStatus: world.task(id).desiredStatus })),
  });
});

test("an agent without tasks gets an empty manifest", () => {
  const world = aCluster().withInstances(1, { agentConnected: false });
  assert.deepEqual(connect(world).effects, [
    { type: "deliver-manifest", instanceId: world.instanceId(0), sequence: world.now + 1, tasks: [] },
  ]);
});

test("a task goes to its agent when that is back, even after a restart", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  world.agent({ type: "agent-disconnected", instanceId: world.instanceId(0) });
  const [made] = world.advanceClock(1_000);
  assert.deepEqual([world.task(task.id).lastStatus, made?.effects], ["PENDING", []]);
  world.restart();
  const [effect] = connect(world).effects;
  assert.equal(effect?.type === "deliver-tasks" && effect.orders[0]?.task.id, task.id);
});

test("a PENDING task that should stop while its agent was away stays as it is, and isn't announced again", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  world.agent({ type: "agent-disconnected", instanceId: world.instanceId(0) });
  world.call("StopTask", { task: task.id });
  const { events, effects } = connect(world);
  assert.deepEqual(
    events.map(({ resources }) => resources[0]),
    [world.instance(0).arn],
  );
  const [effect] = effects;
  assert.equal(effect?.type === "deliver-tasks" && effect.orders[0]?.task.desiredStatus, "STOPPED");
});

test("of the tasks that an agent asks about, those that don't belong to it must stop", () => {
  const world = aCluster().withInstances(2);
  const start = (index: number) => {
    const { value } = world.call<{ tasks: { taskArn: string }[] }>(
      "StartTask",
      { containerInstances: [world.instanceId(index)] },
      aDefinition(),
    );
    return value.tasks[0]?.taskArn ?? "";
  };
  const [mine, others, stopped] = [start(0), start(1), start(0)];
  world.report(stopped.slice(-32), "STOPPED");
  const unknown = mine.replace(mine.slice(-32), "f".repeat(32));
  const ask = (...taskArns: string[]) =>
    world.agent({ type: "stop-candidates", instanceId: world.instanceId(0), messageId: "m", taskArns }).effects;
  assert.deepEqual(ask(mine, others, stopped, unknown, "nonsense"), [
    {
      type: "confirm-stops",
      instanceId: world.instanceId(0),
      messageId: "m",
      taskArns: [others, stopped, unknown, "nonsense"],
    },
  ]);
  assert.deepEqual(ask(mine), []);
  world.call("StopTask", { task: mine });
  assert.equal(ask(mine).length, 1);
});

test("messages to an agent have one rising sequence, which is stored and changes no version", () => {
  const world = aCluster().withInstances(2);
  const numbers: number[] = [];
  const note = (effects: readonly HostEffect[]): void => {
    for (const effect of effects) {
      if (effect.instanceId === world.instanceId(0) && "sequence" in effect) numbers.push(effect.sequence);
    }
  };
  const version = world.instance(0).version;
  note(connect(world).effects);
  note(world.call("StartTask", { containerInstances: [world.instanceId(0)] }, aDefinition()).effects);
  world.restart();
  // A clock that was set back.
  world.now -= 500_000;
  note(connect(world).effects);
  const [first = 0] = numbers;
  assert.ok(first > 1_000_000, "above every number that was made of the clock before");
  assert.deepEqual(numbers, [first, first + 1, first + 2, first + 3]);
  assert.equal(world.state.agentSequences.get(world.instanceId(0))?.last, first + 3);
  assert.equal(world.state.agentSequences.get(world.instanceId(1)), undefined);
  assert.ok(world.instance(0).version > version, "the task has changed it");
  const { events } = connect(world);
  assert.deepEqual(events, []);
});
