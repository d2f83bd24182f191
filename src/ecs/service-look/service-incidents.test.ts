import assert from "node:assert/strict";
import { test } from "node:test";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";

const aWorld = (instances = 3): ServiceWorld =>
  new ServiceWorld("incidents").withInstances(instances, { cpu: 4_096, memoryMiB: 8_192 });

const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

const serviceDeployment = (world: ServiceWorld) => {
  const deployment = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId);
  assert.ok(deployment !== undefined);
  return deployment;
};

/** A service that is rolled back while one of its instances drains; the control plane is killed every so many seconds. */
function rollbackBesideDrain(secondsBetweenRestarts: number): object {
  const world = aWorld(4);
  const pass = (seconds: number): void => {
    for (let second = 1; second <= seconds; second++) {
      world.play(1_000);
      if (second % secondsBetweenRestarts === 0) world.restart();
    }
  };
  world.aService({ desiredCount: 4, deploymentConfiguration: breaker }, withImage("app", 1));
  pass(60);
  world.updateService({}, withImage(images.failing, 2));
  pass(5);
  world.call("UpdateContainerInstancesState", { containerInstances: [world.instanceId(0)], status: "DRAINING" });
  pass(120);
  assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
  assert.equal(world.usage(0).taskIds.size, 0);
  assert.notEqual(world.condition().steadySince, null);
  return { told: world.told(), deployments: world.rollout().deployments.length, running: world.running().length };
}

test("a control plane that is killed again and again does what one that lives does", () => {
  const undisturbed = rollbackBesideDrain(Number.POSITIVE_INFINITY);
  for (const seconds of [1, 3]) assert.deepEqual(rollbackBesideDrain(seconds), undisturbed);
});

const turns = [
  [1, 0, 100, true],
  [1, 50, 100, false],
  [1, 100, 199, false],
  [1, 100, 200, true],
  [2, 50, 100, true],
  [2, 51, 100, false],
  [2, 100, 149, false],
  [2, 100, 150, true],
  [3, 66, 100, true],
  [3, 67, 100, false],
  [3, 100, 133, false],
  [3, 100, 134, true],
] as const;

test("the lower bound is rounded up and the upper one down: where that leaves no room a rollout stands still and says so", () => {
  for (const [desiredCount, minimumHealthyPercent, maximumPercent, moves] of turns) {
    const world = aWorld();
    const deploymentConfiguration = { minimumHealthyPercent, maximumPercent };
    const request = { desiredCount, deploymentConfiguration, availabilityZoneRebalancing: "DISABLED" };
    world.aService(request, withImage("app", 1));
    world.untilSteady();
    world.updateService({}, withImage("app", 2));
    world.play(400_000);
    const says = `${desiredCount} tasks, ${minimumHealthyPercent} and ${maximumPercent} percent`;
    assert.equal(world.target().rolloutState, moves ? "COMPLETED" : "IN_PROGRESS", says);
    const lines = world.told().filter((line) => line.includes("service deployment configuration"));
    assert.equal(lines.length, moves ? 0 : 1, says);
  }
});

test("failures of a deployment that is superseded are not those of the new one", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3, deploymentConfiguration: breaker }, withImage("app", 1));
  world.untilSteady();
  world.updateService({}, withImage(images.failing, 2));
  world.advanceClock(500);
  world.updateService({}, withImage("app", 3));
  world.untilSteady();
  assert.deepEqual([serviceDeployment(world).status, serviceDeployment(world).failureCount], ["SUCCESSFUL", 0]);
});

test("a service that is deleted while its tasks fail, and made again, leaves nothing behind", () => {
  const world = aWorld();
  for (let round = 0; round < 3; round++) {
    world.aService({ desiredCount: 3 }, withImage(images.failing));
    world.play(1_000 * round);
    world.call("DeleteService", { service: "web", force: true });
    world.call("DeleteService", { service: "web", force: true });
    world.play(5_000);
    assert.equal(world.service().status, "INACTIVE");
  }
  assert.deepEqual([world.state.serviceDeployments.size, world.state.serviceRevisions.size], [0, 0]);
});

test("a service takes the room that a user's task leaves, after a restart too", () => {
  const world = new ServiceWorld("incidents").withInstances(1, { cpu: 256 });
  const task = world.runningTask(withImage("app"));
  world.aService({ desiredCount: 2 }, withImage("app"));
  world.play(10_000);
  assert.equal(world.running().length, 1);
  world.restart();
  world.call("StopTask", { task: task.arn });
  world.play(4_000);
  assert.equal(world.running().length, 2);
});

test("tasks that wait for capacity take room of the upper bound, go first in a scale-in, and are failures when they wait too long", () => {
  const world = new ServiceWorld("incidents").withInstances(1, { cpu: 256, capacityProviderName: "fleet" });
  world.cluster = { ...world.cluster, capacityProviders: ["fleet"] };
  const capacityProviderStrategy = [{ capacityProvider: "fleet", weight: 1 }];
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false }, maximumPercent: 150 };
  world.aService({ desiredCount: 4, capacityProviderStrategy, deploymentConfiguration }, withImage("app", 1));
  world.play(30_000);
  assert.deepEqual([world.running().length, world.tasksOf().length], [2, 4]);
  world.updateService({ desiredCount: 2 });
  world.play(60_000);
  assert.deepEqual([world.running().length, world.tasksOf().length], [2, 2]);
  world.updateService({ desiredCount: 4 }, withImage("app", 2));
  world.play(10_000);
  assert.equal(world.tasksOf().filter(({ waitingFor }) => waitingFor !== null).length, 4, "6 tasks at most");
  world.untilRollout("FAILED");
  assert.equal(world.running().length, 2, "those that run stay");
});

test("tasks that never become RUNNING are given up after three hours, and count for the circuit breaker", () => {
  const world = aWorld();
  world.aService({ desiredCount: 1, deploymentConfiguration: breaker }, withImage("app", 1));
  world.untilSteady();
  world.updateService({}, withImage(images.stuck, 2));
  world.play(world.state.timeline.startTimeoutMs - 10_000);
  const waiting = world.tasksOf().find(({ lastStatus }) => lastStatus === "PENDING");
  assert.ok(waiting !== undefined, "it is waited for");
  world.restart();
  world.play(20_000);
  const { stopCode, stoppedReason, lastStatus } = world.task(waiting.id);
  assert.deepEqual([lastStatus, stopCode], ["STOPPED", "TaskFailedToStart"]);
  assert.match(stoppedReason ?? "", /^Task failed to start: it was not RUNNING within three hours/);
  assert.equal(world.target().failedTasks, 1);
  world.play(4 * world.state.timeline.startTimeoutMs, () => serviceDeployment(world).status === "ROLLBACK_SUCCESSFUL");
  assert.equal(serviceDeployment(world).status, "ROLLBACK_SUCCESSFUL");
});
