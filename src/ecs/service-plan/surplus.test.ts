import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceWorld } from "../services/service-world.ts";

function aWorld(desiredCount: number): ServiceWorld {
  const world = new ServiceWorld("surplus");
  for (const capacityProviderName of ["one", "two"]) {
    world.withInstances(1, { cpu: 4_096, memoryMiB: 8_192, capacityProviderName });
  }
  world.cluster = { ...world.cluster, capacityProviders: ["one", "two"] };
  const capacityProviderStrategy = [
    { capacityProvider: "one", base: 2, weight: 1 },
    { capacityProvider: "two", weight: 3 },
  ];
  world.aService({ desiredCount, capacityProviderStrategy });
  world.untilSteady();
  return world;
}

const counts = (world: ServiceWorld): number[] =>
  ["one", "two"].map(
    (name) => world.running().filter(({ capacityProviderName }) => capacityProviderName === name).length,
  );

test("the base and the weights of a strategy hold after a scale-in", () => {
  const world = aWorld(10);
  assert.deepEqual(counts(world), [4, 6]);
  for (const [desiredCount, expected] of [
    [6, [3, 3]],
    [3, [2, 1]],
    [1, [1, 0]],
  ] as const) {
    world.updateService({ desiredCount });
    world.untilSteady();
    assert.deepEqual(counts(world), expected);
  }
});

test("where protected tasks keep a provider beyond its share, those of another go", () => {
  const world = aWorld(6);
  const tasks = world.running().filter(({ capacityProviderName }) => capacityProviderName === "two");
  const arns = tasks.map(({ arn }) => arn);
  world.call("UpdateTaskProtection", { tasks: arns, protectionEnabled: true });
  world.updateService({ desiredCount: 4 });
  world.untilSteady();
  assert.deepEqual(counts(world), [1, 3]);
});
