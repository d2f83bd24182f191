import assert from "node:assert/strict";
import { test } from "node:test";
import { viewService } from "../service-view/service-view.ts";
import { images, plain, ServiceWorld, withImage } from "../services/service-world.ts";

const aWorld = (instances = 3): ServiceWorld =>
  new ServiceWorld("services").withInstances(instances, { cpu: 4_096, memoryMiB: 8_192 });

const breaker = (rollback: boolean) => ({
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback } },
});

/** Fails the test when a service is outside its percentages at any moment from now on. */
function holdToPercentages(world: ServiceWorld, name = "web"): void {
  let wasUp = false;
  world.watch = () => {
    const view = viewService({ state: world.state, now: world.now }, world.service(name));
    const { lower, upper } = view;
    const running = world.running(name).length;
    wasUp ||= running >= lower;
    assert.ok(world.tasksOf(name).length <= upper, `${world.tasksOf(name).length} tasks, at most ${upper}`);
    if (wasUp) assert.ok(running >= lower, `${running} running, at least ${lower}`);
  };
}

const deploymentEvents = (world: ServiceWorld) =>
  world.events
    .filter(
      ({ detailType }) =>
        detailType !== "ECS Task State Change" && detailType !== "ECS Container Instance State Change",
    )
    .map(({ detail }) => detail.eventName);

test("a service starts its tasks, is rolled out after the hold of 40 s, and says so", () => {
  const world = aWorld();
  world.aService({ desiredCount: 4 });
  assert.deepEqual(world.tasksOf(), [], "the call itself starts nothing");
  world.play(3_000);
  assert.equal(world.running().length, 4);
  assert.equal(world.target().rolloutState, "IN_PROGRESS");
  world.play(30_000);
  assert.equal(world.target().rolloutState, "IN_PROGRESS", "RUNNING for less than 40 s");
  world.play(20_000);
  assert.equal(world.target().rolloutState, "COMPLETED");
  assert.deepEqual(world.told(), [
    "(service web) has started 4 tasks: (task ID) (task ID) (task ID) (task ID).",
    "(service web) (deployment ecs-svc/D) deployment completed.",
    "(service web) has reached a steady state.",
  ]);
  assert.deepEqual(deploymentEvents(world), [
    "SERVICE_DEPLOYMENT_IN_PROGRESS",
    "TASKS_STARTED",
    "SERVICE_DEPLOYMENT_COMPLETED",
    "SERVICE_STEADY_STATE",
  ]);
  const events = world.events.length;
  world.play(3_600_000);
  assert.equal(world.events.length, events, "a steady service makes no noise");
  world.play(6 * 3_600_000);
  assert.equal(world.told().at(-1), "(service web) has reached a steady state.");
  assert.equal(world.told().length, 4, "it is said again after six hours");
});

test("a task that ends is replaced; scaling out and in follows", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2 });
  world.untilSteady();
  const [task] = world.running();
  world.report(task?.id ?? "", "STOPPED");
  world.play(3_000);
  assert.equal(world.running().length, 2);
  world.updateService({ desiredCount: 5 });
  world.play(4_000);
  assert.equal(world.running().length, 5);
  const zones = new Map<string | null, number>();
  for (const { instanceId } of world.running()) zones.set(instanceId, (zones.get(instanceId) ?? 0) + 1);
  assert.ok(Math.max(...zones.values()) <= 2, "spread over the instances");
  world.updateService({ desiredCount: 1 });
  world.untilSteady();
  assert.equal(world.running().length, 1);
  assert.equal(world.rollout().deployments.length, 1, "scaling is no deployment");
  const stopped = [...world.state.tasks.values()].filter(({ stopCode }) => stopCode === "ServiceSchedulerInitiated");
  assert.equal(plain(stopped[0]?.stoppedReason ?? ""), "Scaling activity initiated by (deployment ecs-svc/D)");
});

for (const [minimumHealthyPercent, maximumPercent] of [
  [100, 200],
  [50, 100],
  [50, 150],
  [0, 100],
  [100, 150],
] as const) {
  test(`a rolling deployment stays inside ${minimumHealthyPercent} and ${maximumPercent} percent all the way`, () => {
    const world = aWorld();
    world.aService(
      { desiredCount: 4, deploymentConfiguration: { minimumHealthyPercent, maximumPercent } },
      withImage("app"),
    );
    world.untilSteady();
    holdToPercentages(world);
    world.updateService({}, withImage("app", 2));
    assert.equal(world.rollout().deployments.length, 2);
    world.untilSteady();
    assert.equal(world.rollout().deployments.length, 1);
    assert.ok(world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":2")));
    world.restart();
    world.play(5_000);
    assert.equal(world.running().length, 4);
  });
}

test("100 and 100 percent: a rollout stands still, says why once, and goes on when there is room", () => {
  const world = aWorld();
  const percent = { minimumHealthyPercent: 100, maximumPercent: 101 };
  world.aService({ desiredCount: 2, deploymentConfiguration: percent }, withImage("app"));
  world.untilSteady();
  world.updateService({}, withImage("app", 2));
  world.play(1_800_000);
  const stuck = world.told().filter((text) => text.includes("was unable to stop or start tasks during a deployment"));
  assert.equal(stuck.length, 1);
  assert.equal(world.rollout().deployments.length, 2);
  world.updateService({ deploymentConfiguration: { ...percent, maximumPercent: 150 } });
  world.untilSteady();
  assert.equal(world.condition().impediment, null);
});

test("a deployment whose tasks do not start trips the circuit breaker; without one to go back to it stays failed", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...breaker(true) }, withImage(images.failing));
  world.untilRollout("FAILED");
  const { failedTasks, rolloutStateReason } = world.target();
  assert.ok(failedTasks >= 3);
  assert.equal(rolloutStateReason, "ECS deployment circuit breaker: tasks failed to start.");
  const tasks = world.state.tasks.size;
  world.play(600_000);
  assert.equal(world.state.tasks.size, tasks, "no more tasks are started");
  assert.ok(world.told().includes("(service web) (deployment ecs-svc/D) deployment failed: tasks failed to start."));
  const [deployment] = world.state.serviceDeployments.values();
  assert.equal(deployment?.status, "STOPPED");
  assert.equal(deployment?.statusReason, "No rollback candidate was found to run the rollback.");
  world.updateService({}, withImage("app", 2));
  world.untilSteady();
});

test("a failed deployment rolls back to the last completed one", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3, ...breaker(true) }, withImage("app"));
  world.untilSteady();
  const first = world.target().id;
  holdToPercentages(world);
  world.updateService({}, withImage(images.failing, 2));
  const failed = world.target().id;
  world.untilRollout("IN_PROGRESS");
  world.play(3_600_000, () => world.target().id === first);
  world.untilSteady();
  const { id, rolloutState } = world.target();
  assert.deepEqual([id, rolloutState], [first, "COMPLETED"]);
  const told = world.told();
  const from = told.indexOf("(service web) (deployment ecs-svc/D) deployment failed: tasks failed to start.");
  assert.ok(from > 0);
  assert.deepEqual(told.slice(from + 1), [
    "(service web) rolling back to deployment ecs-svc/D.",
    "(service web) (deployment ecs-svc/D) deployment completed.",
    "(service web) has reached a steady state.",
  ]);
  const last = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId);
  assert.deepEqual([last?.status, last?.deploymentId], ["ROLLBACK_SUCCESSFUL", failed]);
  assert.ok(deploymentEvents(world).includes("SERVICE_DEPLOYMENT_FAILED"));
});

test("tasks that fail their health checks are replaced, and count once one was RUNNING", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...breaker(true) }, withImage(images.healthy));
  world.untilSteady();
  world.updateService({}, withImage(images.unhealthy, 2));
  world.play(3_600_000, () => world.told().some((text) => text.includes("rolling back")));
  world.untilSteady();
  assert.ok(world.told().includes("(service web) (task ID) failed container health checks."));
  assert.ok(world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":1")));
  const reasons = [...world.state.tasks.values()].map(({ stoppedReason }) => stoppedReason);
  assert.ok(reasons.includes("Task failed container health checks"));
});

test("tasks that do not start are tried again ever more slowly, and for ever", () => {
  const world = aWorld();
  world.aService({ desiredCount: 1 }, withImage(images.failing));
  const made = () =>
    new Set(
      world.events
        .filter(({ detailType }) => detailType === "ECS Task State Change")
        .map(({ resources }) => resources[0]),
    ).size;
  world.play(600_000);
  const first = made();
  world.play(600_000);
  const second = made() - first;
  assert.ok(first > 3 && second < first && second > 0, `${first}, then ${second}`);
  const told = world.told().filter((text) => text.includes("is unable to consistently start tasks successfully"));
  assert.equal(told.length, 1);
  world.play(12 * 3_600_000);
  const before = made();
  world.play(2 * 1_620_000);
  assert.ok(made() - before >= 1, "never more than 27 minutes apart");
  world.updateService({}, withImage("app", 2));
  world.untilSteady();
});

test("a service whose tasks fit nowhere costs one event and a slow retry, and goes on when there is room", () => {
  const world = new ServiceWorld("hungry").withInstances(1, { cpu: 128, memoryMiB: 256 });
  world.aService({ desiredCount: 2 });
  let steps = 0;
  const step = world.step.bind(world);
  world.step = (input) => {
    steps += 1;
    return step(input);
  };
  world.play(3_600_000);
  assert.equal(world.running().length, 1);
  assert.equal(world.told().filter((text) => text.includes("unable to place")).length, 1);
  assert.match(
    world.told().at(-1) ?? "",
    /The closest matching \(container-instance ID\) has insufficient CPU units available/,
  );
  assert.ok(steps < 200, `${steps} steps in an hour`);
  world.withInstances(1);
  world.untilSteady();
  assert.equal(world.condition().impediment, null);
});

test("a service in a cluster without instances says so", () => {
  const world = new ServiceWorld("empty");
  world.aService({ desiredCount: 1 });
  world.play(5_000);
  assert.match(world.told().at(-1) ?? "", /Reason: No Container Instances were found in your cluster\./);
  world.withInstances(1);
  world.untilSteady();
});

test("a deleted service stops its tasks, is INACTIVE when they are gone, and leaves nothing behind", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3 });
  world.untilSteady();
  world.call("DeleteService", { service: "web", force: true });
  assert.equal(world.service().status, "DRAINING");
  world.play(5_000);
  assert.equal(world.service().status, "INACTIVE");
  const { value } = world.call<{ services: { taskDefinition: string }[] }>("DescribeServices", { services: ["web"] });
  assert.match(value.services[0]?.taskDefinition ?? "", /task-definition\/web:1$/, "what it ran is described still");
  assert.equal(world.tasksOf().length, 0);
  assert.deepEqual([world.state.serviceRevisions.size, world.state.serviceDeployments.size], [0, 0]);
  world.play(3_700_000);
  assert.deepEqual([world.state.services.size, world.state.serviceEvents.size, world.state.revisions.size], [0, 0, 0]);
});

test("a newer deployment takes over from one under way", () => {
  const world = aWorld();
  world.aService({ desiredCount: 4 }, withImage("app"));
  world.untilSteady();
  holdToPercentages(world);
  world.updateService({}, withImage("app", 2));
  world.play(5_000);
  world.updateService({}, withImage("app", 3));
  assert.equal(world.rollout().deployments.length, 3);
  world.untilSteady();
  assert.ok(world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":3")));
});

test("what a look leaves to be started follows at once, behind the other services that wait", () => {
  const world = new ServiceWorld("services").withInstances(3, { cpu: 1_000_000, memoryMiB: 10_000_000 });
  world.aService({ serviceName: "large", desiredCount: 350 });
  world.aService({ serviceName: "small", desiredCount: 2 });
  const counts = world.advanceClock(0).map(() => world.tasksOf("large").length);
  assert.equal(counts.length, 4, "looks with at most 100 starts each");
  assert.equal(world.tasksOf("large").length, 350);
  const [first] = world.told("small");
  assert.equal(first, "(service small) has started 2 tasks: (task ID) (task ID).");
  const lines = world.events.filter(({ detail }) => detail.eventName === "TASKS_STARTED");
  assert.deepEqual(
    lines.map(({ resources }) => resources[0]?.split("/").at(-1)),
    ["large", "small", "large", "large", "large"],
  );
});

test("what found no room is not tried again at once", () => {
  const world = new ServiceWorld("services").withInstances(1, { cpu: 25_600, memoryMiB: 51_200 });
  world.aService({ desiredCount: 2_000 });
  const steps = world.advanceClock(1_500);
  const placed = world.tasksOf().length;
  assert.ok(placed > 100 && placed < 2_000, `${placed} tasks fit`);
  assert.ok(steps.length <= placed / 100 + 3, `${steps.length} looks for ${placed} tasks`);
});

test("a deployment that supersedes another stops what that one has just started before what is proven", () => {
  const world = aWorld();
  world.aService({ desiredCount: 4 }, withImage("app"));
  world.untilSteady();
  world.updateService({}, withImage("app", 2));
  world.play(10_000);
  world.updateService({}, withImage("app", 3));
  world.play(5_000);
  const revisions = world.running().map(({ taskDefinitionArn }) => taskDefinitionArn.slice(-1));
  assert.deepEqual(revisions.sort(), ["1", "1", "1", "1", "3", "3", "3", "3"]);
  world.untilSteady();
});

test("a service whose only deployment was stopped has failed, and is not steady", () => {
  const world = aWorld();
  world.aService({ desiredCount: 1 });
  world.play(3_000);
  const [deployment] = world.state.serviceDeployments.values();
  world.call("StopServiceDeployment", { serviceDeploymentArn: deployment?.arn, stopType: "ABORT" });
  world.play(120_000);
  assert.equal(world.target().rolloutState, "FAILED");
  assert.ok(!world.told().some((text) => text.includes("steady state")));
});

test("what a look leaves to be stopped follows at once, too", () => {
  const world = new ServiceWorld("services").withInstances(3, { cpu: 1_000_000, memoryMiB: 10_000_000 });
  world.aService({ desiredCount: 250 });
  world.untilSteady();
  world.updateService({ desiredCount: 1 });
  world.advanceClock(1_000);
  assert.equal(world.running().length, 1);
});

test("a rollback whose tasks do not start either fails", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3, ...breaker(true) }, withImage("app"));
  world.untilSteady();
  const [first] = world.running();
  world.updateService({}, withImage(images.failing, 2));
  // The image of the old one is gone from its registry, and a task with it.
  world.failing.add("web:1");
  world.report(first?.id ?? "", "STOPPED");
  world.play(3_600_000, () => world.told().some((text) => text.includes("rolling back")));
  world.play(3_600_000, () => world.target().rolloutState === "FAILED");
  const last = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId);
  assert.equal(last?.status, "ROLLBACK_FAILED");
  assert.equal(world.running().length, 2, "what runs stays");
});
