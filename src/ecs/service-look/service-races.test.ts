import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";

const aWorld = (instances = 3): ServiceWorld =>
  new ServiceWorld("races").withInstances(instances, { cpu: 4_096, memoryMiB: 8_192 });

const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

const runs = (world: ServiceWorld, revision: number): boolean =>
  world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(`:${revision}`));

const stop = (world: ServiceWorld, stopType: "ROLLBACK" | "ABORT"): object => {
  const { arn } = serviceDeployment(world);
  return world.call("StopServiceDeployment", { serviceDeploymentArn: arn, stopType });
};

const serviceDeployment = (world: ServiceWorld) => {
  const deployment = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId);
  assert.ok(deployment !== undefined);
  return deployment;
};

describe("what a user asks for at the moment when a deployment fails", () => {
  const aFailingRollout = (rollback: boolean): ServiceWorld => {
    const world = aWorld();
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback } };
    world.aService({ desiredCount: 3, deploymentConfiguration }, withImage("app", 1));
    world.untilSteady();
    world.updateService({}, withImage(images.failing, 2));
    // All tasks have failed and nobody has looked yet.
    world.play(60_000, () => world.target().breakerCount >= 2);
    return world;
  };

  test("a rollback is made though the circuit breaker would make none", () => {
    const world = aFailingRollout(false);
    stop(world, "ROLLBACK");
    for (const task of world.tasksOf()) if (task.lastStatus === "PENDING") world.report(task.id, "STOPPED");
    world.untilSteady();
    assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
    assert.ok(runs(world, 1));
  });

  test("a stop is a stop though the circuit breaker would roll back", () => {
    const world = aFailingRollout(true);
    stop(world, "ABORT");
    for (const task of world.tasksOf()) if (task.lastStatus === "PENDING") world.report(task.id, "STOPPED");
    world.play(5_000);
    assert.equal(serviceDeployment(world).status, "STOPPED");
    assert.equal(world.target().rolloutState, "FAILED");
  });
});

describe("a fixed host port on one instance", () => {
  const onPort = (revision: number) => {
    const one = withImage("app", revision);
    const portMappings = [{ containerPort: 80, hostPort: 80, protocol: "tcp" }];
    return {
      ...one,
      containerDefinitions: one.containerDefinitions.map((each) => ({ ...each, portMappings })),
    } as typeof one;
  };

  test("100 and 200: the new task cannot start beside the old one, and the service says so", () => {
    const world = aWorld(1);
    world.aService({ desiredCount: 1 }, onPort(1));
    world.untilSteady();
    world.updateService({}, onPort(2));
    world.play(600_000);
    assert.ok(runs(world, 1) && world.running().length === 1);
    const lines = world.told().filter((line) => line.includes("is already using a port required by your task"));
    assert.equal(lines.length, 1, world.told().join("\n"));
    world.updateService({
      deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 },
      availabilityZoneRebalancing: "DISABLED",
    });
    world.untilSteady();
    assert.ok(runs(world, 2) && world.running().length === 1);
  });
});

describe("in the middle of a rollback", () => {
  const rollingBack = (): ServiceWorld => {
    const world = aWorld();
    world.aService(
      { desiredCount: 4, deploymentConfiguration: { ...breaker, minimumHealthyPercent: 50 } },
      withImage("app", 1),
    );
    world.untilSteady();
    world.updateService({}, withImage(images.failing, 2));
    world.play(600_000, () => serviceDeployment(world).status === "ROLLBACK_IN_PROGRESS");
    assert.equal(serviceDeployment(world).status, "ROLLBACK_IN_PROGRESS");
    return world;
  };

  test("an update takes over; the rollback has failed", () => {
    const world = rollingBack();
    const { id } = serviceDeployment(world);
    world.updateService({}, withImage("app", 3));
    assert.equal(world.state.serviceDeployments.get(id)?.status, "ROLLBACK_FAILED");
    world.untilSteady();
    assert.ok(runs(world, 3) && world.running().length === 4);
    assert.equal(world.rollout().deployments.length, 1);
  });

  test("a drain goes on beside it", () => {
    const world = rollingBack();
    world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(0)], status: "DRAINING" });
    world.untilSteady();
    assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
    assert.equal(world.usage(0).taskIds.size, 0);
  });

  test("scaled to 0, it ends with none", () => {
    const world = rollingBack();
    world.updateService({ desiredCount: 0 });
    world.untilSteady();
    assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
    assert.equal(world.tasksOf().length, 0);
  });

  test("deleted, it ends", () => {
    const world = rollingBack();
    world.call("DeleteService", { service: "web", force: true });
    world.play(10_000);
    assert.equal(world.service().status, "INACTIVE");
    assert.equal(world.tasksOf().length, 0);
  });

  test("stopping it twice changes nothing", () => {
    const world = rollingBack();
    stop(world, "ROLLBACK");
    stop(world, "ABORT");
    world.untilSteady();
    assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
    assert.throws(() => stop(world, "ROLLBACK"), /cannot be stopped/);
  });
});

test("tasks that a user stops are replaced, and no failures", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3, deploymentConfiguration: breaker }, withImage("app", 1));
  for (let round = 0; round < 5; round++) {
    world.advanceClock(1_000);
    for (const { arn } of world.tasksOf()) world.call("StopTask", { task: arn });
    world.play(2_000);
  }
  assert.equal(world.target().breakerCount, 0);
  assert.equal(world.target().failedTasks, 0);
  world.untilSteady();
  assert.equal(world.running().length, 3);
});

test("updates that follow one another leave no deployments without tasks behind", () => {
  const world = aWorld(0);
  world.aService({ desiredCount: 2 }, withImage("app", 1));
  for (let revision = 2; revision < 8; revision++) {
    world.updateService({}, withImage("app", revision));
    world.play(2_000);
  }
  assert.equal(world.rollout().deployments.length, 1);
});

test("a superseded rollout without tasks goes, and what can be rolled back to stays", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, deploymentConfiguration: breaker }, withImage("app", 1));
  world.untilSteady();
  const first = world.target().id;
  world.updateService({}, withImage("app", 2));
  world.updateService({}, withImage(images.failing, 3));
  world.play(2_000);
  assert.deepEqual(
    world.rollout().deployments.map(({ id, rolloutState }) => [id === world.target().id, rolloutState]),
    [
      [true, "IN_PROGRESS"],
      [false, "COMPLETED"],
    ],
  );
  world.untilSteady();
  assert.equal(world.target().id, first);
});

test("the tasks of a deleted service with the same name are not the new one's, wherever they still are", () => {
  const world = aWorld(2);
  world.aService({ desiredCount: 2 }, withImage("app", 1));
  world.untilSteady();
  const old = world.running();
  const away = old[0]?.instanceId;
  const index = [0, 1].find((each) => world.instanceId(each) === away) ?? 0;
  world.changeInstance(index, { agentConnected: false, disconnectedAt: world.now });
  world.call("DeleteService", { service: "web", force: true });
  world.play(5_000);
  assert.equal(world.service().status, "INACTIVE");
  world.aService({ desiredCount: 1, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 101 } });
  world.untilSteady();
  assert.equal(world.running().length, 1);
  world.changeInstance(index, { agentConnected: true, disconnectedAt: null });
  world.play(120_000);
  assert.equal(world.running().length, 1);
});

test("after a failed rollout without rollback the old tasks stay, those that fail their health checks too", () => {
  const world = aWorld();
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
  world.aService({ desiredCount: 3, deploymentConfiguration }, withImage(images.healthy, 1));
  world.untilSteady();
  world.updateService({}, withImage(images.failing, 2));
  world.untilRollout("FAILED");
  for (const { arn, instanceId } of world.running()) {
    const containers = [{ name: "app", healthStatus: "UNHEALTHY" as const }];
    world.agent({ type: "task-health", instanceId: instanceId ?? "", tasks: [{ taskArn: arn, containers }] });
  }
  world.play(60_000);
  assert.equal(world.running().length, 3);
  world.updateService({}, withImage(images.healthy, 3));
  world.untilSteady();
  assert.ok(runs(world, 3));
});

test("after a failed rollout without rollback a scale-in is for the old tasks, too, and the service can be deleted", () => {
  const world = aWorld();
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
  world.aService({ desiredCount: 3, deploymentConfiguration }, withImage("app", 1));
  world.untilSteady();
  world.updateService({}, withImage(images.failing, 2));
  world.untilRollout("FAILED");
  world.updateService({ desiredCount: 2 });
  world.play(5_000);
  assert.equal(world.running().length, 2);
  world.updateService({ desiredCount: 0 });
  world.play(5_000);
  assert.equal(world.tasksOf().length, 0);
  world.call("DeleteService", { service: "web" });
  world.play(5_000);
  assert.equal(world.service().status, "INACTIVE");
});
