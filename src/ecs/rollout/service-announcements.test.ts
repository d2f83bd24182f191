import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../limits.ts";
import { ServiceWorld } from "../services/service-world.ts";
import { tellService } from "./service-announcements.ts";

const actionsOf = (world: ServiceWorld) => world.events.filter(({ detailType }) => detailType === "ECS Service Action");

test("the newest 100 lines of a service's events are kept, and outlive a restart", () => {
  const world = new ServiceWorld("lines");
  world.aService({ desiredCount: 0 });
  for (let line = 1; line <= 130; line++) world.run((step) => tellService(step, "web", `line ${line}.`));
  const told = world.told();
  assert.equal(told.length, limits.eventsPerService);
  assert.equal(told.at(-1), "(service web) line 130.");
  world.restart();
  assert.deepEqual(world.told(), told);
  const { value } = world.call<{ services: { events: { message: string }[] }[] }>("DescribeServices", {
    services: ["web"],
  });
  assert.equal(value.services[0]?.events[0]?.message, "(service web) line 130.", "the newest comes first");
});

test("the providers of a service's strategy are steady with it", () => {
  const world = new ServiceWorld("providers");
  world.cluster = { ...world.cluster, capacityProviders: ["mine"] };
  world.withInstances(1, { capacityProviderName: "mine" });
  world.aService({ desiredCount: 1, capacityProviderStrategy: [{ capacityProvider: "mine", weight: 1 }] });
  world.untilSteady();
  const { detail } = actionsOf(world).at(-1) ?? {};
  assert.equal(detail?.eventName, "CAPACITY_PROVIDER_STEADY_STATE");
  assert.deepEqual(detail?.capacityProviderArns, ["arn:aws:ecs:eu-central-1:111122223333:capacity-provider/mine"]);
});

test("a rollout that the percentages hold is told in a line, and by no event", () => {
  const world = new ServiceWorld("stuck").withInstances(2);
  const percent = { minimumHealthyPercent: 100, maximumPercent: 101 };
  world.aService({ desiredCount: 1, deploymentConfiguration: percent });
  world.untilSteady();
  const before = actionsOf(world).length;
  world.updateService({ forceNewDeployment: true });
  world.play(60_000);
  assert.match(world.told().at(-1) ?? "", /was unable to stop or start tasks during a deployment/);
  assert.equal(actionsOf(world).length, before);
});
