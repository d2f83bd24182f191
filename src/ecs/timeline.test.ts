import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterMachine } from "./machine/cluster-machine.ts";
import { aCluster, aDefinition } from "./small-world.ts";
import { ecsTimeline, retentionNames, scaledTimeline } from "./timeline.ts";

test("a scale of 1 is ECS's own timeline", () => {
  assert.deepEqual(scaledTimeline(1), ecsTimeline);
});

test("a scale divides times, in whole milliseconds", () => {
  const { healthyHoldMs, startBackoffMaxMs } = scaledTimeline(20);
  assert.deepEqual([healthyHoldMs, startBackoffMaxMs], [2_000, 81_000]);
  assert.equal(scaledTimeline(1.5).healthyHoldMs, 26_667);
});

test("a scale never shortens how long finished things can be described", () => {
  // Every time whose name says that something is kept, so a new one isn't forgotten.
  const kept = Object.keys(ecsTimeline).filter((name) => /Retention|History/.test(name));
  assert.deepEqual(kept.toSorted(), [...retentionNames].sort());
  for (const scale of [1.5, 20, 3_600]) {
    const timeline = scaledTimeline(scale);
    for (const name of retentionNames) assert.equal(timeline[name], ecsTimeline[name], `${name} at ${scale}`);
  }
});

test("no time becomes zero, and agents keep the time they need to confirm an interface and start a task", () => {
  const timeline = scaledTimeline(3_600);
  assert.equal(timeline.networkInterfaceMs, 1);
  assert.equal(timeline.attachmentTimeoutMs, 5_000);
  assert.equal(timeline.startTimeoutMs, 3_000);
  assert.equal(scaledTimeline(2).attachmentTimeoutMs, 150_000);
});

test("a machine follows the timeline it was configured with", () => {
  const world = aCluster();
  world.machine = new ClusterMachine(world.state.place, world.state.name, {
    ...world.state.configuration,
    timeline: { ...scaledTimeline(3_600), stoppedTaskRetentionMs: 1_000 },
  });
  world.withInstances(1);
  const task = world.runTask(aDefinition());
  world.call("StopTask", { task: task.id });
  world.report(task.id, "STOPPED");
  assert.equal(world.task(task.id).lastStatus, "STOPPED");
  assert.equal(world.machine.nextDueAt(), world.now + 1_000);
  world.advanceClock(999);
  assert.equal(world.state.tasks.size, 1);
  world.advanceClock(1);
  assert.equal(world.state.tasks.size, 0);
});
