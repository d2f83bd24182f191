// Steps that evaluate expressions for too long: they are repeated with the results so far, and finish.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { WaitingTasks } from "../indexes/waiting-tasks.ts";
import { queryStepsMax } from "../placement/selections.ts";
import { ServiceWorld } from "../services/service-world.ts";
import { aDefinition, type SmallWorld } from "../small-world.ts";
import { Journal } from "../tables/journal.ts";
import { ecsTimeline } from "../timeline.ts";

const instances = 250;
const texts = seededRandom("values of attributes").stream("values");
const value = (): string => Array.from({ length: 128 }, () => "ab"[texts.below(2)]).join("");
const hard = (at: number): string => `attribute:hard =~ .*a.{${110 + at}}c.*`;
const constraints = Array.from({ length: 8 }, (_, at) => ({ type: "memberOf", expression: `not(${hard(at)})` }));

/** Every instance has another value, so no result follows from another. */
function aWorld(): ServiceWorld {
  const world = new ServiceWorld("seed");
  for (let at = 0; at < instances; at++) {
    world.withInstances(1, { customAttributes: [{ name: "hard", value: at === 7 ? `${"a".repeat(64)}c` : value() }] });
  }
  return world;
}

/** No step exceeds its budget, except with its last evaluation. */
function checkSpent(world: SmallWorld): void {
  assert.ok(world.state.placement.selections.spent < queryStepsMax + 100_000, "a step asks no more than it may");
}

test("RunTask with the most complex constraints is repeated, and places tasks where they hold", () => {
  const world = aWorld();
  const { value: reply } = world.call("RunTask", { count: 10, placementConstraints: constraints }, aDefinition());
  assert.equal((reply as { tasks: object[] }).tasks.length, 10);
  assert.ok(world.stepsAgain >= 2, `${world.stepsAgain} steps were made again`);
  checkSpent(world);
  const before = world.stepsAgain;
  world.call("RunTask", { count: 10, placementConstraints: constraints }, aDefinition());
  assert.equal(world.stepsAgain, before, "what was asked once is known");
});

test("a refusal, a filter and an explanation also finish", () => {
  const world = aWorld();
  const impossible = constraints
    .map(({ type }, at) => ({ type, expression: `${hard(at)} or ${hard(at)}x` }))
    .slice(0, 4);
  const { value: reply } = world.call("RunTask", { placementConstraints: impossible }, aDefinition());
  assert.equal(
    (reply as { failures: { reason: string }[] }).failures[0]?.reason,
    "MemberOf placement constraint unsatisfied.",
  );
  const { value: explained } = world.call(
    "ExplainPlacement",
    { placementConstraints: constraints, count: 3 },
    aDefinition(),
  );
  assert.equal((explained as { placedCount: number }).placedCount, 3);
  const { value: many } = world.call(
    "ExplainPlacement",
    { placementConstraints: constraints, count: 300 },
    aDefinition(),
  );
  assert.equal((many as { placedCount: number }).placedCount, 300);
  const filter = `not(${hard(20)}) and attribute:hard =~ a+c`;
  const { value: listed } = world.call("ListContainerInstances", { filter });
  assert.deepEqual((listed as { containerInstanceArns: string[] }).containerInstanceArns, [world.instance(7).arn]);
  checkSpent(world);
});

test("a service with such constraints gets its tasks, and another service doesn't wait for it", () => {
  const world = aWorld();
  world.aService({ serviceName: "dear", desiredCount: 5, placementConstraints: constraints });
  world.aService({ serviceName: "plain", desiredCount: 5 });
  const before = world.stepsAgain;
  world.advanceClock(5_000);
  assert.equal(world.tasksOf("dear").length, 5);
  assert.equal(world.tasksOf("plain").length, 5);
  assert.ok(world.stepsAgain > before);
  checkSpent(world);
  world.restart();
  world.stepsAgain = 0;
  world.updateService({ service: "dear", desiredCount: 9 });
  world.advanceClock(5_000);
  assert.equal(world.tasksOf("dear").length, 9, "also with nothing known, after a restart");
  assert.ok(world.stepsAgain > 0);
});

test("a placement retry that was rolled back is still due", () => {
  const journal = new Journal();
  const waiting = new WaitingTasks(journal);
  const world = new ServiceWorld("seed").withInstances(1);
  const task = { ...world.runTask(), waitingFor: {} as never, instanceId: null };
  waiting.onTaskChange(task.id, undefined, task);
  journal.commit();
  const dueAt = waiting.lookAt(ecsTimeline);
  waiting.looked(world.now + 60_000);
  journal.rollback();
  assert.equal(waiting.lookAt(ecsTimeline), dueAt);
  waiting.looked(world.now + 60_000);
  journal.commit();
  journal.rollback();
  assert.notEqual(waiting.lookAt(ecsTimeline), dueAt);
});
