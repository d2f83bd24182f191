import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet } from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";

type Shown = { task: { lastStatus: string; desiredStatus: string; stoppedReason: string; version: number } };

test("a running task begins to stop, and releases what it holds when its agent reports STOPPED", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask();
  const { value, effects, events } = world.call<Shown>("StopTask", { task: task.id, reason: "enough" });
  assert.deepEqual([value.task.lastStatus, value.task.desiredStatus], ["STOPPING", "STOPPED"]);
  assert.equal(value.task.stoppedReason, "enough");
  assert.equal(effects[0]?.type, "deliver-tasks");
  assert.equal(world.usage(0).cpu, 128);
  assert.equal(world.usage(0).running, 0);
  assert.deepEqual(
    events.map(({ resources }) => resources[0]),
    [task.arn],
    "the resources of the instance are as they were",
  );
  const stopped = world.report(task.id, "STOPPED");
  const { stopCode, stoppedReason, stoppingAt, stoppedAt } = world.task(task.id);
  assert.deepEqual([stopCode, stoppedReason], ["UserInitiated", "enough"]);
  assert.deepEqual([stoppingAt, stoppedAt], [world.now, world.now]);
  assert.equal(stopped.events.length, 2, "task and instance");
  assert.equal(world.usage(0).cpu, 0);
});

test("without a reason, or with an empty one, the text is ECS's", () => {
  for (const reason of [undefined, ""]) {
    const world = aCluster().withInstances(1);
    const { value } = world.call<Shown>("StopTask", { task: world.runningTask().id, reason });
    assert.equal(value.task.stoppedReason, "Task stopped by user");
  }
});

test("a PENDING task waits for its agent, which gets the order", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const { value, effects } = world.call<Shown>("StopTask", { task: task.arn });
  assert.deepEqual([value.task.lastStatus, value.task.desiredStatus], ["PENDING", "STOPPED"]);
  const [effect] = effects;
  assert.equal(effect?.type === "deliver-tasks" && effect.orders[0]?.task.desiredStatus, "STOPPED");
  world.report(task.id, "STOPPED", { reason: "TaskStateError: Agent could not progress task's state to stopped" });
  assert.deepEqual([world.task(task.id).stopCode, world.task(task.id).lastStatus], ["UserInitiated", "STOPPED"]);
  assert.equal(world.task(task.id).stoppedReason, "Task stopped by user");
});

test("while its agent is away a running task stays RUNNING, and begins to stop when the agent is back", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask();
  world.agent({ type: "agent-disconnected", instanceId: world.instanceId(0) });
  const { value, effects } = world.call<Shown>("StopTask", { task: task.id });
  assert.deepEqual([value.task.lastStatus, value.task.desiredStatus, effects], ["RUNNING", "STOPPED", []]);
  const versions = { agentVersion: null, agentHash: null, dockerVersion: null };
  const back = world.agent({
    type: "agent-connected",
    isNewProcess: true,
    instanceId: world.instanceId(0),
    ...versions,
  });
  assert.equal(world.task(task.id).lastStatus, "STOPPING");
  assert.deepEqual(
    back.effects.map(({ type }) => type),
    ["deliver-tasks", "deliver-manifest"],
  );
});

test("stopping again changes nothing, and the first reason counts", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask();
  world.call("StopTask", { task: task.id, reason: "one" });
  for (const status of ["STOPPING", "STOPPED"]) {
    const { value, documents, effects } = world.call<Shown>("StopTask", { task: task.id, reason: "two" });
    assert.deepEqual([value.task.lastStatus, value.task.stoppedReason], [status, "one"]);
    assert.deepEqual([documents, effects], [[], []]);
    world.report(task.id, "STOPPED");
  }
});

test("StopTask refuses invalid requests", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  for (const [text, request] of [
    ["Task cannot be empty.", {}],
    ["The referenced task was not found.", { task: "f".repeat(32) }],
    [
      "Invalid identifier: Identifier is for cluster other. Your cluster is lab",
      { task: task.arn.replace("/lab/", "/other/") },
    ],
    ["reason must be at most 1024 characters long.", { task: task.id, reason: "x".repeat(1025) }],
  ] as const) {
    world.refused("InvalidParameterException", text, "StopTask", request);
  }
  world.call("StopTask", { task: task.id, reason: "x".repeat(1024) });
});

test("a forced deregistration stops all tasks of the instance at once and releases what they hold", () => {
  const world = aCluster().withInstances(2, { cpu: 4096, memoryMiB: 4096 });
  const fixed = aDefinition({ containers: [{ portMappings: [{ containerPort: 80, hostPort: 80 }] }] });
  const start = (definition = aDefinition(), more: object = {}) =>
    world.call("StartTask", { containerInstances: [world.instanceId(0)], ...more }, definition);
  start();
  start(fixed);
  start(awsvpcDefinition(), inSubnet);
  const ids = world.state.taskIds.after(null);
  const [first = ""] = ids;
  world.report(first, "RUNNING");
  world.call("StopTask", { task: ids[1], reason: "mine" });
  world.refused("InvalidParameterException", "Found running tasks on the instance.", "DeregisterContainerInstance", {
    containerInstance: world.instanceId(0),
  });
  const { events, effects } = world.call("DeregisterContainerInstance", {
    containerInstance: world.instanceId(0),
    force: true,
  });
  assert.equal(world.instance(0).status, "INACTIVE");
  for (const id of ids) {
    const { lastStatus, stoppedReason, attachments, stoppedAt, stopCode } = world.task(id);
    assert.deepEqual([lastStatus, stoppedAt, stopCode], ["STOPPED", world.now, "UserInitiated"]);
    assert.equal(stoppedReason, id === ids[1] ? "mine" : "Container instance deregistration forced by user");
    for (const { status } of attachments) assert.equal(status, "DELETED");
  }
  assert.equal(events.length, 4, "three tasks and one instance");
  assert.deepEqual(world.usage(0).taskIds, new Set());
  assert.deepEqual(
    effects.map(({ type }) => type),
    ["turn-away"],
  );
  assert.deepEqual(world.report(first, "STOPPED").documents, [], "what its agent says later is too late");
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs);
  assert.equal(world.state.tasks.size, 0);
});

test("a stopping task prevents its instance's deregistration", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask();
  world.call("StopTask", { task: task.id });
  const request = { containerInstance: world.instanceId(0) };
  const text = "Found running tasks on the instance.";
  world.refused("InvalidParameterException", text, "DeregisterContainerInstance", request);
  world.report(task.id, "STOPPED");
  world.call("DeregisterContainerInstance", request);
});
