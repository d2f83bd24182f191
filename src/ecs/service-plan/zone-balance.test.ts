import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { aDefinition, fargateDefinition, type InstanceOptions } from "../small-world.ts";

const inZone = (letter: string, options: InstanceOptions = {}): InstanceOptions => ({
  cpu: 4_096,
  memoryMiB: 8_192,
  availabilityZone: `zone-${letter}`,
  customAttributes: [{ name: "ecs.availability-zone", value: `zone-${letter}` }],
  ...options,
});

/** How many tasks of the service are RUNNING in each zone that has some. */
function balance(world: ServiceWorld, name = "web"): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { availabilityZone } of world.running(name)) {
    const zone = (availabilityZone ?? "none").slice(-1);
    counts[zone] = (counts[zone] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort());
}

const rebalancing = (world: ServiceWorld): unknown[] =>
  world.events.map(({ detail }) => detail.eventName).filter((name) => /REBALANCING|PROTECTION/.test(String(name)));

/** A steady service `web` with all its tasks in zone a, and then a zone b and a zone c. */
function outOfBalance(
  request: object = {},
  zones: readonly InstanceOptions[] = [inZone("b"), inZone("c")],
): ServiceWorld {
  const world = new ServiceWorld("zones").withInstances(2, inZone("a"));
  world.aService({ desiredCount: 6, ...request });
  world.untilSteady();
  for (const zone of zones) world.withInstances(1, zone);
  return world;
}

const untilMoving = (world: ServiceWorld): void => {
  world.play(120_000, () => world.condition().rebalance !== null);
  assert.notEqual(world.condition().rebalance, null, "a task is on its way");
};

test("zones are brought into balance, a task at a time, each started before another is stopped", () => {
  const world = outOfBalance();
  const before = world.told().length;
  let fewest = 6;
  let most = 6;
  world.watch = () => {
    fewest = Math.min(fewest, world.running().length);
    most = Math.max(most, world.tasksOf().length);
  };
  world.play(50_000);
  assert.deepEqual(balance(world), { a: 6 }, "not at once");
  world.play(60_000);
  world.untilSteady();
  assert.deepEqual(balance(world), { a: 2, b: 2, c: 2 });
  assert.deepEqual([fewest, most], [6, 7]);
  const started = (zone: string) => `(service web) has started 1 tasks in ${zone} to AZ Rebalance: (task ID).`;
  const stopped = "(service web) has stopped 1 running tasks in zone-a due to AZ rebalancing: ID.";
  assert.deepEqual(world.told().slice(before), [
    "(service web) is not AZ balanced with 6 tasks in zone-a, 0 in zone-b, and 0 in zone-c. AZ Rebalancing in progress.",
    started("zone-b"),
    stopped,
    started("zone-c"),
    stopped,
    started("zone-b"),
    stopped,
    started("zone-c"),
    stopped,
    "(service web) is AZ balanced with 2 tasks in zone-a, 2 in zone-b, and 2 in zone-c.",
    "(service web) has reached a steady state.",
  ]);
  assert.deepEqual(rebalancing(world), ["SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_COMPLETED"]);
  const moved = [...world.state.tasks.values()].filter(({ stoppedReason }) =>
    stoppedReason?.startsWith("Availability-zone rebalancing initiated by (deployment ecs-svc/"),
  );
  assert.equal(moved.length, 4);
  const events = world.events.length;
  world.play(3_000_000);
  assert.equal(world.events.length, events, "and then it is quiet");
});

test("a service in balance within one is left alone, and so is one that is not to be rebalanced", () => {
  const balanced = outOfBalance({ desiredCount: 1 });
  balanced.play(300_000);
  assert.deepEqual(balance(balanced), { a: 1 });
  const excluded = [
    { availabilityZoneRebalancing: "DISABLED" },
    { deploymentConfiguration: { maximumPercent: 110 } },
    { placementStrategy: [{ type: "binpack", field: "memory" }] },
    { placementConstraints: [{ type: "memberOf", expression: "attribute:ecs.availability-zone =~ zone-.*" }] },
  ];
  for (const request of excluded) {
    const world = outOfBalance(request);
    world.play(300_000);
    assert.deepEqual(balance(world), { a: 6 }, JSON.stringify(request));
    assert.deepEqual(rebalancing(world), []);
  }
});

test("a zone that comes when a service has long been steady is found, after a restart too", () => {
  const world = outOfBalance({}, []);
  world.play(3_000_000);
  world.withInstances(2, inZone("b"));
  world.play(30_000);
  assert.deepEqual(balance(world), { a: 6 }, "others may follow");
  untilMoving(world);
  world.restart();
  world.play(60_000);
  assert.deepEqual(balance(world), { a: 3, b: 3 });
});

test("rebalancing that is switched off ends", () => {
  const world = outOfBalance();
  untilMoving(world);
  world.updateService({ availabilityZoneRebalancing: "DISABLED" });
  world.play(300_000);
  assert.equal(world.running().length, 6);
  assert.deepEqual(balance(world), { a: 5, b: 1 }, "the one more that there was is an ordinary surplus");
  assert.deepEqual(rebalancing(world), ["SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_STOPPED"]);
});

test("zones where no instance is for the service's tasks do not count", () => {
  const onlyFast = [{ type: "memberOf", expression: "attribute:speed == fast" }];
  const fast = { name: "speed", value: "fast" };
  const zoneOf = (letter: string) => ({ name: "ecs.availability-zone", value: `zone-${letter}` });
  const world = new ServiceWorld("zones").withInstances(1, inZone("a", { customAttributes: [zoneOf("a"), fast] }));
  world.aService({ desiredCount: 4, placementConstraints: onlyFast });
  world.untilSteady();
  world.withInstances(1, inZone("b")).withInstances(1, inZone("c", { status: "DRAINING" }));
  world.withInstances(1, inZone("d", { customAttributes: [zoneOf("d"), fast], agentConnected: false }));
  world.play(300_000);
  assert.deepEqual(balance(world), { a: 4 });
  world.changeInstance(3, { agentConnected: true });
  world.play(120_000);
  assert.deepEqual(balance(world), { a: 2, d: 2 });
});

test("the new task must be healthy before another goes", () => {
  const world = new ServiceWorld("zones").withInstances(1, inZone("a"));
  world.aService({ desiredCount: 2 }, withImage(images.healthy));
  world.untilSteady();
  world.withInstances(1, inZone("b"));
  // No agent does anything meanwhile.
  world.advanceClock(65_000);
  const fresh = world.tasksOf().find(({ availabilityZone }) => availabilityZone === "zone-b");
  assert.ok(fresh !== undefined);
  world.advanceClock(30_000);
  assert.equal(world.condition().rebalance?.phase, "starting");
  assert.equal(world.running().length, 2, "nothing was stopped");
  world.play(5_000);
  world.untilSteady();
  assert.deepEqual(balance(world), { a: 1, b: 1 });
});

const interruptions: Record<string, (world: ServiceWorld) => void> = {
  "a deployment": (world) => world.updateService({}, aDefinition({ revision: 2 })),
  "scaling out": (world) => world.updateService({ desiredCount: 8 }),
  "scaling in": (world) => world.updateService({ desiredCount: 3 }),
  "a lost task": (world) => world.report(world.running()[0]?.id ?? "", "STOPPED"),
  "a drain": (world) => world.changeInstance(0, { status: "DRAINING" }),
};
for (const [what, interrupt] of Object.entries(interruptions)) {
  test(`${what} interrupts rebalancing, which begins anew when the service is steady`, () => {
    const world = outOfBalance();
    untilMoving(world);
    interrupt(world);
    world.play(3_000);
    assert.equal(world.condition().rebalance, null);
    assert.ok(world.told().includes("(service web) stopped AZ Rebalancing."));
    assert.deepEqual(rebalancing(world), ["SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_STOPPED"]);
    world.untilSteady();
    assert.equal(world.running().length, world.service().desiredCount);
    world.play(200_000);
    const counts = ["a", "b", "c"].map((zone) => balance(world)[zone] ?? 0);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `in balance: ${counts}`);
  });
}

test("a deployment that interrupts rebalancing starts no task more than it should", () => {
  const world = outOfBalance();
  untilMoving(world);
  world.updateService({}, aDefinition({ revision: 2 }));
  world.watch = () => {
    const fresh = world.tasksOf().filter(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":2"));
    assert.ok(fresh.length <= 6);
  };
  world.untilSteady();
});

test("protected tasks stay; when all of the fullest zone are, nothing is moved and that is told once", () => {
  const world = outOfBalance();
  const protectedUntil = world.now + 1_000_000;
  for (const { id } of world.running()) world.changeTask(id, { protectedUntil });
  world.play(500_000);
  assert.deepEqual(balance(world), { a: 6 });
  const text =
    "(service web) was unable to AZ Rebalance because ecs-svc/D was unable to scale in due to task protection.";
  assert.equal(world.told().filter((told) => told === text).length, 1);
  assert.deepEqual(rebalancing(world), ["TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION"]);
  const [one] = world.running();
  world.changeTask(one?.id ?? "", { protectedUntil: null });
  world.play(200_000);
  assert.ok(!world.running().some(({ id }) => id === one?.id), "the one that is not protected was moved");
  assert.deepEqual(balance(world), { a: 5, b: 1 });
});

test("tasks that are protected while the new one starts end it", () => {
  const world = outOfBalance();
  untilMoving(world);
  const fresh = world.tasksOf().find(({ availabilityZone }) => availabilityZone !== "zone-a");
  for (const { id, availabilityZone } of world.tasksOf()) {
    if (availabilityZone === "zone-a") world.changeTask(id, { protectedUntil: world.now + 10_000_000 });
  }
  world.play(5_000);
  assert.ok(world.told().includes("(service web) stopped AZ Rebalancing."));
  world.untilSteady();
  assert.deepEqual(balance(world), { a: 6 });
  assert.equal(world.task(fresh?.id ?? "").lastStatus, "STOPPED", "the one task that may go");
});

test("a zone without room is told of once and tried slowly; another with room is used", () => {
  const world = outOfBalance({}, [inZone("b", { cpu: 64 }), inZone("c")]);
  world.play(600_000);
  assert.deepEqual(balance(world), { a: 3, c: 3 });
  const text =
    "(service web) is unable to place a task in zone-b because no container instance met all of its requirements.";
  assert.equal(world.told().filter((told) => told === text).length, 1);
  assert.deepEqual(rebalancing(world), ["SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_STOPPED"]);
  assert.ok((world.machine.nextDueAt() ?? 0) > world.now + 1_000, "no busy loop");
  world.withInstances(1, inZone("b"));
  world.play(300_000);
  assert.deepEqual(balance(world), { a: 2, b: 2, c: 2 });
  assert.equal(world.condition().impediment, null);
});

test("on Fargate the zones are those of the subnets", () => {
  const world = new ServiceWorld("fargate");
  const subnets = ["subnet-1", "subnet-2", "subnet-3"];
  const networkConfiguration = { awsvpcConfiguration: { subnets } };
  world.aService({ desiredCount: 7, launchType: "FARGATE", networkConfiguration }, fargateDefinition());
  world.watch = () => {
    for (const { id, agentConnected } of [...world.state.managedHosts.values()]) {
      const versions = { agentVersion: null, agentHash: null, dockerVersion: null };
      if (!agentConnected) world.agent({ type: "agent-connected", instanceId: id, isNewProcess: true, ...versions });
    }
  };
  world.play(600_000, () => rebalancing(world).includes("SERVICE_REBALANCING_COMPLETED"));
  assert.deepEqual(rebalancing(world), ["SERVICE_REBALANCING_STARTED", "SERVICE_REBALANCING_COMPLETED"]);
  world.untilSteady();
  assert.deepEqual(Object.values(balance(world)).sort(), [2, 2, 3]);
});

test("whatever the zones and however they come, a service ends in balance, and never has fewer tasks for it", () => {
  const zone = fc.record({ letter: fc.constantFrom("a", "b", "c", "d"), pauseMs: fc.constantFrom(0, 5_000, 100_000) });
  const clusters = fc.record({
    zones: fc.array(zone, { minLength: 1, maxLength: 6 }),
    desired: fc.integer({ min: 0, max: 9 }),
    rescaled: fc.option(fc.integer({ min: 0, max: 9 })),
  });
  fc.assert(
    fc.property(clusters, ({ zones, desired, rescaled }) => {
      const world = new ServiceWorld("any").withInstances(1, inZone("a"));
      world.aService({ desiredCount: desired });
      world.untilSteady();
      let wanted = desired;
      world.watch = () => assert.ok(world.running().length >= wanted, `${world.running().length} of ${wanted}`);
      for (const { letter, pauseMs } of zones) {
        world.withInstances(1, inZone(letter));
        world.play(pauseMs);
      }
      if (rescaled !== null) {
        wanted = Math.min(desired, rescaled);
        world.updateService({ desiredCount: rescaled });
      }
      world.play(1_500_000);
      const letters = new Set(["a", ...zones.map(({ letter }) => letter)]);
      const counts = [...letters].map((letter) => balance(world)[letter] ?? 0);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, JSON.stringify(balance(world)));
      assert.notEqual(world.condition().steadySince, null);
    }),
    { numRuns: 40 },
  );
});
