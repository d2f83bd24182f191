import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { images, withImage } from "../services/service-world.ts";
import { aDefinition } from "../small-world.ts";
import { DrainWorld } from "./drain-world.ts";

/** Instances with room for this many tasks of the usual definition each. */
const aWorld = (instances: number, tasksEach = 8): DrainWorld =>
  new DrainWorld("drain-table").withInstances(instances, { memoryMiB: tasksEach * 256 });

const daemon = (world: DrainWorld): void => {
  const definition = { ...withImage(images.healthy), family: "watch", arn: withImage("x").arn.replace("web", "watch") };
  world.aService({ serviceName: "watch", schedulingStrategy: "DAEMON" }, definition);
  world.untilSteady("watch");
};

describe("what a drain does to each kind of task", () => {
  test("a service's PENDING task stops at once, and another starts elsewhere", () => {
    const world = aWorld(2);
    world.aService({ desiredCount: 2, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 101 } });
    world.advanceClock(1_000);
    const [pending] = world.on(0);
    assert.equal(pending?.lastStatus, "PENDING");
    world.drain(0);
    world.advanceClock(1_000);
    const task = world.task(pending.id);
    assert.deepEqual([task.desiredStatus, task.stopCode], ["STOPPED", "ServiceSchedulerInitiated"]);
    world.report(task.id, "STOPPED");
    world.advanceClock(2_000);
    assert.equal(world.on(1).length, 2);
    assert.ok(world.told().includes("(service web) stopped 1 pending tasks."));
  });

  test("without room for another task, the service says so once", () => {
    const world = aWorld(2, 1);
    world.aService({ desiredCount: 2 });
    world.advanceClock(1_000);
    world.drain(0);
    world.play(600_000);
    assert.equal(world.on(0).length, 0);
    assert.equal(world.told().filter((line) => line.includes("was unable to place a task")).length, 1);
  });

  test("with a minimum below 100, RUNNING ones stop first, down to the minimum", () => {
    const world = aWorld(2, 2);
    world.steady(4, 75, 100);
    world.withInstances(1, { memoryMiB: 512 });
    let fewest = 4;
    world.watch = () => {
      fewest = Math.min(fewest, world.running().length);
      assert.ok(world.running().length >= 3, "never below the minimum");
      assert.ok(world.tasksOf().length <= 4, "never above the maximum");
    };
    world.drain(0);
    assert.ok(world.play(600_000, () => world.on(0).length === 0) < 600_000);
    assert.equal(fewest, 3);
    world.play(10_000);
    assert.equal(world.running().length, 4);
    assert.equal(world.on(2).length, 2);
  });

  test("with a minimum of 100 and a maximum above, others are healthy before RUNNING ones stop", () => {
    const world = aWorld(3);
    world.steady(6, 100, 150);
    let most = 0;
    world.watch = () => {
      most = Math.max(most, world.tasksOf().length);
      assert.ok(world.running().length >= 6, "never below the minimum");
      assert.ok(world.tasksOf().length <= 9, "never above the maximum");
    };
    world.drain(0, 1);
    assert.ok(world.play(600_000, () => world.on(0).length + world.on(1).length === 0) < 600_000);
    assert.equal(most, 9);
    assert.equal(world.on(2).length, 6);
  });

  test("with 100 and 100 nothing moves until the percentages change", () => {
    const world = aWorld(2);
    world.steady(2, 100, 101);
    const [kept] = world.on(0);
    world.drain(0);
    world.play(3_600_000);
    assert.deepEqual(world.on(0), [kept]);
    const line =
      /was unable to stop or start tasks during a deployment because of the service deployment configuration/;
    assert.equal(world.told().filter((told) => line.test(told)).length, 1);
    world.updateService({ deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 } });
    assert.ok(world.play(60_000, () => world.on(0).length === 0) < 60_000);
    assert.equal(world.on(1).length, 2);
  });

  test("a daemon's task stops when the others are gone, and isn't replaced", () => {
    const world = aWorld(2);
    world.steady(4);
    daemon(world);
    world.watch = () => {
      const groups = world.on(0).map(({ group, desiredStatus }) => `${group} ${desiredStatus}`);
      const others = groups.some((group) => group.startsWith("service:web"));
      if (others) assert.ok(groups.includes("service:watch RUNNING"), "the daemon is the last");
    };
    world.drain(0);
    assert.ok(world.play(600_000, () => world.on(0).length === 0) < 600_000);
    world.play(10_000);
    assert.equal(world.service("watch").desiredCount, 1);
    assert.deepEqual(
      world
        .on(1)
        .map(({ group }) => group)
        .sort(),
      [...Array(1).fill("service:watch"), ...Array(4).fill("service:web")],
    );
  });

  test("a standalone task stays, PENDING or RUNNING, and daemons stay until it ends", () => {
    const world = aWorld(1);
    daemon(world);
    const running = world.runningTask();
    const pending = world.runTask();
    world.drain(0);
    world.advanceClock(600_000);
    assert.equal(world.task(running.id).desiredStatus, "RUNNING");
    assert.deepEqual([world.task(pending.id).lastStatus, world.task(pending.id).desiredStatus], ["PENDING", "RUNNING"]);
    assert.equal(world.on(0).length, 3);
    for (const { id } of [running, pending]) world.call("StopTask", { task: id });
    assert.ok(world.play(60_000, () => world.on(0).length === 0) < 60_000);
  });

  test("a protected task stays until its protection ends", () => {
    const world = aWorld(2);
    world.steady(2);
    const [task] = world.on(0);
    world.call("UpdateTaskProtection", { tasks: [task?.id], protectionEnabled: true, expiresInMinutes: 30 });
    world.drain(0);
    const played = world.play(3_600_000, () => world.on(0).length === 0);
    assert.ok(played >= 1_800_000 && played < 1_810_000, String(played));
  });

  test("nothing is placed on a draining instance", () => {
    const world = aWorld(2);
    world.drain(0);
    world.runTasks(aDefinition(), { count: 8 });
    assert.deepEqual([world.on(0).length, world.on(1).length], [0, 8]);
  });
});

describe("cancelling a drain", () => {
  test("a drain can be cancelled at any time, and the service becomes steady with the tasks it wants", () => {
    for (let seconds = 0; seconds < 8; seconds++) {
      const world = aWorld(3, 4);
      world.steady(6, 50, 150);
      world.drain(0);
      world.play(seconds * 1_000);
      assert.deepEqual(world.cancelDrain(0), { containerInstances: [world.instance(0).arn], failures: [] });
      assert.equal(world.state.drains.size, 0);
      world.untilSteady();
      assert.equal(world.running().length, 6, `after ${seconds} s`);
      assert.deepEqual(world.describeDrain(), []);
    }
  });

  test("what had not moved stays where it is", () => {
    const world = aWorld(2);
    world.steady(4, 100, 101);
    const before = world.on(0);
    world.drain(0);
    world.play(60_000);
    world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(0)], status: "ACTIVE" });
    world.untilSteady();
    assert.deepEqual(world.on(0), before);
    assert.equal(world.state.drains.size, 0);
  });

  test("tasks of a deregistered instance are replaced elsewhere, and its drain is forgotten", () => {
    const world = aWorld(3);
    world.steady(6);
    world.startDrain({ deadlineSeconds: 600 }, 0);
    world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(0), force: true });
    assert.equal(world.state.drains.size, 0);
    assert.equal(world.running().length, 4);
    world.untilSteady();
    assert.deepEqual([world.on(0).length, world.running().length], [0, 6]);
  });
});
