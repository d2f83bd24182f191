import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet } from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";
import { dueInAccount, dueInCluster, runDue } from "./due.ts";

test("exactly the kinds of documents that can be due have a row that says what happens then", () => {
  const account = new SmallAccount().machine.state;
  for (const [{ tables }, rows] of [[aCluster().state, dueInCluster] as const, [account, dueInAccount] as const]) {
    const kinds = tables.all.filter(({ kind }) => kind.dueAt !== undefined).map(({ kind }) => kind.name);
    assert.deepEqual([...rows.keys()].sort(), kinds.sort());
  }
});

test("a step does at most 500 due things; the rest is due at once in the next", () => {
  const world = aCluster().withInstances(1, { cpu: 200_000, memoryMiB: 200_000, instanceType: null });
  const definition = aDefinition({ family: "vpc", networkMode: "awsvpc", containers: [{ memory: 4, cpu: 0 }] });
  for (let call = 0; call < 51; call++) world.runTasks(definition, { count: 10, ...inSubnet });
  world.now += ecsTimeline.networkInterfaceMs;
  const pending = () => world.state.pendingByLaunchType.get("EC2") ?? 0;
  world.step({ type: "timer" });
  assert.equal(pending(), 500);
  assert.ok((world.machine.nextDueAt() ?? Number.POSITIVE_INFINITY) <= world.now);
  world.step({ type: "timer" });
  assert.equal(pending(), 510);
  assert.ok((world.machine.nextDueAt() ?? 0) > world.now);
});

test("nothing happens before its time", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  world.now += ecsTimeline.networkInterfaceMs - 1;
  assert.deepEqual(world.step({ type: "timer" }).documents, []);
  assert.equal(world.machine.nextDueAt(), task.createdAt + ecsTimeline.networkInterfaceMs);
});

test("a failed step keeps what was due", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  world.now += ecsTimeline.networkInterfaceMs;
  assert.throws(
    () =>
      world.run((step) => {
        runDue(step);
        assert.equal(step.state.tasks.get(task.id)?.lastStatus, "PENDING");
        throw new Error("a bug");
      }),
    /a bug/,
  );
  assert.equal(world.task(task.id).lastStatus, "PROVISIONING");
  world.step({ type: "timer" });
  assert.equal(world.task(task.id).lastStatus, "PENDING");
});

test("an entry that a failed step removed before it changed anything is still due", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  const dueAt = world.machine.nextDueAt();
  world.now += ecsTimeline.networkInterfaceMs;
  assert.throws(
    () =>
      world.run((step) => {
        assert.equal(step.state.due.take(world.now)?.key, task.id);
        throw new Error("a bug");
      }),
    /a bug/,
  );
  assert.equal(world.machine.nextDueAt(), dueAt);
});

test("if the clock jumps ahead, everything due is done in order", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  world.call("StopTask", { task: task.id });
  world.now += 10 * ecsTimeline.stoppedTaskRetentionMs;
  world.step({ type: "timer" });
  assert.equal(world.task(task.id).lastStatus, "STOPPED");
  assert.equal(world.task(task.id).stoppedAt, world.now);
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs);
  assert.equal(world.state.tasks.size, 0);
  assert.equal(world.state.revisions.size, 0);
  assert.equal(world.machine.nextDueAt(), null);
});
