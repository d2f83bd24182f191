import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { documentsOf, viewService } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { statePicture } from "../state-picture.ts";
import { concludeStarts } from "./conclude-look.ts";
import { planService } from "./plan-service.ts";
import { nothingStarted, type PlanItem } from "./service-plan.ts";

const sightOf = (world: ServiceWorld): Sight => ({
  state: world.state,
  now: world.now,
  timeline: world.state.timeline,
  place: world.state.place,
  clusterName: world.state.name,
  random: (stream) => seededRandom("plans").stream(stream),
});

const planOf = (world: ServiceWorld) => planService(sightOf(world), documentsOf(world.state, world.service()));

/** The items of a plan in short. */
const inShort = (items: readonly PlanItem[]): string[] =>
  items.map((item) => {
    if (item.type === "stop") return `stop ${item.stops.map(({ why }) => why).join(" ")}`;
    if (item.type === "start") return `start ${item.count}`;
    if (item.type === "say") return `say ${item.line ?? item.event?.name}`.replace(/\(task \w+\)/g, "(task)");
    return item.type === "give-up" ? `give up because of ${item.givingUp.cause}` : item.type;
  });

const aWorld = (): ServiceWorld =>
  new ServiceWorld("plans").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 }) as ServiceWorld;

const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

describe("a plan", () => {
  test("is made without changing anything, and is the same each time", () => {
    const world = aWorld();
    world.aService({ desiredCount: 3, deploymentConfiguration: breaker }, withImage("app", 1));
    const acts: (() => unknown)[] = [
      () => world.untilSteady(),
      () => world.updateService({}, withImage(images.failing, 2)),
      () => world.play(30_000),
      () => world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(0), force: true }),
      () => world.updateService({ desiredCount: 1 }, withImage(images.unhealthy, 3)),
      () => world.play(10_000),
      () => world.call("DeleteService", { service: "web", force: true }),
    ];
    for (const act of acts) {
      act();
      const before = statePicture(world.state);
      const plan = planOf(world);
      const again = planOf(world);
      const conclusions = concludeStarts(
        sightOf(world),
        documentsOf(world.state, world.service()),
        plan,
        nothingStarted,
      );
      assert.deepEqual(statePicture(world.state), before);
      assert.deepEqual(again, plan);
      assert.deepEqual(
        JSON.parse(JSON.stringify([plan, conclusions.items])),
        [plan, conclusions.items],
        "it can be printed",
      );
    }
  });

  test("says which tasks stop and start, why, and what is said", () => {
    const world = aWorld();
    world.aService({ desiredCount: 4 }, withImage("app", 1));
    world.untilSteady();
    world.updateService({ desiredCount: 2 });
    assert.deepEqual(inShort(planOf(world).items), [
      "stop surplus surplus",
      "say has stopped 2 running tasks: (task) (task).",
      "say TASKS_STOPPED",
    ]);
    world.untilSteady();
    world.updateService({}, withImage("app", 2));
    assert.deepEqual(inShort(planOf(world).items), ["start 2"]);
    assert.equal(planOf(world).moves.hindrance, "in-motion");
  });

  test("that gives a deployment up already moves to the one that the service goes back to", () => {
    const world = aWorld();
    world.aService({ desiredCount: 2, deploymentConfiguration: breaker }, withImage("app", 1));
    world.untilSteady();
    const first = world.target().id;
    world.updateService({}, withImage(images.failing, 2));
    world.play(2_000);
    const [, running] = world.running();
    world.call("StopTask", { task: running?.arn });
    const arn = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId)?.arn;
    world.call("StopServiceDeployment", { serviceDeploymentArn: arn });
    const plan = planOf(world);
    assert.match(inShort(plan.items)[0] ?? "", /^give up because of rollback-requested/);
    assert.deepEqual(
      plan.moves.starts.map(({ deploymentId, count }) => [deploymentId, count]),
      [[first, 1]],
    );
    assert.notEqual(world.target().id, first, "nothing has changed yet");
  });
});

test("conclusions follow from what came of the starts: no room is an impediment, and is said once", () => {
  const world = aWorld();
  world.aService({ desiredCount: 1 }, withImage("app", 1));
  const sight = sightOf(world);
  const documents = documentsOf(world.state, world.service());
  const plan = planOf(world);
  const problem = { type: "no-instances" } as const;
  const { items } = concludeStarts(sight, documents, plan, { taskIds: [], problem, zone: null });
  assert.deepEqual(
    items.map(({ type }) => type),
    ["room", "condition", "say"],
  );
  const [, changed] = items;
  const members = changed?.type === "condition" ? changed.members : {};
  assert.deepEqual(members.impediment?.reason, problem);
  const told = { ...documents, condition: { ...documents.condition, ...members } };
  const again = concludeStarts(sight, told, plan, { taskIds: [], problem, zone: null });
  assert.deepEqual(
    again.items.map(({ type }) => type),
    ["room"],
  );
  assert.equal(viewService(sight, world.service()).condition.impediment, null, "nothing has changed yet");
});
