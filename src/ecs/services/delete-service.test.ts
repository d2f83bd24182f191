import assert from "node:assert/strict";
import { test } from "node:test";
import { aDefinition } from "../small-world.ts";
import { ServiceWorld } from "./service-world.ts";

type Shown = { readonly service: Record<string, unknown> };
type Described = { readonly services: Record<string, unknown>[]; readonly failures: object[] };

const invalid = "InvalidParameterException";
const web = { service: "web" };

function steady(): ServiceWorld {
  const world = new ServiceWorld("delete-service").withInstances(2);
  world.aService({ desiredCount: 2 });
  world.untilSteady();
  return world;
}

test("DeleteService without force: not above 0, and not while deployments are active", () => {
  const world = steady();
  world.refused(invalid, "The service cannot be stopped while it is scaled above 0.", "DeleteService", web);
  world.updateService({ desiredCount: 0 }, aDefinition({ revision: 2 }));
  world.refused(invalid, "The service cannot be stopped while deployments are active.", "DeleteService", web);
  world.untilSteady();
  const { value } = world.call<Shown>("DeleteService", web);
  assert.equal(value.service.status, "DRAINING");
  world.play(3_000);
  assert.equal(world.service().status, "INACTIVE");
});

test("DeleteService with force: DRAINING until the tasks are gone, then INACTIVE, then forgotten", () => {
  const world = steady();
  world.updateService({}, aDefinition({ revision: 2 }));
  const { value } = world.call<Shown>("DeleteService", { ...web, force: true });
  const { status, desiredCount, runningCount } = value.service;
  assert.deepEqual([status, desiredCount, runningCount], ["DRAINING", 0, 2]);
  assert.equal(world.state.serviceDeployments.get(world.rollout().serviceDeploymentId)?.status, "STOPPED");
  const again = world.call<Shown>("DeleteService", web);
  assert.deepEqual([again.value.service.status, again.documents], ["DRAINING", []]);
  world.restart();
  world.play(5_000);
  assert.deepEqual(world.tasksOf(), []);
  const shown = () => world.call<Described>("DescribeServices", { services: ["web"] }).value;
  const [inactive] = shown().services;
  const kept = (inactive?.deployments ?? []) as Record<string, unknown>[];
  assert.deepEqual(
    [
      inactive?.status,
      kept.map(({ status, desiredCount, runningCount, taskDefinition }) => [
        status,
        desiredCount,
        runningCount,
        taskDefinition,
      ]),
    ],
    ["INACTIVE", [["PRIMARY", 0, 0, aDefinition({ revision: 2 }).arn]]],
    "tools wait until the last deployment is alone",
  );
  assert.deepEqual([world.state.serviceDeployments.size, world.state.serviceRevisions.size], [0, 0]);
  world.refused("ServiceNotFoundException", "Service not found.", "DeleteService", web);
  world.restart();
  world.advanceClock(world.state.timeline.inactiveServiceRetentionMs);
  const arn = "arn:aws:ecs:eu-central-1:111122223333:service/lab/web";
  assert.deepEqual(shown(), { services: [], failures: [{ arn, reason: "MISSING" }] });
  const { services, serviceEvents, rollouts, serviceConditions, deploymentProgress } = world.state;
  assert.deepEqual(
    [services, serviceEvents, rollouts, serviceConditions, deploymentProgress].map(({ size }) => size),
    [0, 0, 0, 0, 0],
  );
  assert.deepEqual([...world.state.revisionUses.keys()], [], "its stopped tasks were forgotten at the same time");
});

test("a daemon needs no force; an unknown service is not found", () => {
  const world = new ServiceWorld("delete-daemon").withInstances(1);
  world.aService({ schedulingStrategy: "DAEMON" });
  world.play(3_000);
  assert.equal(world.call<Shown>("DeleteService", web).value.service.status, "DRAINING");
  world.refused("ServiceNotFoundException", "Service not found.", "DeleteService", { service: "none" });
  world.refused(invalid, "service can not be empty.", "DeleteService", {});
});
