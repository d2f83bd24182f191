import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { images, withImage } from "../services/service-world.ts";
import { inSubnet } from "../small-world.ts";
import { documentsOf } from "../step-rules.ts";
import { DrainWorld } from "./drain-world.ts";
import { drainPlan } from "./plan-drain.ts";

const aWorld = (instances: number, tasksEach = 8): DrainWorld =>
  new DrainWorld("plan-drain").withInstances(instances, { memoryMiB: tasksEach * 256 });

const daemonDefinition = { ...withImage(images.healthy), family: "watch" };

describe("a plan says", () => {
  test("which tasks move where, and that replacements become healthy first", () => {
    const world = aWorld(3);
    world.steady(6);
    const [a, b, c] = [0, 1, 2].map((index) => world.instance(index).arn);
    const leaving = world.on(0).map(({ arn }) => arn);
    const { moves, ...rest } = world.plan(0);
    assert.deepEqual(rest, { containerInstances: [a], stops: [], blockers: [], stays: [], finishes: true });
    assert.deepEqual(moves.map(({ taskArn }) => taskArn).sort(), leaving);
    assert.ok(moves.every((move) => move.startsFirst && move.service === "web" && move.fromContainerInstanceArn === a));
    assert.deepEqual(moves.map((move) => move.toContainerInstanceArn).sort(), [b, c], "spread over both");
  });

  test("that tasks stop first if the maximum leaves no room", () => {
    const world = aWorld(2);
    world.steady(2, 50, 100);
    const { moves, finishes } = world.plan(0);
    assert.deepEqual([moves.length, moves[0]?.startsFirst, finishes], [1, false, true]);
  });

  test("that nothing moves at 100 and 100, and what would help", () => {
    const world = aWorld(2);
    world.steady(2, 100, 101);
    const { moves, blockers, finishes } = world.plan(0);
    assert.deepEqual([moves.length, blockers.length, finishes], [0, 1, false]);
    assert.equal(blockers[0]?.reason, "PERCENTAGES");
    assert.match(blockers[0].detail, /maximumPercent of 150 or a minimumHealthyPercent of 50 would let it leave/);
  });

  test("how far the room is enough: what moves, what doesn't, and why", () => {
    const world = aWorld(3, 2);
    world.steady(5);
    const full = [0, 1, 2].filter((index) => world.on(index).length === 2);
    const { moves, blockers, finishes } = world.plan(full[0] ?? 0);
    assert.deepEqual([moves.length, blockers.length, finishes], [1, 1, false]);
    assert.equal(blockers[0]?.reason, "NO_PLACE");
    assert.match(blockers[0].detail, /The service was unable to place a task.*insufficient memory/);
  });

  test("that a task stops without a replacement if there is no room and the minimum allows it", () => {
    const world = aWorld(2, 1);
    world.steady(2, 0, 100);
    const { moves, stops, finishes } = world.plan(0);
    assert.deepEqual([moves.length, stops.length, stops[0]?.reason, finishes], [0, 1, "NO_PLACE", true]);
  });

  test("that daemons stop last and standalone tasks stay", () => {
    const world = aWorld(2);
    world.aService({ serviceName: "watch", schedulingStrategy: "DAEMON" }, daemonDefinition);
    world.untilSteady("watch");
    world.steady(2);
    const plan = world.plan(0);
    assert.deepEqual(
      plan.stops.map(({ service, reason }) => [service, reason]),
      [["watch", "DAEMON"]],
    );
    assert.deepEqual([plan.moves.length, plan.finishes], [1, true]);
    const tasks = world.runTasks(withImage("x"), { count: 2 });
    const index = tasks[0]?.instanceId === world.instanceId(0) ? 0 : 1;
    const held = world.plan(index);
    assert.deepEqual(
      held.stays.filter(({ taskArn }) => taskArn === tasks[0]?.arn),
      [{ taskArn: tasks[0]?.arn, containerInstanceArn: world.instance(index).arn, reason: "STANDALONE" }],
    );
    assert.deepEqual(
      held.blockers.map(({ service, reason }) => [service, reason]),
      [["watch", "DAEMON_LAST"]],
    );
    assert.equal(held.finishes, false);
  });

  test("that a protected task waits, however short its protection", () => {
    const world = aWorld(2);
    world.steady(2);
    const [task] = world.on(0);
    world.call("UpdateTaskProtection", { tasks: [task?.id], protectionEnabled: true, expiresInMinutes: 1 });
    const { blockers, finishes } = world.plan(0);
    assert.deepEqual([blockers.length, blockers[0]?.reason, finishes], [1, "PROTECTED", false]);
    assert.match(blockers[0]?.detail ?? "", /^It is protected from scale-in until 1970-.*leaves after that unless/);
  });

  test("that a task whose agent is away does not leave", () => {
    const world = aWorld(3);
    world.steady(3);
    world.agent({ type: "agent-disconnected", instanceId: world.instanceId(0) });
    const { moves, blockers, finishes } = world.plan(0);
    assert.deepEqual(
      [moves.length, blockers.length, finishes],
      [0, 1, false],
      "it is replaced, and nobody tells of its end",
    );
    assert.equal(blockers[0]?.reason, "AGENT_DISCONNECTED");
  });

  test("that tasks don't move between instances that drain together", () => {
    const world = aWorld(4);
    world.steady(8);
    const { moves, finishes } = world.plan(0, 1);
    const drained = [world.instance(0).arn, world.instance(1).arn];
    assert.deepEqual([moves.length, finishes], [4, true]);
    assert.ok(moves.every(({ toContainerInstanceArn }) => !drained.includes(toContainerInstanceArn ?? "")));
  });

  test("where tasks with their own ENI move, which take time to come and go", () => {
    const world = aWorld(2);
    const definition = { ...withImage(images.healthy), networkMode: "awsvpc" as const };
    world.aService({ desiredCount: 2, ...inSubnet }, definition);
    world.untilSteady();
    const { moves, finishes } = world.plan(0);
    assert.deepEqual([moves.length, moves[0]?.startsFirst, finishes], [1, true, true]);
  });

  test("what is left of a drain in progress", () => {
    const world = aWorld(2);
    world.steady(4);
    world.drain(0);
    world.advanceClock(2_000);
    const { moves, stops, finishes } = world.plan(0);
    assert.deepEqual([moves.length, stops.length, finishes], [2, 0, true], "what was started already counts");
    assert.ok(moves.every(({ startsFirst }) => startsFirst));
  });

  test("what it didn't reach when it became too long", () => {
    const world = aWorld(3);
    world.steady(6, 100, 117);
    const ids = new Set([world.instanceId(0)]);
    const inRounds = (rounds: number) => world.rehearse((step) => drainPlan(step, ids, rounds));
    const whole = inRounds(100);
    assert.deepEqual([whole.moves.length, whole.blockers.length, whole.finishes], [2, 0, true]);
    const half = inRounds(3);
    assert.deepEqual([half.moves.length, half.blockers.length, half.finishes], [1, 1, false]);
    assert.equal(half.blockers[0]?.reason, "PLAN_TOO_LONG");
    assert.match(half.blockers[0].detail, /^The plan became too long and stopped before this task moved/);
  });

  test("nothing for an empty instance", () => {
    const world = aWorld(1);
    const plan = { moves: [], stops: [], blockers: [], stays: [], finishes: true };
    assert.deepEqual(world.plan(0), { containerInstances: [world.instance(0).arn], ...plan });
  });

  test("why an instance can't drain, in a refusal", () => {
    const world = aWorld(1);
    world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(0) });
    for (const containerInstances of [[world.instanceId(0)], ["f".repeat(32)]]) {
      const text = `Referenced container instance ${containerInstances[0]} not found.`;
      world.refused("InvalidParameterException", text, "PlanDrain", { containerInstances });
    }
    world.withInstances(1, { status: "REGISTERING" });
    const text = "A container instance that is REGISTERING cannot become DRAINING.";
    world.refused("InvalidParameterException", text, "PlanDrain", { containerInstances: [world.instanceId(1)] });
  });
});

describe("a plan leaves no trace", () => {
  /** A cluster's life, with a plan made at each of the moments in `planned`. */
  function life(planned: readonly number[]): object {
    const world = aWorld(4, 4);
    const planAt = (moment: number): void => {
      if (!planned.includes(moment)) return;
      const dueAt = world.machine.nextDueAt();
      world.plan(0, 1);
      world.plan(2);
      assert.equal(world.machine.nextDueAt(), dueAt);
    };
    world.aService({ desiredCount: 6 }, withImage(images.healthy));
    world.advanceClock(500);
    planAt(0);
    world.advanceClock(600);
    planAt(1);
    world.untilSteady();
    world.aService({ serviceName: "watch", schedulingStrategy: "DAEMON" }, daemonDefinition);
    planAt(2);
    world.play(5_000);
    world.updateService({ desiredCount: 7 }, withImage(images.healthy, 2));
    planAt(3);
    world.play(2_000);
    planAt(4);
    world.untilSteady();
    world.drain(1);
    world.play(1_000);
    planAt(5);
    world.play(60_000);
    planAt(6);
    world.play(60_000);
    return structuredClone({ documents: documentsOf(world.state), events: world.events });
  }

  /** The same for a cluster whose tasks wait for capacity, which comes at the end. */
  function lifeInWant(isPlanned: boolean): object {
    const world = new DrainWorld("plan-drain");
    world.cluster = { ...world.cluster, capacityProviders: ["spot"] };
    world.withInstances(2, { memoryMiB: 256, capacityProviderName: "spot" });
    world.steady(2, 100, 200, { capacityProviderStrategy: [{ capacityProvider: "spot", weight: 1 }] });
    const looksAt: (number | null)[] = [];
    for (const desiredCount of [2, 3, 3]) {
      world.play(10_000);
      world.updateService({ desiredCount });
      if (isPlanned) world.plan(0);
      world.play(1_000);
      looksAt.push(world.state.waitingTasks.lookAt(world.state.timeline));
    }
    world.play(30_000);
    if (isPlanned) world.plan(0);
    world.withInstances(2, { memoryMiB: 256, capacityProviderName: "spot" });
    if (isPlanned) world.plan(0);
    world.play(5_000);
    assert.equal(world.running().length, 3);
    return structuredClone({ looksAt, documents: documentsOf(world.state), events: world.events });
  }

  test("nor in tasks that wait for capacity", () => {
    assert.deepEqual(lifeInWant(true), lifeInWant(false));
  });

  test("neither in documents nor in events, nor in what happens later", () => {
    const without = life([]);
    assert.deepEqual(life([0, 1, 2, 3, 4, 5, 6]), without);
  });
});
