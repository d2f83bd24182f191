import assert from "node:assert/strict";
import { test } from "node:test";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { aDefinition } from "../small-world.ts";

const aWorld = (instances = 3): ServiceWorld =>
  new ServiceWorld("impediments").withInstances(instances, { cpu: 4_096, memoryMiB: 8_192 });

test("protected tasks that keep a service from scaling in are told of once", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3 });
  world.untilSteady();
  const tasks = world.running().map(({ arn }) => arn);
  world.call("UpdateTaskProtection", { tasks, protectionEnabled: true, expiresInMinutes: 10 });
  world.updateService({ desiredCount: 1 });
  world.play(300_000);
  assert.equal(world.running().length, 3);
  const lines = world.told().filter((line) => line.includes("protected tasks"));
  assert.deepEqual(lines, [
    "(service web) was unable to reach steady state because task set (ecs-svc/D) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks",
  ]);
  world.play(400_000);
  assert.equal(world.running().length, 1);
  assert.equal(world.condition().impediment, null);
});

test("tasks that do not start and then fit nowhere: each is told once", () => {
  const world = aWorld(1);
  world.aService({ desiredCount: 1 }, withImage(images.failing, 1));
  world.play(120_000, () => world.told().some((line) => line.includes("unable to consistently")));
  world.changeInstance(0, { agentConnected: false, disconnectedAt: world.now });
  const before = world.told().length;
  world.play(3_600_000);
  const after = world.told().slice(before);
  assert.ok(after.length <= 4, after.join("\n"));
});

test("the closest instance changes: that is no news", () => {
  const world = aWorld(2);
  const filler = () =>
    world.runTask(withImage("app"), { overrides: { containerOverrides: [{ name: "app", cpu: 3_000 }] } });
  const first = filler();
  const second = filler();
  world.report(first.id, "RUNNING");
  world.report(second.id, "RUNNING");
  assert.notEqual(first.instanceId, second.instanceId);
  const definition = aDefinition({ revision: 5, containers: [{ cpu: 4_000 }] });
  world.aService({ desiredCount: 1 }, definition);
  world.play(3_000);
  for (let round = 0; round < 6; round++) {
    // A small task comes and goes on each in turn.
    const small = world.call("StartTask", { containerInstances: [world.instanceId(round % 2)] }, withImage("app"));
    const { tasks } = small.value as { tasks: { taskArn: string }[] };
    world.play(120_000);
    for (const { taskArn } of tasks) world.call("StopTask", { task: taskArn });
    world.play(5_000);
  }
  const lines = world.told().filter((line) => line.includes("unable to place"));
  assert.equal(lines.length, 1, lines.join("\n"));
});

test("a capacity provider without instances is told of once, and no more when there is one", () => {
  const world = aWorld(1);
  world.cluster = { ...world.cluster, capacityProviders: ["fleet"] };
  const capacityProviderStrategy = [{ capacityProvider: "fleet", weight: 1 }];
  world.aService({ desiredCount: 2, capacityProviderStrategy });
  world.play(300_000);
  assert.deepEqual(world.told().slice(1), [
    "(service web) was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.",
  ]);
  const told = world.events.filter(({ detail }) => detail.eventName === "SERVICE_TASK_PLACEMENT_FAILURE");
  assert.deepEqual(
    told.map(({ detail }) => [detail.reason, detail.capacityProviderArns]),
    [["EMPTY CAPACITY PROVIDER", ["arn:aws:ecs:eu-central-1:111122223333:capacity-provider/fleet"]]],
  );
  world.withInstances(1, { capacityProviderName: "fleet" });
  world.untilSteady();
  assert.equal(world.condition().impediment, null);
});

test("a deployment that failed tries to start no tasks, and nothing is told of that", () => {
  const world = aWorld();
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
  world.aService({ desiredCount: 1, deploymentConfiguration }, withImage(images.failing));
  world.untilRollout("FAILED");
  world.play(2_000);
  assert.equal(world.condition().impediment, null);
  const lines = world.told().length;
  world.play(7 * 3_600_000);
  assert.equal(world.told().length, lines);
});

test("why tasks fail is said once for each reason, and again when the service was steady in between", () => {
  const world = aWorld();
  world.aService({ desiredCount: 3 });
  world.untilSteady();
  const said = () => world.told().filter((line) => line.includes(") stopped: "));
  const exit = (exitCode: number): void => {
    const [task] = world.running();
    world.report(task?.id ?? "", "STOPPED", { containers: [{ containerName: "app", status: "STOPPED", exitCode }] });
  };
  const line = (exitCode: number) =>
    `(service web) (task ID) stopped: Essential container in task exited; container app: exit code ${exitCode}`;
  // One after the other, so that the service is not steady in between.
  for (const exitCode of [3, 3, 4]) exit(exitCode);
  assert.deepEqual(said(), [line(3), line(4)]);
  world.untilSteady();
  exit(3);
  assert.deepEqual(said(), [line(3), line(4), line(3)]);
  world.untilSteady();
  world.call("StopTask", { task: world.running()[0]?.id });
  world.play(3_000);
  assert.equal(said().length, 3, "a task that a user stopped has not failed");
});

test("after a deployment failed without a rollback, each task that is lost is counted in the service's events", () => {
  const world = aWorld();
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
  world.aService({ desiredCount: 3, deploymentConfiguration }, withImage("app", 1));
  world.untilSteady();
  world.updateService({}, withImage(images.failing, 2));
  world.untilRollout("FAILED");
  world.play(10_000);
  const said = () => world.told().filter((line) => line.includes("does not replace"));
  assert.deepEqual(said(), [], "all three are there");
  for (const left of [2, 1]) {
    world.call("StopTask", { task: world.running()[0]?.id });
    world.play(60_000);
    assert.equal(world.running().length, left);
    assert.equal(
      said().at(-1),
      `(service web) does not replace tasks that stop because (deployment ecs-svc/D) failed; ${left} of 3 are left. Update the service to start a new deployment.`,
    );
  }
  assert.equal(said().length, 2);
  world.updateService({}, withImage("app", 3));
  world.untilSteady();
  assert.deepEqual([world.running().length, world.condition().impediment], [3, null]);
});
