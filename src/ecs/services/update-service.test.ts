import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../../lib/assert.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { aDefinition, awsvpcDefinition, fargateDefinition, inSubnet } from "../small-world.ts";
import { ServiceWorld } from "./service-world.ts";

const invalid = "InvalidParameterException";
const two = aDefinition({ revision: 2 });
const aWorld = () => new ServiceWorld("update-service").withInstances(2);
const subnet = (id: string) => ({ networkConfiguration: { awsvpcConfiguration: { subnets: [id] } } });

/** A steady service of two tasks. */
function steady(request: object = {}, definition?: TaskDefinition): ServiceWorld {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...request }, definition);
  world.untilSteady();
  return world;
}

const primaryId = (world: ServiceWorld): string => world.target().id;

describe("a deployment begins with", () => {
  const cases: [string, TaskDefinition, object, object, TaskDefinition | null][] = [
    ["another revision", aDefinition(), {}, {}, two],
    ["forceNewDeployment", aDefinition(), {}, { forceNewDeployment: true }, null],
    ["other subnets", awsvpcDefinition(), inSubnet, subnet("subnet-2"), null],
    [
      "another platform version",
      fargateDefinition(),
      { ...inSubnet, launchType: "FARGATE" },
      { platformVersion: "1.3.0" },
      null,
    ],
  ];
  for (const [says, definition, made, changed, next] of cases) {
    test(says, () => {
      const world = aWorld();
      world.aService({ desiredCount: 0, ...made }, definition);
      const before = world.rollout();
      world.updateService(changed, next);
      const after = world.rollout();
      assert.deepEqual(
        after.deployments.map(({ id }) => id),
        [after.targetId, before.targetId],
      );
      const last = must(world.state.serviceDeployments.get(before.serviceDeploymentId), "the one before");
      assert.deepEqual([last.status, last.stoppedAt, last.finishedAt], ["STOPPED", world.now, world.now]);
      assert.notEqual(after.serviceDeploymentId, before.serviceDeploymentId);
      world.restart();
    });
  }
});

describe("no deployment begins with", () => {
  const cases: [string, object, TaskDefinition | null][] = [
    ["the revision that runs", {}, aDefinition()],
    ["a count", { desiredCount: 3 }, null],
    ["a deployment configuration", { deploymentConfiguration: { maximumPercent: 150 } }, null],
    ["constraints", { placementConstraints: [{ type: "distinctInstance" }] }, null],
    ["a strategy of placement", { placementStrategy: [], availabilityZoneRebalancing: "DISABLED" }, null],
    ["a grace period", { healthCheckGracePeriodSeconds: 10 }, null],
    ["managed tags", { enableECSManagedTags: true, propagateTags: "SERVICE", enableExecuteCommand: false }, null],
    ["nothing", {}, null],
  ];
  for (const [says, changed, definition] of cases) {
    test(says, () => {
      const world = steady();
      const before = world.rollout();
      const { events } = world.call("UpdateService", { service: world.service().arn, ...changed }, definition);
      assert.deepEqual([world.rollout(), events], [before, []]);
      world.restart();
    });
  }
});

test("what an update does not name stays, and what it names holds at once", () => {
  const world = steady({ deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 150 } });
  const breaker = { enable: true, rollback: true, thresholdConfiguration: { type: "COUNT", value: 4 } };
  world.updateService({ deploymentConfiguration: { deploymentCircuitBreaker: breaker }, propagateTags: "SERVICE" });
  world.updateService({ desiredCount: 1, deploymentConfiguration: { maximumPercent: 200 } });
  const { desiredCount, deploymentConfiguration, propagateTags } = world.service();
  assert.deepEqual([desiredCount, propagateTags], [1, "SERVICE"]);
  assert.deepEqual(deploymentConfiguration, {
    strategy: "ROLLING",
    minimumHealthyPercent: 50,
    maximumPercent: 200,
    deploymentCircuitBreaker: { ...breaker, resetOnHealthyTask: true },
    alarms: { alarmNames: [], enable: false, rollback: false },
  });
});

test("a rollout that the percentages hold goes on when they change", () => {
  const world = steady({ deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 101 } });
  world.updateService({}, two);
  world.play(120_000);
  assert.equal(world.rollout().deployments.length, 2, "100 and 100 stands still");
  const id = primaryId(world);
  world.updateService({ deploymentConfiguration: { minimumHealthyPercent: 50 } });
  world.untilRollout("COMPLETED");
  assert.deepEqual(
    world.rollout().deployments.map((deployment) => deployment.id),
    [id],
  );
});

test("updates during a rollout: the newest is the target, those before it shrink", () => {
  const world = steady();
  world.updateService({}, two);
  world.play(3_000);
  world.updateService({}, aDefinition({ revision: 3 }));
  assert.deepEqual(
    world.rollout().deployments.map(({ id }) => id === world.target().id),
    [true, false, false],
  );
  const { sourceRevisionIds } = must(
    world.state.serviceDeployments.get(world.rollout().serviceDeploymentId),
    "the service deployment",
  );
  assert.equal(sourceRevisionIds.length, 2, "both had tasks");
  world.untilSteady();
  assert.ok(world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":3")));
  const statuses = [...world.state.serviceDeployments.values()].map(({ status }) => status);
  assert.deepEqual(statuses.sort(), ["STOPPED", "SUCCESSFUL", "SUCCESSFUL"]);
});

test("a changed capacity provider strategy needs force; an empty one goes back to the launch type", () => {
  const world = aWorld();
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"] };
  world.aService({ desiredCount: 1, launchType: "FARGATE", ...inSubnet }, fargateDefinition());
  const spot = { capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] };
  const text =
    "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.";
  world.refused(invalid, text, "UpdateService", { service: "web", ...spot });
  const revision = () => must(world.state.serviceRevisions.get(world.target().revisionId), "a revision");
  world.updateService({ ...spot, forceNewDeployment: true });
  assert.deepEqual([revision().launchType, revision().capacityProviderStrategy[0]?.base], [null, 0]);
  const id = primaryId(world);
  world.updateService(spot);
  assert.equal(primaryId(world), id, "the strategy that it has");
  world.refused(invalid, text, "UpdateService", { service: "web", capacityProviderStrategy: [] });
  world.updateService({ capacityProviderStrategy: [], forceNewDeployment: true });
  assert.deepEqual(
    [revision().launchType, revision().capacityProviderStrategy, revision().platformVersion],
    ["FARGATE", [], "1.4.0"],
  );
});

test("a service goes from Fargate to Auto Scaling groups and back, and its tasks with it", () => {
  const world = aWorld();
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT", "one"] };
  world.changeInstance(0, { capacityProviderName: "one" });
  const by = (capacityProvider: string) => ({ capacityProviderStrategy: [{ capacityProvider, weight: 1 }] });
  const go = (service: string, more: object) =>
    world.call("UpdateService", { service, forceNewDeployment: true, ...more });
  world.call(
    "CreateService",
    { serviceName: "a", desiredCount: 1, launchType: "FARGATE", ...inSubnet },
    fargateDefinition(),
  );
  world.call(
    "CreateService",
    { serviceName: "b", desiredCount: 1, launchType: "EC2", ...inSubnet },
    awsvpcDefinition(),
  );
  go("a", by("one"));
  const shown = () =>
    world.call<{
      services: { capacityProviderStrategy: { capacityProvider: string }[]; platformVersion: string | null }[];
    }>("DescribeServices", { services: ["a"] }).value.services[0];
  assert.deepEqual([shown()?.capacityProviderStrategy[0]?.capacityProvider, shown()?.platformVersion], ["one", null]);
  go("a", by("FARGATE_SPOT"));
  assert.equal(shown()?.platformVersion, "1.4.0");
  go("a", by("one"));
  go("a", { capacityProviderStrategy: [] });
  world.refused(invalid, "Task definition does not support launch_type FARGATE.", "UpdateService", {
    service: "b",
    forceNewDeployment: true,
    ...by("FARGATE"),
  });
});

describe("UpdateService refuses", () => {
  const cases: [string, object, string, string | RegExp][] = [
    ["no service", { service: undefined }, invalid, "service can not be empty."],
    ["an unknown one", { service: "none" }, "ServiceNotFoundException", "Service not found."],
    [
      "one of another cluster",
      { service: "arn:aws:ecs:eu-central-1:111122223333:service/other/web" },
      invalid,
      "Invalid identifier: Identifier is for cluster other. Your cluster is lab",
    ],
    ["a negative count", { desiredCount: -1 }, invalid, /0 or more/],
    ["too many tasks", { desiredCount: 100_001 }, invalid, "Desired count exceeds limit."],
    ["a network that it has no use for", inSubnet, invalid, /not valid for the given networkMode/],
    ["a platform version on EC2", { platformVersion: "LATEST" }, invalid, /platform version must be null/],
    ["a constraint that is none", { placementConstraints: [{ type: "x" }] }, invalid, /constraint type should be/],
    [
      "a maximum of 100 while zones are rebalanced",
      { deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 100 } },
      invalid,
      /rebalancing does not support a maximumPercent of 100/,
    ],
    ["a bad configuration", { deploymentConfiguration: { minimumHealthyPercent: 101 } }, invalid, /at most 100/],
  ];
  for (const [says, changed, code, text] of cases) {
    test(says, () => {
      const world = aWorld();
      world.aService({ desiredCount: 1 });
      world.refused(code, text, "UpdateService", { service: "web", ...changed });
    });
  }
  test("the count of a daemon", () => {
    const world = aWorld();
    world.aService({ schedulingStrategy: "DAEMON" });
    const text =
      "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again";
    world.refused(invalid, text, "UpdateService", { service: "web", desiredCount: 1 });
    world.updateService({}, two);
  });
  test("a service that drains, and one that is INACTIVE", () => {
    const world = steady();
    world.call("DeleteService", { service: "web", force: true });
    for (const status of ["DRAINING", "INACTIVE"]) {
      assert.equal(world.service().status, status);
      const request = { service: "web", desiredCount: 1 };
      world.refused("ServiceNotActiveException", "Service was not ACTIVE.", "UpdateService", request);
      world.play(5_000);
    }
  });
});
