import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { aDefinition, type InstanceOptions } from "../small-world.ts";

const name = "logs";
const agentDefinition = (changes: Parameters<typeof aDefinition>[0] = {}): TaskDefinition =>
  aDefinition({ family: "logs", ...changes });

const aWorld = (instances = 3, options: InstanceOptions = {}): ServiceWorld =>
  new ServiceWorld("daemons").withInstances(instances, options);

const aDaemon = (world: ServiceWorld, request: object = {}, definition = agentDefinition()) =>
  world.aService({ serviceName: name, schedulingStrategy: "DAEMON", ...request }, definition);

/** How many tasks of the daemon are on each of the first `count` instances. */
const perInstance = (world: ServiceWorld, count: number): number[] =>
  Array.from(
    { length: count },
    (_, index) => world.tasksOf(name).filter(({ instanceId }) => instanceId === world.instanceId(index)).length,
  );

const taskOn = (world: ServiceWorld, index: number): Task => {
  const [task, ...more] = world.tasksOf(name).filter(({ instanceId }) => instanceId === world.instanceId(index));
  assert.equal(more.length, 0, "never two on one instance");
  return task ?? assert.fail(`no task of the daemon on instance ${index}`);
};

const actions = (world: ServiceWorld): unknown[] =>
  world.events.filter(({ detailType }) => detailType === "ECS Service Action").map(({ detail }) => detail.eventName);

const onlyOn = (kind: string) => ({
  placementConstraints: [{ type: "memberOf", expression: `attribute:kind == ${kind}` }],
});

const ofKind = (kind: string): InstanceOptions => ({ customAttributes: [{ name: "kind", value: kind }] });

/** Fails the test when an instance ever has two tasks of the daemon. */
function holdToOne(world: ServiceWorld): void {
  world.watch = () => {
    const places = world.tasksOf(name).map(({ instanceId }) => instanceId);
    assert.equal(new Set(places).size, places.length, "never two on one instance");
  };
}

test("a daemon has one task on each instance, and as many desired", () => {
  const world = aWorld(3);
  aDaemon(world);
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 3), [1, 1, 1]);
  assert.equal(world.service(name).desiredCount, 3);
  assert.equal(world.target(name).rolloutState, "COMPLETED");
  assert.deepEqual(world.told(name), [
    "(service logs) has started 3 tasks: (task ID) (task ID) (task ID).",
    "(service logs) (deployment ecs-svc/D) deployment completed.",
    "(service logs) has reached a steady state.",
  ]);
  assert.deepEqual(actions(world), ["SERVICE_DESIRED_COUNT_UPDATED", "TASKS_STARTED", "SERVICE_STEADY_STATE"]);
});

test("a daemon without instances is steady with none", () => {
  const world = aWorld(0);
  aDaemon(world);
  world.untilSteady(name);
  assert.equal(world.service(name).desiredCount, 0);
});

test("a daemon that ends is started again where it was", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  const ended = taskOn(world, 1);
  world.report(ended.id, "STOPPED");
  world.play(3_000);
  assert.notEqual(taskOn(world, 1).id, ended.id);
  assert.equal(taskOn(world, 1).lastStatus, "RUNNING");
});

test("a daemon is where its constraints, those of its definition, required attributes and the kind of instance let it", () => {
  const world = aWorld(1, ofKind("web"))
    .withInstances(1, ofKind("db"))
    .withInstances(1, { ...ofKind("web"), external: true })
    .withInstances(1, { ...ofKind("web"), status: "DRAINING" })
    .withInstances(1, { ...ofKind("web"), agentConnected: false })
    .withInstances(1, { customAttributes: [...(ofKind("web").customAttributes ?? []), { name: "rack", value: "7" }] })
    .withInstances(1, {
      customAttributes: [
        { name: "kind", value: "web" },
        { name: "rack", value: "7" },
        { name: "tool", value: null },
      ],
    });
  const ofRack = { type: "memberOf", expression: "attribute:rack == 7" } as const;
  aDaemon(world, onlyOn("web"));
  aDaemon(
    world,
    { serviceName: "racked", ...onlyOn("web") },
    agentDefinition({ revision: 3, placementConstraints: [ofRack] }),
  );
  const needing = agentDefinition({ revision: 2, requiresAttributes: [{ name: "tool" }] });
  aDaemon(world, { serviceName: "tooled" }, needing);
  world.play(3_000);
  assert.deepEqual(perInstance(world, 7), [1, 0, 0, 0, 0, 1, 1]);
  const placesOf = (service: string) =>
    world
      .tasksOf(service)
      .map(({ instanceId }) => instanceId)
      .sort();
  assert.deepEqual(placesOf("racked"), [world.instanceId(5), world.instanceId(6)]);
  assert.deepEqual(placesOf("tooled"), [world.instanceId(6)]);
  world.changeInstance(4, { agentConnected: true });
  world.play(3_000);
  assert.deepEqual(perInstance(world, 7), [1, 0, 0, 0, 1, 1, 1], "as soon as it is connected");
});

test("an instance whose agent is away counts while it has a task", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  world.changeInstance(1, { agentConnected: false });
  world.play(5_000);
  assert.equal(world.service(name).desiredCount, 2, "the task lives on there");
  assert.notEqual(world.condition(name).steadySince, null);
  world.withInstances(1, { agentConnected: false });
  world.play(5_000);
  assert.equal(world.service(name).desiredCount, 2, "nobody could start one there");
});

test("a new definition is rolled out in place: the old task goes, then the new one comes", () => {
  const world = aWorld(4);
  aDaemon(world, { deploymentConfiguration: { minimumHealthyPercent: 50 } });
  world.untilSteady(name);
  const watched: number[] = [];
  world.updateService({ service: name }, agentDefinition({ revision: 2 }));
  holdToOne(world);
  const { watch } = world;
  world.watch = () => {
    watch();
    watched.push(world.running(name).length);
  };
  world.untilRollout("COMPLETED", name);
  assert.equal(Math.min(...watched), 2, "half of four");
  world.untilSteady(name);
  assert.ok(world.tasksOf(name).every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith("logs:2")));
  assert.deepEqual(perInstance(world, 4), [1, 1, 1, 1]);
  assert.equal(world.rollout(name).deployments.length, 1);
});

test("by default all old tasks of a daemon go at once; with 100 percent none does, and the service says so", () => {
  const world = aWorld(3);
  aDaemon(world);
  world.untilSteady(name);
  world.updateService({ service: name }, agentDefinition({ revision: 2 }));
  world.advanceClock(1_000);
  assert.ok(world.tasksOf(name).every(({ desiredStatus }) => desiredStatus === "STOPPED"));
  world.untilSteady(name);

  world.updateService({ service: name, deploymentConfiguration: { minimumHealthyPercent: 100 } });
  world.updateService({ service: name }, agentDefinition({ revision: 3 }));
  const before = world.told(name).length;
  world.play(600_000);
  assert.ok(world.running(name).every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith("logs:2")));
  assert.deepEqual(world.told(name).slice(before), [
    "(service logs) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
  ]);
});

test("a rollout leaves the old task where the agent is away, and goes on when it is back", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  world.changeInstance(1, { agentConnected: false });
  const old = taskOn(world, 1);
  world.updateService({ service: name }, agentDefinition({ revision: 2 }));
  world.play(120_000);
  assert.ok(taskOn(world, 0).taskDefinitionArn.endsWith("logs:2"));
  assert.equal(world.task(old.id).desiredStatus, "RUNNING");
  world.changeInstance(1, { agentConnected: true });
  world.untilRollout("COMPLETED", name);
  assert.ok(taskOn(world, 1).taskDefinitionArn.endsWith("logs:2"));
});

test("an instance that drains keeps its daemons until nothing but daemons is left, and gets no new ones", () => {
  const world = aWorld(2, { cpu: 4_096, memoryMiB: 8_192 });
  aDaemon(world);
  aDaemon(world, { serviceName: "metrics" });
  world.aService({ desiredCount: 2 });
  for (const service of [name, "metrics", "web"]) world.untilSteady(service);
  const replica = world.tasksOf("web").find(({ instanceId }) => instanceId === world.instanceId(0));
  assert.ok(replica !== undefined);
  const gone: string[] = [];
  world.watch = () => {
    for (const service of ["web", name, "metrics"]) {
      const left = world.tasksOf(service).some(({ instanceId }) => instanceId === world.instanceId(0));
      if (!left && !gone.includes(service)) gone.push(service);
    }
  };
  world.changeInstance(0, { status: "DRAINING" });
  world.play(300_000);
  assert.equal(gone[0], "web");
  assert.deepEqual(gone.length, 3, "the instance is empty");
  assert.equal(world.service(name).desiredCount, 1);
  world.untilSteady(name);
  world.changeInstance(0, { status: "ACTIVE" });
  world.play(5_000);
  assert.deepEqual(perInstance(world, 2), [1, 1], "back at work");
});

test("a standalone task on a draining instance keeps the daemon, and no rollout waits for it", () => {
  const world = aWorld(1);
  aDaemon(world);
  world.untilSteady(name);
  const standalone = world.runningTask();
  world.withInstances(1);
  world.untilSteady(name);
  world.changeInstance(0, { status: "DRAINING" });
  world.play(120_000);
  assert.equal(taskOn(world, 0).desiredStatus, "RUNNING");
  assert.equal(world.condition(name).steadySince, null, "not steady while it has a task there");

  world.updateService({ service: name }, agentDefinition({ revision: 2 }));
  world.untilRollout("COMPLETED", name);
  assert.deepEqual(perInstance(world, 2), [0, 1]);

  world.changeInstance(0, { status: "ACTIVE" });
  world.play(5_000);
  world.changeInstance(0, { status: "DRAINING" });
  world.play(5_000);
  assert.deepEqual(perInstance(world, 2), [1, 1]);
  world.report(standalone.id, "STOPPED");
  world.play(5_000);
  assert.deepEqual(perInstance(world, 2), [0, 1], "with the standalone task the daemon's reason to stay is gone");
});

test("a rollout that gets nowhere leaves the old daemon on a draining instance alone", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  const standalone = world.runningTask();
  const at = world.instance(0).id === standalone.instanceId ? 0 : 1;
  world.changeInstance(at, { status: "DRAINING" });
  world.play(5_000);
  const old = taskOn(world, at);
  world.updateService({ service: name }, withImage(images.stuck, 2));
  world.play(600_000);
  assert.equal(world.task(old.id).desiredStatus, "RUNNING", "no other instance has a new task that runs");
  world.updateService({ service: name }, agentDefinition({ revision: 3 }));
  world.untilRollout("COMPLETED", name);
  assert.equal(world.task(old.id).lastStatus, "STOPPED");
  assert.equal(world.task(standalone.id).lastStatus, "RUNNING");
});

test("a daemon that has not started yet leaves a draining instance at once", () => {
  const world = aWorld(1);
  aDaemon(world);
  world.advanceClock(1_000);
  world.runTask();
  assert.equal(taskOn(world, 0).lastStatus, "PENDING");
  world.changeInstance(0, { status: "DRAINING" });
  world.advanceClock(2_000);
  assert.equal(taskOn(world, 0).desiredStatus, "STOPPED");
});

test("a running daemon whose instance no longer meets the constraints is stopped, and that is told", () => {
  const world = aWorld(2, ofKind("web"));
  aDaemon(world, onlyOn("web"));
  world.untilSteady(name);
  const before = [world.told(name).length, actions(world).length];
  world.changeInstance(1, { customAttributes: [{ name: "kind", value: "db" }] });
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 2), [1, 0]);
  assert.deepEqual(world.told(name).slice(before[0]), [
    "(service logs) (task ID) no longer meets the placement constraints.",
    "(service logs) has stopped 1 running tasks: (task ID).",
    "(service logs) has reached a steady state.",
  ]);
  assert.deepEqual(actions(world).slice(before[1]), [
    "SERVICE_DESIRED_COUNT_UPDATED",
    "TASKS_STOPPED",
    "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
    "SERVICE_STEADY_STATE",
  ]);
  const violation = world.events.find(
    ({ detail }) => detail.eventName === "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
  );
  assert.deepEqual(violation?.detail.containerInstanceArns, [world.instance(1).arn]);
  assert.equal(violation?.detail.eventType, "ERROR");

  world.updateService({ service: name, ...onlyOn("db") });
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 2), [0, 1], "changed constraints hold for running tasks too");
});

test("a constraint that looks at tasks does not count the daemon's own", () => {
  const world = aWorld(2, { cpu: 4_096, memoryMiB: 8_192 });
  const expression = "runningTasksCount < 2 and not(task:group == service:logs)";
  aDaemon(world, { placementConstraints: [{ type: "memberOf", expression }] });
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 2), [1, 1]);
  world.play(300_000);
  assert.equal(world.told(name).filter((text) => text.includes("stopped")).length, 0);
  const tasks = world.runTasks(aDefinition(), {
    count: 4,
    placementStrategy: [{ type: "spread", field: "instanceId" }],
  });
  for (const { id } of tasks) world.report(id, "RUNNING");
  world.play(120_000);
  assert.deepEqual(perInstance(world, 2), [0, 0], "noticed within the time of a slow retry");
});

test("an instance without room is told of once and tried again when there is some; the others have their task", () => {
  const world = aWorld(3);
  const [full] = world.runTasks(aDefinition({ containers: [{ cpu: 1_024 }] }));
  assert.ok(full !== undefined);
  aDaemon(world);
  world.play(200_000);
  assert.equal(world.running(name).length, 2);
  assert.equal(world.service(name).desiredCount, 3);
  const failures = world.told(name).filter((text) => text.includes("unable"));
  assert.deepEqual(failures, [
    "(service logs) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance ID) has insufficient CPU units available. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
  ]);
  assert.ok(world.condition(name).impediment !== null);
  const due = world.machine.nextDueAt() ?? 0;
  assert.ok(due >= world.now + 1_000, "no busy loop");
  world.report(full.id, "STOPPED");
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 3), [1, 1, 1]);
  assert.equal(world.condition(name).impediment, null);
});

test("on a new instance the daemon is placed before replica tasks that wait for room", () => {
  const world = aWorld(1, { cpu: 256 });
  aDaemon(world, {}, agentDefinition({ containers: [{ cpu: 256 }] }));
  world.untilSteady(name);
  world.aService({ desiredCount: 4 }, aDefinition({ containers: [{ cpu: 128 }] }));
  world.play(90_000);
  assert.equal(world.tasksOf("web").length, 0);
  // The daemon has just been looked at, so that its pace would have it wait, and the replicas are woken.
  world.report(taskOn(world, 0).id, "STOPPED");
  world.advanceClock(1_000);
  world.withInstances(1, { cpu: 256 });
  world.advanceClock(500);
  assert.equal(world.tasksOf("web").filter(({ instanceId }) => instanceId === world.instanceId(1)).length, 0);
  world.play(5_000);
  assert.deepEqual(perInstance(world, 2), [1, 1]);
});

test("on a new instance the daemon is placed before tasks that wait for capacity of a provider", () => {
  const ofProvider = { customAttributes: [], capacityProviderName: "spot", cpu: 256 };
  const world = aWorld(1, ofProvider);
  const capacityProviderStrategy = [{ capacityProvider: "spot", weight: 1 }];
  world.cluster = { ...world.cluster, capacityProviders: ["spot"] };
  aDaemon(world, {}, agentDefinition({ containers: [{ cpu: 256 }] }));
  world.untilSteady(name);
  const waiting = aDefinition({ containers: [{ cpu: 128 }] });
  world.call("RunTask", { capacityProviderStrategy, count: 2 }, waiting);
  world.play(90_000);
  world.report(taskOn(world, 0).id, "STOPPED");
  world.advanceClock(1_000);
  world.withInstances(1, ofProvider);
  world.play(5_000);
  assert.deepEqual(perInstance(world, 2), [1, 1]);
});

test("a daemon of launch type EXTERNAL is on external instances", () => {
  const world = aWorld(1).withInstances(2, { external: true });
  aDaemon(world, { launchType: "EXTERNAL" });
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 3), [0, 1, 1]);
  assert.equal(taskOn(world, 1).launchType, "EXTERNAL");
});

test("a daemon that never starts is held back, trips the circuit breaker and is rolled back", () => {
  const world = aWorld(3);
  const deploymentCircuitBreaker = { enable: true, rollback: true };
  aDaemon(world, { deploymentConfiguration: { deploymentCircuitBreaker } }, { ...withImage(images.healthy) });
  world.untilSteady(name);
  world.updateService({ service: name }, withImage(images.failing, 2));
  world.play(20_000, () => world.told(name).some((text) => text.includes("rolling back")));
  assert.match(world.told(name).join("\n"), /deployment failed: tasks failed to start/);
  world.untilSteady(name);
  assert.ok(world.running(name).every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith("web:1")));
  assert.deepEqual(perInstance(world, 3), [1, 1, 1]);
});

test("daemons that fail their health checks are replaced one at a time", () => {
  const world = aWorld(3);
  aDaemon(world, {}, withImage(images.healthy));
  world.untilSteady(name);
  const old = world.running(name);
  for (const { instanceId, arn, containers } of old) {
    const reported = containers.map((container) => ({ name: container.name, healthStatus: "UNHEALTHY" }) as const);
    world.agent({ type: "task-health", instanceId: instanceId ?? "", tasks: [{ taskArn: arn, containers: reported }] });
  }
  const most: number[] = [];
  world.watch = () => most.push(3 - world.running(name).length);
  world.untilSteady(name);
  assert.equal(Math.max(...most), 1);
  assert.ok(old.every(({ id }) => world.task(id).stoppedReason === "Task failed container health checks"));
});

test("a deleted daemon stops everywhere, also where a standalone task is on a draining instance", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  world.runningTask();
  world.changeInstance(0, { status: "DRAINING" });
  world.call("DeleteService", { service: name, force: true });
  world.play(5_000);
  assert.deepEqual(world.tasksOf(name), []);
  assert.equal(world.service(name).status, "INACTIVE");
});

test("a deregistered instance takes its daemon with it", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(1), force: true });
  world.untilSteady(name);
  assert.deepEqual(perInstance(world, 2), [1, 0]);
  assert.equal(world.service(name).desiredCount, 1);
});

test("after a restart a daemon is what it was", () => {
  const world = aWorld(2);
  aDaemon(world);
  world.untilSteady(name);
  world.restart();
  const events = world.events.length;
  world.play(30_000);
  assert.equal(world.events.length, events);
});
