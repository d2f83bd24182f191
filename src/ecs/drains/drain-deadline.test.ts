import assert from "node:assert/strict";
import { test } from "node:test";
import { images, withImage } from "../services/service-world.ts";
import { DrainWorld } from "./drain-world.ts";

const aWorld = (instances: number): DrainWorld => new DrainWorld("drain-deadline").withInstances(instances);

/** An instance with a standalone task, a task of a service that can't move, a protected one, and a daemon. */
function occupied(): DrainWorld {
  const world = aWorld(1);
  world.runningTask();
  world.steady(2, 100, 101);
  const daemon = { ...withImage(images.healthy), family: "watch" };
  world.aService({ serviceName: "watch", schedulingStrategy: "DAEMON" }, daemon);
  world.untilSteady("watch");
  const [task] = world.tasksOf();
  world.call("UpdateTaskProtection", { tasks: [task?.id], protectionEnabled: true, expiresInMinutes: 2_880 });
  assert.equal(world.on(0).length, 4);
  return world;
}

test("at its deadline a drain stops everything left, whatever kept it", () => {
  const world = occupied();
  const ids = world.on(0).map(({ id }) => id);
  const [drain] = world.startDrain({ deadlineSeconds: 600 }, 0).drains;
  assert.equal(drain?.deadlineAt, world.now + 600_000);
  world.play(599_000);
  assert.ok(world.on(0).every(({ desiredStatus }) => desiredStatus === "RUNNING"));
  world.restart();
  world.play(1_000);
  for (const id of ids) {
    const { desiredStatus, stopCode, stoppedReason } = world.task(id);
    assert.deepEqual(
      [desiredStatus, stopCode, stoppedReason],
      ["STOPPED", "TerminationNotice", "The deadline of the container instance's drain has passed"],
    );
  }
  world.play(5_000);
  assert.deepEqual([world.on(0).length, world.describeDrain()[0]?.finished], [0, true]);
  world.play(60_000);
  assert.equal(world.instance(0).status, "DRAINING");
});

test("tasks stopped by the deadline count as nobody's failure", () => {
  const world = aWorld(2);
  world.steady(2, 100, 101, {
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 101,
      deploymentCircuitBreaker: { enable: true, rollback: false },
    },
  });
  world.startDrain({ deadlineSeconds: 10 }, 0);
  world.untilSteady();
  assert.equal(world.on(1).length, 2);
  assert.equal(world.target().failedTasks, 0);
});

test("StartDrain again sets another deadline, or none", () => {
  const world = aWorld(1);
  const task = world.runningTask();
  const deadline = () => world.describeDrain()[0]?.deadlineAt;
  world.startDrain({ deadlineSeconds: 10 }, 0);
  world.advanceClock(9_000);
  world.startDrain({ deadlineSeconds: 60 }, 0);
  assert.equal(deadline(), world.now + 60_000);
  world.advanceClock(59_000);
  assert.equal(world.task(task.id).desiredStatus, "RUNNING");
  world.startDrain({}, 0);
  assert.equal(deadline(), null);
  world.advanceClock(600_000);
  assert.equal(world.task(task.id).desiredStatus, "RUNNING");
  world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(0)], status: "DRAINING" });
  world.startDrain({ deadlineSeconds: 1 }, 0);
  world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(0)], status: "DRAINING" });
  assert.equal(deadline(), world.now + 1_000, "being there already is no change");
  world.advanceClock(1_000);
  assert.equal(world.task(task.id).desiredStatus, "STOPPED");
});

test("a cancelled drain has no deadline any more, nor does the next one", () => {
  const world = aWorld(1);
  const task = world.runningTask();
  world.startDrain({ deadlineSeconds: 10 }, 0);
  world.advanceClock(5_000);
  world.cancelDrain(0);
  world.drain(0);
  world.advanceClock(60_000);
  assert.equal(world.task(task.id).desiredStatus, "RUNNING");
});

test("a deadline has limits", () => {
  const world = aWorld(1);
  for (const deadlineSeconds of [0, -1, 1.5, 172_801, Number.NaN]) {
    const text = "deadlineSeconds must be between 1 and 172800.";
    const request = { containerInstances: [world.instanceId(0)], deadlineSeconds };
    world.refused("InvalidParameterException", text, "StartDrain", request);
  }
  for (const deadlineSeconds of [1, 172_800]) world.startDrain({ deadlineSeconds }, 0);
});

test("what can't drain, or is unknown, is a failure, and the others drain", () => {
  const world = aWorld(2);
  world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(1) });
  const unknown = "f".repeat(32);
  const containerInstances = [world.instanceId(0), world.instanceId(1), unknown, world.instance(0).arn];
  const { value } = world.call<{ drains: object[]; failures: object[] }>("StartDrain", { containerInstances });
  assert.equal(value.drains.length, 1);
  const detail = "A container instance that is INACTIVE cannot become DRAINING.";
  assert.deepEqual(value.failures, [
    { arn: world.instance(1).arn, reason: "INACTIVE", detail },
    { arn: world.instance(1).arn.replace(world.instanceId(1), unknown), reason: "MISSING" },
  ]);
  for (const operation of ["StartDrain", "CancelDrain", "PlanDrain"]) {
    world.refused("InvalidParameterException", "Container Instances cannot be empty.", operation, {});
  }
});
