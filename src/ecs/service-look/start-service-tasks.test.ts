import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceWorld, withImage } from "../services/service-world.ts";

/** How many RUNNING tasks of `web` each instance has, in the order of their registration. */
const spreadOf = (world: ServiceWorld): number[] =>
  [...world.state.instances.keys()].map((id) => world.running().filter(({ instanceId }) => instanceId === id).length);

const drain = (world: ServiceWorld, indexes: readonly number[], status = "DRAINING"): void => {
  const containerInstances = indexes.map((index) => world.instanceId(index));
  world.call("UpdateContainerInstancesState", { containerInstances, status });
};

test("a rollout spreads its tasks as if those that it replaces were gone", () => {
  const world = new ServiceWorld("rollout-spread").withInstances(6, { cpu: 4_096, memoryMiB: 8_192 }) as ServiceWorld;
  drain(world, [3, 4, 5]);
  world.aService({ desiredCount: 6, placementStrategy: [{ type: "spread", field: "instanceId" }] });
  world.untilRollout("COMPLETED");
  assert.deepEqual(spreadOf(world), [2, 2, 2, 0, 0, 0]);
  drain(world, [3, 4, 5], "ACTIVE");
  for (const _ of [1, 2, 3]) {
    world.updateService({ forceNewDeployment: true });
    world.untilRollout("COMPLETED");
    world.untilSteady();
    assert.deepEqual(spreadOf(world), [1, 1, 1, 1, 1, 1]);
  }
});

test("a drain leaves the values of an attribute as even as they were", () => {
  const world = new ServiceWorld("drain-spread");
  world.withInstances(6, { cpu: 4_096, memoryMiB: 8_192 });
  for (const [index, value] of ["r0", "r1", "r2", "r0", "r1", "r2"].entries()) {
    world.call("PutAttributes", { attributes: [{ name: "rack", value, targetId: world.instance(index).arn }] });
  }
  const placementStrategy = [
    { type: "spread", field: "attribute:rack" },
    { type: "spread", field: "instanceId" },
  ];
  world.aService({ desiredCount: 18, placementStrategy });
  world.untilSteady();
  assert.deepEqual(spreadOf(world), [3, 3, 3, 3, 3, 3]);
  drain(world, [0]);
  world.untilSteady();
  assert.deepEqual(spreadOf(world), [0, 3, 3, 6, 3, 3]);
});

test("tasks that fail their health checks do not count where their successors are spread", () => {
  const world = new ServiceWorld("unhealthy-spread").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 }) as ServiceWorld;
  world.aService(
    { desiredCount: 2, placementStrategy: [{ type: "spread", field: "instanceId" }] },
    withImage("berth/healthy"),
  );
  world.untilSteady();
  const [sick] = world.running();
  world.agent({
    type: "task-health",
    instanceId: sick?.instanceId ?? "",
    tasks: [{ taskArn: sick?.arn ?? "", containers: [{ name: "app", healthStatus: "UNHEALTHY" }] }],
  });
  world.untilSteady();
  assert.ok(!world.running().some(({ id }) => id === sick?.id), "it was replaced");
  assert.deepEqual(spreadOf(world), [1, 1]);
});

test("of providers that are equally far behind, one with room gets the task of one that drains", () => {
  const world = new ServiceWorld("provider-tie");
  for (const capacityProviderName of ["a", "b", "c"]) {
    world.withInstances(1, { cpu: 4_096, memoryMiB: 8_192, capacityProviderName });
  }
  world.cluster = { ...world.cluster, capacityProviders: ["a", "b", "c"] };
  const capacityProviderStrategy = ["a", "b", "c"].map((capacityProvider) => ({ capacityProvider, weight: 1 }));
  world.aService({ desiredCount: 2, capacityProviderStrategy });
  world.untilSteady();
  assert.deepEqual(spreadOf(world), [1, 1, 0]);
  drain(world, [0]);
  world.untilSteady();
  assert.deepEqual(spreadOf(world), [0, 1, 1]);
});

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
