import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../../lib/assert.ts";
import { images, withImage } from "../services/service-world.ts";
import type { DrainProgress } from "./drain-progress.ts";
import { DrainWorld } from "./drain-world.ts";

const aWorld = (instances: number, tasksEach = 8): DrainWorld =>
  new DrainWorld("describe-drain").withInstances(instances, { memoryMiB: tasksEach * 256 });

const one = (drains: readonly DrainProgress[]): DrainProgress => {
  assert.equal(drains.length, 1);
  return must(drains[0], "the drain");
};

const reasonsOf = ({ remaining }: DrainProgress): (string | null)[] => remaining.map(({ reason }) => reason);

/** Each blocker's reason and age in seconds. */
const blockersOf = (world: DrainWorld): [string, number][] =>
  one(world.describeDrain()).blockers.map(({ reason, since }) => [reason, (world.now - since) / 1_000]);

describe("what keeps a task on a draining instance", () => {
  test("it is standalone", () => {
    const world = aWorld(1);
    const task = world.runningTask();
    world.drain(0);
    world.advanceClock(9_000);
    const { blockers, remaining, finished, tasksRemaining } = one(world.describeDrain());
    assert.deepEqual(blockers, [
      {
        taskArn: task.arn,
        service: null,
        reason: "STANDALONE",
        detail: "It belongs to no service: it leaves when it ends or is stopped.",
        since: world.now - 9_000,
      },
    ]);
    assert.deepEqual([finished, tasksRemaining, remaining.length], [false, 1, 1]);
    world.call("StopTask", { task: task.id });
    assert.deepEqual(reasonsOf(one(world.describeDrain())), ["STOPPING"]);
    assert.deepEqual(blockersOf(world), []);
    world.report(task.id, "STOPPED");
    const over = one(world.describeDrain());
    assert.deepEqual([over.finished, over.tasksRemaining, over.tasksAtStart], [true, 0, 1]);
  });

  test("it is protected, and not any more once that expires", () => {
    const world = aWorld(2);
    world.steady(2);
    const [task] = world.on(0);
    world.call("UpdateTaskProtection", { tasks: [task?.id], protectionEnabled: true, expiresInMinutes: 1 });
    world.drain(0);
    world.play(20_000);
    assert.deepEqual(blockersOf(world), [["PROTECTED", 20]]);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.match(blocker?.detail ?? "", /^It is protected from scale-in until 1970-01-01T00:\d\d:\d\d\.\d+Z\.$/);
    world.play(60_000);
    assert.equal(one(world.describeDrain()).finished, true);
  });

  test("the percentages let nothing move; the detail gives percentages that would", () => {
    for (const change of ["maximumPercent", "minimumHealthyPercent"]) {
      const world = aWorld(3);
      world.steady(3, 100, 101);
      world.drain(0);
      world.play(20_000);
      const [blocker] = one(world.describeDrain()).blockers;
      assert.equal(blocker?.reason, "PERCENTAGES");
      assert.equal(
        blocker.detail,
        "With 3 wanted, minimumHealthyPercent 100 and maximumPercent 101 keep at least 3 and at most 3 tasks: no task can start or stop. A maximumPercent of 134 or a minimumHealthyPercent of 66 would let it leave.",
      );
      // The look that noticed it came with the next timer.
      assert.ok(world.now - blocker.since >= 18_000 && world.now - blocker.since <= 20_000);
      const value = Number(new RegExp(`${change} of (\\d+)`).exec(blocker.detail)?.[1]);
      const before = world.service().deploymentConfiguration;
      const { minimumHealthyPercent, maximumPercent } = before;
      world.updateService({ deploymentConfiguration: { minimumHealthyPercent, maximumPercent, [change]: value } });
      world.play(20_000);
      assert.equal(one(world.describeDrain()).finished, true, change);
    }
  });

  test("there is no room for its replacement, in the service's own words", () => {
    const world = aWorld(2, 1);
    world.steady(2);
    world.drain(0);
    world.play(90_000);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.equal(blocker?.reason, "NO_PLACE");
    assert.match(blocker.detail, /^The service was unable to place a task .* has insufficient memory available\./);
    assert.ok(world.now - blocker.since > 85_000, "since the first attempt");
    world.withInstances(1);
    world.play(20_000);
    assert.equal(one(world.describeDrain()).finished, true);
  });

  test("replacements do not start", () => {
    const world = aWorld(2);
    world.steady(2);
    world.updateService({}, withImage(images.failing, 2));
    world.play(200_000, () => world.target().startBackoff.until !== null);
    world.drain(0);
    world.play(5_000);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.equal(blocker?.reason, "TASKS_DO_NOT_START");
    assert.match(blocker.detail, /^The service is unable to consistently start tasks successfully\./);
  });

  test("its deployment failed", () => {
    const world = aWorld(2);
    world.steady(2, 100, 200, {
      deploymentConfiguration: {
        minimumHealthyPercent: 100,
        maximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: false },
      },
    });
    world.updateService({}, withImage(images.failing, 2));
    world.untilRollout("FAILED");
    world.drain(0);
    world.play(5_000);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.equal(blocker?.reason, "DEPLOYMENT_FAILED");
    assert.match(blocker.detail, /^A failed deployment replaces no tasks: ECS deployment circuit breaker/);
  });

  test("its agent is away, so nobody knows whether it stopped", () => {
    const world = aWorld(3);
    world.steady(3);
    world.drain(0);
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(0) });
    world.play(30_000);
    assert.equal(world.running().length, 3, "replaced elsewhere");
    const [[reason, seconds] = ["", 0]] = blockersOf(world);
    assert.equal(reason, "AGENT_DISCONNECTED");
    assert.ok(seconds >= 27 && seconds <= 30, String(seconds));
  });

  test("its replacement's agent is away", () => {
    const world = aWorld(2);
    world.steady(2);
    world.drain(0);
    world.advanceClock(1_000);
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(1) });
    world.play(30_000);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.equal(blocker?.reason, "AGENT_DISCONNECTED");
    assert.match(blocker.detail, /^It waits for \(task \w+\) to be healthy, but the agent of \(container-instance /);
  });

  test("its replacement waits for its provider's capacity", () => {
    const world = new DrainWorld("describe-drain");
    world.cluster = { ...world.cluster, capacityProviders: ["spot"] };
    world.withInstances(2, { memoryMiB: 256, capacityProviderName: "spot" });
    world.steady(2, 100, 200, { capacityProviderStrategy: [{ capacityProvider: "spot", weight: 1 }] });
    const planned = world.plan(0);
    assert.deepEqual([planned.moves.length, planned.blockers[0]?.reason, planned.finishes], [0, "NO_PLACE", false]);
    world.drain(0);
    world.play(30_000);
    const [blocker] = one(world.describeDrain()).blockers;
    assert.equal(blocker?.reason, "NO_PLACE");
    assert.match(blocker.detail, /^Its replacement \(task \w+\) waits for capacity of the capacity provider spot\.$/);
    world.withInstances(1, { capacityProviderName: "spot" });
    world.play(120_000);
    assert.equal(one(world.describeDrain()).finished, true);
  });

  test("another task of its service must go first, and its agent may be away", () => {
    const world = aWorld(3);
    world.steady(3, 66, 100);
    world.drain(0, 1);
    world.advanceClock(1_000);
    const reasons = () => world.describeDrain().flatMap(({ remaining }) => remaining.map(({ reason }) => reason));
    assert.deepEqual(reasons().sort(), ["ROOM_BECOMES_FREE", "STOPPING"]);
    const stopping = world.on(0)[0]?.desiredStatus === "STOPPED" ? 0 : 1;
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(stopping) });
    world.play(60_000);
    assert.deepEqual(reasons(), ["AGENT_DISCONNECTED", "AGENT_DISCONNECTED"]);
    const details = world.describeDrain().flatMap(({ blockers }) => blockers.map(({ detail }) => detail));
    assert.ok(details.some((detail) => /^It waits for \(task \w+\) to be gone, but the agent of/.test(detail)));
  });

  test("what resolves by itself isn't a blocker", () => {
    const world = aWorld(2);
    world.steady(2);
    world.drain(0);
    assert.deepEqual(reasonsOf(one(world.describeDrain())), ["REPLACEMENT_STARTS"]);
    world.advanceClock(1_000);
    assert.deepEqual(reasonsOf(one(world.describeDrain())), ["REPLACEMENT_NOT_HEALTHY"]);
    assert.deepEqual(blockersOf(world), []);
    world.play(1_000);
    world.advanceClock(1_000);
    assert.deepEqual(reasonsOf(one(world.describeDrain())), ["STOPPING"]);
    assert.deepEqual(blockersOf(world), []);
  });

  test("a daemon waits for the other tasks", () => {
    const world = aWorld(1);
    world.aService({ schedulingStrategy: "DAEMON" }, withImage(images.healthy));
    world.untilSteady();
    const task = world.runningTask();
    world.drain(0);
    world.play(5_000);
    const { remaining, blockers } = one(world.describeDrain());
    const ofDaemon = remaining.find(({ service }) => service === "web");
    assert.equal(ofDaemon?.reason, "DAEMON_LAST");
    assert.equal(ofDaemon.detail, "Daemons leave last: 1 other task is still there.");
    assert.deepEqual(
      blockers.map(({ taskArn }) => taskArn),
      [task.arn],
    );
  });
});

describe("DescribeDrain", () => {
  test("describes all draining instances without a list, otherwise whatever is named", () => {
    const world = aWorld(4);
    world.drain(2);
    world.drain(1);
    const named = (drains: readonly DrainProgress[]) =>
      drains.map(({ ec2InstanceId, status, finished, startedAt }) => [ec2InstanceId, status, finished, startedAt]);
    assert.deepEqual(named(world.describeDrain()), [
      [world.instance(1).ec2InstanceId, "DRAINING", true, world.now],
      [world.instance(2).ec2InstanceId, "DRAINING", true, world.now],
    ]);
    const references = [world.instance(3).arn, world.instanceId(1), world.instance(1).arn];
    assert.deepEqual(named(world.describeDrain({ containerInstances: references })), [
      [world.instance(3).ec2InstanceId, "ACTIVE", false, null],
      [world.instance(1).ec2InstanceId, "DRAINING", true, world.now],
    ]);
    const { value } = world.call("DescribeDrain", { containerInstances: ["f".repeat(32)] });
    const arn = `arn:aws:ecs:eu-central-1:111122223333:container-instance/lab/${"f".repeat(32)}`;
    assert.deepEqual(value, { drains: [], failures: [{ arn, reason: "MISSING" }] });
  });

  test("limits its list, and its reply without one", () => {
    const world = aWorld(101);
    const all = Array.from({ length: 101 }, (_, index) => world.instanceId(index));
    const text = "instanceIds can have at most 100 items.";
    for (const operation of ["DescribeDrain", "StartDrain", "CancelDrain", "PlanDrain"]) {
      world.refused("InvalidParameterException", text, operation, { containerInstances: all });
    }
    world.call("StartDrain", { containerInstances: all.slice(1) });
    assert.equal(world.describeDrain().length, 100);
    world.call("StartDrain", { containerInstances: all.slice(0, 1) });
    const many = "More than 100 container instances are draining: name the ones you mean.";
    world.refused("InvalidParameterException", many, "DescribeDrain", {});
  });

  test("describes instances that began to drain before there were drain documents", () => {
    const world = aWorld(2);
    world.runningTask();
    const index = world.on(0).length > 0 ? 0 : 1;
    world.changeInstance(index, { status: "DRAINING", statusSince: world.now });
    world.restart();
    world.advanceClock(5_000);
    const { startedAt, tasksAtStart, deadlineAt, blockers } = one(world.describeDrain());
    assert.deepEqual([startedAt, tasksAtStart, deadlineAt], [world.now - 5_000, 1, null]);
    assert.equal(blockers[0]?.since, world.now - 5_000);
    const { drains } = world.startDrain({ deadlineSeconds: 60 }, index);
    assert.deepEqual([drains[0]?.startedAt, drains[0]?.deadlineAt], [world.now - 5_000, world.now + 60_000]);
    world.cancelDrain(index);
    assert.equal(world.instance(index).status, "ACTIVE");
  });
});
