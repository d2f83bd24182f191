import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../lib/assert.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import {
  aCluster,
  aDefinition,
  awsvpcDefinition,
  type InstanceOptions,
  inSubnet,
  type SmallWorld,
} from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";

const byRacks = { capacityProviderStrategy: [{ capacityProvider: "racks", weight: 1 }] };

/** A cluster with the providers `racks` and `spare`, without instances. */
function aWorld(): SmallWorld {
  const world = aCluster();
  world.cluster = { ...world.cluster, capacityProviders: ["racks", "spare", "FARGATE"] };
  return world;
}
const rack = (options: InstanceOptions = {}): InstanceOptions => ({ capacityProviderName: "racks", ...options });
const run = (world: SmallWorld, definition: TaskDefinition = aDefinition(), request: object = {}): Task =>
  world.runTask(definition, { ...byRacks, ...request });
const big = (memory: number) => aDefinition({ family: "big", containers: [{ memory }] });

type Described = { readonly tasks: readonly Record<string, unknown>[] };
const describe = (world: SmallWorld, { id }: Task): Record<string, unknown> =>
  must(world.call<Described>("DescribeTasks", { tasks: [id] }).value.tasks[0], "the task");
const later = (world: SmallWorld): unknown => world.advanceClock(ecsTimeline.serviceLookMs);

test("a provider's tasks run only on its instances, and show it", () => {
  const world = aWorld().withInstances(3).withInstances(1, rack()).withInstances(1, { capacityProviderName: "spare" });
  for (const task of world.runTasks(aDefinition(), { ...byRacks, count: 5 })) {
    assert.deepEqual(
      [task.instanceId, task.capacityProviderName, task.launchType],
      [world.instanceId(3), "racks", "EC2"],
    );
    assert.deepEqual([task.lastStatus, task.waitingFor], ["PENDING", null]);
  }
  assert.equal(world.runTask(aDefinition(), { launchType: "EC2" }).capacityProviderName, null);
  world.cluster = {
    ...world.cluster,
    defaultCapacityProviderStrategy: [{ capacityProvider: "spare", weight: 1, base: 0 }],
  };
  assert.equal(world.runTask().instanceId, world.instanceId(4));
});

test("if the provider has no room, a task waits in PROVISIONING without an instance, and is counted so", () => {
  const world = aWorld().withInstances(1);
  const task = run(world, aDefinition(), { count: 1 });
  const shown = describe(world, task);
  assert.deepEqual(
    [shown.lastStatus, shown.desiredStatus, shown.containerInstanceArn, shown.capacityProviderName, shown.launchType],
    ["PROVISIONING", "RUNNING", null, "racks", "EC2"],
  );
  assert.deepEqual(task.containers[0]?.lastStatus, "PROVISIONING");
  const detail = world.events.at(-1)?.detail as Record<string, unknown>;
  assert.deepEqual([detail.lastStatus, detail.version, "containerInstanceArn" in detail], ["PROVISIONING", 1, false]);
  assert.deepEqual(world.call<{ taskArns: string[] }>("ListTasks", {}).value.taskArns, [task.arn]);
  const counts = world.step({ type: "count" }).value as Record<string, unknown>;
  assert.deepEqual([counts.pendingTasks, counts.capacityProvidersInUse], [0, ["racks"]]);
});

test("a new instance of the provider takes the task, soon and even after a restart; others don't", () => {
  const world = aWorld();
  const task = run(world);
  world.withInstances(1, { capacityProviderName: "spare" });
  later(world);
  assert.equal(world.task(task.id).instanceId, null);
  world.restart();
  world.withInstances(1, rack({ agentConnected: false }));
  later(world);
  assert.equal(world.task(task.id).instanceId, null);
  world.changeInstance(1, { agentConnected: true });
  const outcomes = world.advanceClock(ecsTimeline.serviceLookMs);
  const placed = world.task(task.id);
  assert.deepEqual([placed.instanceId, placed.lastStatus, placed.waitingFor], [world.instanceId(1), "PENDING", null]);
  assert.deepEqual([placed.containers[0]?.lastStatus, placed.availabilityZone], ["PENDING", "eu-central-1a"]);
  assert.equal(placed.attributes[0]?.value, "x86_64");
  assert.deepEqual(
    outcomes.flatMap(({ effects }) => effects.map((effect) => effect.type)),
    ["deliver-tasks"],
  );
  world.report(task.id, "RUNNING");
  assert.equal(world.task(task.id).lastStatus, "RUNNING");
});

test("an awsvpc task waits without an ENI; once placed, it stays PROVISIONING until that is created", () => {
  const world = aWorld();
  const task = run(world, awsvpcDefinition(), inSubnet);
  assert.deepEqual(task.attachments[0]?.status, "PRECREATED");
  world.advanceClock(70_000);
  assert.equal(world.task(task.id).attachments[0]?.details.length, 1, "nothing is made for a task that waits");
  world.withInstances(1, rack());
  world.advanceClock(0);
  const placed = world.task(task.id);
  assert.deepEqual([placed.instanceId, placed.lastStatus], [world.instanceId(0), "PROVISIONING"]);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.deepEqual(
    [world.task(task.id).lastStatus, world.task(task.id).attachments[0]?.status],
    ["PENDING", "ATTACHING"],
  );
});

test("GPUs are assigned once there is an instance", () => {
  const requirement = { type: "GPU", value: "1" } as const;
  const definition = aDefinition({
    containers: [
      { name: "a", resourceRequirements: [requirement] },
      { name: "b", essential: false },
      { name: "c", essential: false, resourceRequirements: [requirement] },
    ],
  });
  const world = aWorld();
  const task = run(world, definition);
  world.withInstances(1, rack({ gpus: ["g0", "g1", "g2"] }));
  later(world);
  const placed = world.task(task.id);
  assert.deepEqual(placed.reservation.gpuIds, ["g0", "g1"]);
  assert.deepEqual(
    placed.containers.map(({ gpuIds }) => gpuIds),
    [["g0"], [], ["g1"]],
  );
});

test("freed room starts a look: a task that stops, an instance that is ACTIVE again; the oldest task goes first", () => {
  const world = aWorld().withInstances(1, rack());
  const first = run(world, big(2_048));
  const second = run(world, big(2_048));
  world.advanceClock(1);
  const third = run(world, big(2_048));
  world.call("StopTask", { task: first.id });
  world.report(first.id, "STOPPED");
  later(world);
  assert.deepEqual([world.task(second.id).lastStatus, world.task(third.id).lastStatus], ["PENDING", "PROVISIONING"]);
  world.changeInstance(0, { status: "DRAINING" });
  world.call("StopTask", { task: second.id });
  world.report(second.id, "STOPPED");
  later(world);
  assert.equal(world.task(third.id).lastStatus, "PROVISIONING");
  world.changeInstance(0, { status: "ACTIVE" });
  later(world);
  assert.equal(world.task(third.id).lastStatus, "PENDING");
});

test("the call's constraints hold when a waiting task is placed", () => {
  const world = aWorld();
  const constraint = { type: "memberOf", expression: "attribute:disk == ssd" };
  const task = run(world, aDefinition(), { placementConstraints: [constraint] });
  world.withInstances(1, rack());
  later(world);
  assert.equal(world.task(task.id).instanceId, null);
  world.withInstances(1, rack({ customAttributes: [{ name: "disk", value: "ssd" }] }));
  later(world);
  assert.equal(world.task(task.id).instanceId, world.instanceId(1));
});

test("a waiting task stops at once, with or without an ENI", () => {
  for (const task of [aDefinition(), awsvpcDefinition()]) {
    const world = aWorld();
    const { id } = run(world, task, task.networkMode === "awsvpc" ? inSubnet : {});
    world.call("StopTask", { task: id, reason: "enough" });
    const stopped = world.task(id);
    assert.deepEqual(
      [stopped.lastStatus, stopped.stopCode, stopped.stoppedReason],
      ["STOPPED", "UserInitiated", "enough"],
    );
    assert.deepEqual([stopped.waitingFor, world.state.waitingTasks.size], [null, 0]);
    world.withInstances(1, rack());
    later(world);
    assert.equal(world.task(id).instanceId, null);
  }
});

test("a task that waited too long is stopped, and says what was missing", () => {
  const reasons: readonly (readonly [string, (world: SmallWorld) => SmallWorld, TaskDefinition])[] = [
    ["EMPTY CAPACITY PROVIDER", (world) => world.withInstances(2), aDefinition()],
    ["EMPTY CAPACITY PROVIDER", (world) => world.withInstances(1, rack({ status: "INACTIVE" })), aDefinition()],
    ["NO ACTIVE INSTANCES", (world) => world.withInstances(1, rack({ status: "DRAINING" })), aDefinition()],
    ["AGENT", (world) => world.withInstances(1, rack({ agentConnected: false })), aDefinition()],
    ["RESOURCE:MEMORY", (world) => world.withInstances(2, rack()), big(4_096)],
    ["ATTRIBUTE", (world) => world.withInstances(1, rack()), aDefinition({ requiresAttributes: [{ name: "x" }] })],
  ];
  for (const [reason, prepare, definition] of reasons) {
    const world = prepare(aWorld());
    const { id } = run(world, definition);
    world.advanceClock(ecsTimeline.provisioningTimeoutMs - 1);
    assert.equal(world.task(id).lastStatus, "PROVISIONING");
    world.advanceClock(1);
    const { lastStatus, stopCode, stoppedReason } = world.task(id);
    assert.deepEqual(
      [lastStatus, stopCode, stoppedReason],
      ["STOPPED", "TaskFailedToStart", `TaskFailedToStart: ${reason}`],
    );
  }
  const world = aWorld().withInstances(1, rack());
  const placementConstraints = [{ type: "memberOf", expression: "attribute:disk == ssd" }];
  const { id } = run(world, aDefinition(), { placementConstraints });
  world.advanceClock(ecsTimeline.provisioningTimeoutMs);
  assert.equal(world.task(id).stoppedReason, "TaskFailedToStart: MemberOf placement constraint unsatisfied");
});

test("without changes placement is tried once a minute, and many changes cost one look", () => {
  const world = aWorld().withInstances(1, rack());
  const waiting = run(world, big(4_096));
  const looks = () => world.advanceClock(ecsTimeline.placementRetryMs).length;
  assert.deepEqual([looks(), looks(), looks()], [1, 1, 1]);
  const small = world.runTasks(aDefinition(), { ...byRacks, count: 5 });
  for (const { id } of small) {
    world.call("StopTask", { task: id });
    world.report(id, "STOPPED");
  }
  assert.equal(world.advanceClock(ecsTimeline.serviceLookMs).length, 1);
  assert.equal(world.task(waiting.id).lastStatus, "PROVISIONING");
});

test("at most 500 tasks wait in a cluster; a call that would exceed that changes nothing", () => {
  const world = aWorld();
  const task = run(world);
  for (let i = 1; i < limits.tasksWaitingForCapacity - 5; i++) {
    const id = i.toString(16).padStart(32, "0");
    world.state.tasks.load(id, { ...task, id, arn: task.arn.replace(task.id, id) });
  }
  assert.equal(world.state.waitingTasks.size, 495);
  const text = "Tasks provisioning capacity limit exceeded.";
  world.refused("ClientException", text, "RunTask", { ...byRacks, count: 6 }, aDefinition());
  assert.equal(world.runTasks(aDefinition(), { ...byRacks, count: 5 }).length, 5);
  world.refused("ClientException", text, "RunTask", byRacks, aDefinition());
  world.withInstances(1, rack({ cpu: 64_000, memoryMiB: 128_000 }));
  later(world);
  assert.equal(world.state.waitingTasks.size, 0);
});

test("a strategy for instances takes no platform version, and a definition only for Fargate is refused", () => {
  const world = aWorld().withInstances(1, rack());
  const request = { ...byRacks, platformVersion: "1.4.0" };
  world.refused("InvalidParameterException", /platform version must be null/, "RunTask", request, aDefinition());
  const definition = aDefinition({ requiresCompatibilities: ["FARGATE"], compatibilities: ["FARGATE"] });
  world.refused(
    "InvalidParameterException",
    "Task definition does not support launch_type EC2.",
    "RunTask",
    byRacks,
    definition,
  );
});

test("a repeated token returns the waiting tasks; a forced deregistration doesn't affect them", () => {
  const world = aWorld().withInstances(1, rack());
  const request = { ...byRacks, clientToken: "one" };
  const definition = big(4_096);
  const task = run(world, definition, request);
  assert.equal(run(world, definition, request).id, task.id);
  world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(0), force: true });
  assert.equal(world.task(task.id).lastStatus, "PROVISIONING");
});

test("a task stored before capacity providers waits for nothing", () => {
  const world = aWorld().withInstances(1);
  const { waitingFor: _, ...old } = world.runTask();
  world.machine.load("task", old.id, old);
  assert.equal(world.task(old.id).waitingFor, null);
});
