import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../documents/task.ts";
import { aCluster, awsvpcDefinition, inSubnet, type SmallWorld } from "../small-world.ts";

type Reply = { protectedTasks: object[]; failures: object[] };

/** A running task of a service, made without a call. */
function serviceTask(world: SmallWorld): Task {
  const { id } = world.runningTask();
  world.changeTask(id, { group: "service:web" });
  return world.task(id);
}
const get = (world: SmallWorld, ...tasks: string[]) => world.call<Reply>("GetTaskProtection", { tasks }).value;
const update = (world: SmallWorld, task: Task, more: object = {}) =>
  world.call<Reply>("UpdateTaskProtection", { tasks: [task.id], protectionEnabled: true, ...more });

test("protection lasts two hours by default, ends by its timer, and makes no event", () => {
  const world = aCluster().withInstances(1);
  const task = serviceTask(world);
  const off = { taskArn: task.arn, protectionEnabled: false, expirationDate: null };
  assert.deepEqual(get(world, task.id), { protectedTasks: [off], failures: [] });
  const expirationDate = world.now + 120 * 60_000;
  const { value, events } = update(world, task);
  const on = { taskArn: task.arn, protectionEnabled: true, expirationDate };
  assert.deepEqual([value, events], [{ protectedTasks: [on], failures: [] }, []]);
  world.restart();
  world.advanceClock(120 * 60_000 - 1);
  assert.deepEqual(get(world, task.arn).protectedTasks, [on]);
  world.now += 1;
  assert.deepEqual(get(world, task.arn).protectedTasks, [off], "though the timer did not come yet");
  const [expired] = world.advanceClock(0);
  assert.deepEqual([expired?.events, world.task(task.id).protectedUntil], [[], null]);
});

test("each call restarts the expiry, and an older timer ends nothing", () => {
  const world = aCluster().withInstances(1);
  const task = serviceTask(world);
  update(world, task, { expiresInMinutes: 1 });
  update(world, task, { expiresInMinutes: 2880 });
  const until = world.now + 2880 * 60_000;
  world.advanceClock(60_000);
  assert.equal(world.task(task.id).protectedUntil, until);
  update(world, task, { expiresInMinutes: 1 });
  assert.equal(world.task(task.id).protectedUntil, world.now + 60_000);
  update(world, task, { protectionEnabled: false });
  assert.equal(world.task(task.id).protectedUntil, null);
});

test("protection ends on time although the task has a later timer of another kind", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  world.changeTask(task.id, { group: "service:web" });
  world.advanceClock(1_000);
  assert.equal(world.task(task.id).lastStatus, "PENDING");
  update(world, task, { expiresInMinutes: 1 });
  world.advanceClock(60_000);
  assert.equal(world.task(task.id).protectedUntil, null);
  world.advanceClock(300_000);
  assert.equal(world.task(task.id).stopCode, "TaskFailedToStart");
});

test("unknown, standalone and stopping tasks are failures, and the others succeed", () => {
  const world = aCluster().withInstances(1);
  const [task, stopping, standalone] = [serviceTask(world), serviceTask(world), world.runningTask()];
  update(world, stopping);
  world.call("StopTask", { task: stopping.id });
  const tasks = ["f".repeat(32), standalone.id, stopping.id, task.id];
  const { value } = world.call<Reply>("UpdateTaskProtection", { tasks, protectionEnabled: true });
  const detail = "Task protection applies to running tasks of a service.";
  assert.deepEqual(value.failures, [
    { arn: task.arn.replace(task.id, "f".repeat(32)), reason: "MISSING" },
    { arn: standalone.arn, reason: "TASK_NOT_VALID", detail },
    { arn: stopping.arn, reason: "TASK_NOT_VALID", detail },
  ]);
  assert.equal(value.protectedTasks.length, 1);
  assert.equal(world.task(standalone.id).protectedUntil, null);
  world.report(stopping.id, "STOPPED");
  assert.equal(world.task(stopping.id).protectedUntil, null);
});

test("the two calls refuse invalid requests", () => {
  const world = aCluster();
  const tasks = ["a"];
  for (const [text, request] of [
    ["protectionEnabled cannot be empty.", { tasks }],
    ["Tasks cannot be empty.", { protectionEnabled: true }],
    ["Tasks cannot be empty.", { protectionEnabled: true, tasks: [] }],
    ["taskIds can have at most 10 items.", { protectionEnabled: true, tasks: Array(11).fill("a") }],
    [/expiresInMinutes must be between 1 and 2880/, { protectionEnabled: true, tasks, expiresInMinutes: 0 }],
    [/expiresInMinutes must be between 1 and 2880/, { protectionEnabled: true, tasks, expiresInMinutes: 2881 }],
  ] as const) {
    world.refused("InvalidParameterException", text, "UpdateTaskProtection", request);
  }
  world.refused("InvalidParameterException", "taskIds can have at most 100 items.", "GetTaskProtection", {
    tasks: Array(101).fill("a"),
  });
});
