import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";

/** A cluster with two providers, and an instance of one. */
function aWorld(): SmallWorld {
  const world = aCluster().withInstances(1, { capacityProviderName: "racks" });
  world.cluster = { ...world.cluster, capacityProviders: ["racks", "spare"] };
  return world;
}
const inUse = (world: SmallWorld): unknown =>
  (world.step({ type: "count" }).value as { readonly capacityProvidersInUse: unknown }).capacityProvidersInUse;
const by = (...names: readonly string[]) => ({
  capacityProviderStrategy: names.map((capacityProvider) => ({ capacityProvider, weight: 1 })),
});

test("a provider is in use while a task of it isn't STOPPED, placed or waiting", () => {
  const world = aWorld();
  const placed = world.runTask(aDefinition(), by("racks"));
  const waiting = world.runTask(aDefinition(), by("spare"));
  world.runTask(aDefinition(), { launchType: "EC2" });
  assert.deepEqual(inUse(world), ["racks", "spare"]);
  world.restart();
  world.call("StopTask", { task: waiting.id });
  assert.deepEqual(inUse(world), ["racks"]);
  world.call("StopTask", { task: placed.id });
  assert.deepEqual(inUse(world), ["racks"], "its agent has yet to stop it");
  world.report(placed.id, "STOPPED");
  assert.deepEqual(inUse(world), []);
});

test("the providers of a service's strategy are in use until it is deleted, with or without tasks", () => {
  const world = aWorld();
  const request = { serviceName: "web", desiredCount: 0, ...by("racks", "spare") };
  world.call("CreateService", request, aDefinition());
  assert.deepEqual(inUse(world), ["racks", "spare"]);
  world.call("DeleteService", { service: "web" });
  world.advanceClock(60_000);
  assert.deepEqual(inUse(world), []);
});
