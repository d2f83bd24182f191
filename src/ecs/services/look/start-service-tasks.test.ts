import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceWorld, withImage } from "../service-world.ts";

test("the base of a strategy holds after a rollout and a drain", () => {
  const world = new ServiceWorld("base");
  world.withInstances(2, { cpu: 4_096, memoryMiB: 8_192, capacityProviderName: "one" });
  world.withInstances(2, { cpu: 4_096, memoryMiB: 8_192, capacityProviderName: "two" });
  world.cluster = { ...world.cluster, capacityProviders: ["one", "two"] };
  const capacityProviderStrategy = [
    { capacityProvider: "one", base: 1, weight: 0 },
    { capacityProvider: "two", weight: 1 },
  ];
  world.aService({ desiredCount: 2, capacityProviderStrategy }, withImage("app", 1));
  world.untilSteady();
  const providers = () =>
    world
      .running()
      .map(({ capacityProviderName }) => capacityProviderName)
      .sort();
  assert.deepEqual(providers(), ["one", "two"]);
  world.updateService({}, withImage("app", 2));
  world.untilSteady();
  assert.deepEqual(providers(), ["one", "two"]);
  const task = world.running().find(({ capacityProviderName }) => capacityProviderName === "one");
  world.call("UpdateContainerInstancesState", { containerInstances: [task?.instanceId], status: "DRAINING" });
  world.untilSteady();
  assert.deepEqual(providers(), ["one", "two"]);
});
