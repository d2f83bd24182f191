import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../documents/task.ts";
import { limits } from "../limits.ts";
import {
  aCluster,
  aDefinition,
  awsvpcDefinition,
  fargateDefinition,
  inSubnet,
  type SmallWorld,
} from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";

const onFargate = { launchType: "FARGATE", ...inSubnet };

const run = (world: SmallWorld, request: object = {}): Task =>
  world.runTask(fargateDefinition(), { ...onFargate, ...request });

/** The id of the only managed host. */
function hostId(world: SmallWorld): string {
  const ids = [...world.state.managedHosts.keys()];
  assert.equal(ids.length, 1);
  return ids[0] ?? "";
}

const connect = (world: SmallWorld, instanceId = hostId(world)) =>
  world.agent({
    type: "agent-connected",
    instanceId,
    agentVersion: "1.96.0",
    agentHash: null,
    dockerVersion: null,
    isNewProcess: true,
  });

type Described = { readonly tasks: readonly Record<string, unknown>[] };
const describe = (world: SmallWorld, task: Task): Record<string, unknown> =>
  world.call<Described>("DescribeTasks", { tasks: [task.id] }).value.tasks[0] ?? {};

test("a task runs from start to end on an invisible host", () => {
  const world = aCluster();
  const reply = world.call<Described>("RunTask", onFargate, fargateDefinition());
  const [shown = {}] = reply.value.tasks;
  const host = hostId(world);
  assert.deepEqual(reply.effects, [{ type: "start-host", instanceId: host }]);
  assert.equal(shown.containerInstanceArn, null);
  assert.deepEqual(
    [shown.launchType, shown.platformVersion, shown.platformFamily, shown.capacityProviderName, shown.lastStatus],
    ["FARGATE", "1.4.0", "Linux", null, "PROVISIONING"],
  );
  assert.deepEqual([shown.cpu, shown.memory, shown.ephemeralStorage], ["256", "512", { sizeInGiB: 20 }]);
  assert.deepEqual(shown.attributes, [{ name: "ecs.cpu-architecture", value: "x86_64" }]);
  assert.match(String(shown.availabilityZone), /^eu-central-1[abc]$/);

  const id = String(shown.taskArn).slice(-32);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.task(id).lastStatus, "PENDING");
  const [orders] = connect(world).effects;
  assert.equal(orders?.type === "deliver-tasks" && orders.orders[0]?.task.id, id, "it waited for its host");
  const attachment = world.task(id).attachments[0]?.id ?? "";
  world.call("SubmitTaskStateChange", {
    task: world.task(id).arn,
    attachments: [
      { attachmentArn: `arn:aws:ecs:eu-central-1:111122223333:attachment/lab/${attachment}`, status: "ATTACHED" },
    ],
  });
  assert.deepEqual([world.task(id).lastStatus, world.task(id).connectivity], ["ACTIVATING", "CONNECTED"]);
  world.report(id, "RUNNING");
  const [stop] = world.call("StopTask", { task: id }).effects;
  assert.deepEqual([stop, world.task(id).lastStatus], [undefined, "DEACTIVATING"]);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  world.report(id, "STOPPED");
  assert.equal(world.task(id).lastStatus, "DEPROVISIONING");
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.task(id).lastStatus, "STOPPED");

  const details = world.events.map(({ detail }) => detail as Record<string, unknown>);
  assert.deepEqual(
    details.map(({ lastStatus }) => lastStatus),
    ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"],
  );
  for (const detail of details) {
    assert.equal("containerInstanceArn" in detail, false);
    assert.deepEqual([detail.launchType, detail.platformVersion], ["FARGATE", "1.4.0"]);
  }
  assert.ok(world.events.every(({ detailType }) => detailType === "ECS Task State Change"));
});

test("the host is in no list, count or call about container instances", () => {
  const world = aCluster();
  const task = world.runningTask(fargateDefinition(), onFargate);
  const host = hostId(world);
  assert.deepEqual(world.call("ListContainerInstances", {}).value, { containerInstanceArns: [], nextToken: null });
  const { failures } = world.call<{ failures: object[] }>("DescribeContainerInstances", {
    containerInstances: [host],
  }).value;
  assert.equal(failures.length, 1);
  const started = world.call<{ failures: { reason: string }[] }>(
    "StartTask",
    { containerInstances: [host], ...inSubnet },
    awsvpcDefinition(),
  );
  assert.equal(started.value.failures[0]?.reason, "MISSING");
  world.refused("InvalidParameterException", /not found/, "ListTasks", { containerInstance: host });
  world.refused("ClientException", /not registered/, "RegisterContainerInstance", {
    containerInstanceArn: task.arn.replace(/task\/.*$/, `container-instance/lab/${host}`),
  });
  assert.equal(
    world.step({ type: "agent-standing", instanceId: host, caller: null }).value,
    "unknown",
    "to an agent from outside",
  );
  const counts = world.step({ type: "count" }).value as Record<string, unknown>;
  assert.deepEqual(
    [counts.registeredContainerInstances, counts.runningTasks, counts.runningTasksByLaunchType],
    [0, 1, { FARGATE: 1 }],
  );
  world.refused(
    "InvalidParameterException",
    "No Container Instances were found in your cluster.",
    "RunTask",
    {},
    aDefinition(),
  );
  assert.deepEqual(world.call("ListTasks", { launchType: "FARGATE" }).value, { taskArns: [task.arn], nextToken: null });
});

test("one host serves the cluster, is requested again after a restart, and goes when it has been idle long enough", () => {
  const world = aCluster();
  const task = run(world);
  const host = hostId(world);
  connect(world);
  assert.deepEqual(world.call("RunTask", onFargate, fargateDefinition()).effects, [], "it runs already");
  assert.equal(hostId(world), host);
  world.restart();
  assert.deepEqual(world.step({ type: "recovered" }).effects, [{ type: "start-host", instanceId: host }]);
  assert.equal(world.state.managedHosts.get(host)?.agentConnected, false);
  connect(world);
  for (const { id } of [...world.state.tasks.values()]) {
    world.call("StopTask", { task: id });
    world.report(id, "STOPPED");
  }
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.task(task.id).lastStatus, "STOPPED");
  const idleSince = world.state.managedHosts.get(host)?.idleSince ?? 0;
  assert.equal(idleSince, world.now);
  world.restart();
  world.advanceClock(limits.managedHostIdleMs - 1);
  assert.equal(hostId(world), host);
  const effects = world.advanceClock(1).flatMap((outcome) => outcome.effects);
  assert.deepEqual(effects, [{ type: "end-host", instanceId: host }]);
  assert.deepEqual([...world.state.managedHosts.keys(), ...world.state.agentSequences.keys()], []);
  // Its agent connects once more, but the host isn't ours any more.
  assert.deepEqual(connect(world, host).effects, [{ type: "turn-away", instanceId: host }]);
  run(world);
  assert.notEqual(hostId(world), host);
});

test("a new task keeps an idle host, and an idle one isn't requested after a restart", () => {
  const world = aCluster();
  const first = run(world);
  world.call("StopTask", { task: first.id });
  world.advanceClock(ecsTimeline.networkInterfaceMs + limits.managedHostIdleMs - 1);
  assert.equal(world.task(first.id).lastStatus, "STOPPED");
  world.restart();
  assert.deepEqual(world.step({ type: "recovered" }).effects, []);
  const host = hostId(world);
  run(world);
  world.advanceClock(limits.managedHostIdleMs);
  assert.equal(hostId(world), host);
});

test("DeleteCluster waits for the tasks and removes the host", () => {
  const world = aCluster();
  const task = run(world);
  assert.throws(() => world.step({ type: "close", incarnation: 1 }), /Tasks are active/);
  const host = hostId(world);
  world.call("StopTask", { task: task.id });
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.deepEqual(world.step({ type: "close", incarnation: 1 }).effects, [{ type: "end-host", instanceId: host }]);
  assert.equal(world.state.managedHosts.size, 0);
});

test("problems of the host's connection affect its tasks as on an instance", () => {
  const world = aCluster();
  const task = world.runningTask(fargateDefinition(), onFargate);
  connect(world);
  const away = world.agent({ type: "agent-disconnected", instanceId: hostId(world) });
  assert.deepEqual([away.events, away.effects], [[], []]);
  world.call("StopTask", { task: task.id });
  assert.equal(world.task(task.id).lastStatus, "RUNNING", "as it was last known");
  connect(world);
  assert.equal(world.task(task.id).lastStatus, "DEACTIVATING");
  const stopped = world.agent({
    type: "stop-candidates",
    instanceId: hostId(world),
    messageId: "m",
    taskArns: [task.arn, task.arn.replace(/.{32}$/, "f".repeat(32))],
  });
  assert.equal(stopped.effects[0]?.type === "confirm-stops" && stopped.effects[0].taskArns.length, 1);
});

test("platform versions: LATEST is 1.4.0, an older one stays, an unknown one is refused", () => {
  const world = aCluster();
  assert.equal(run(world, { platformVersion: "LATEST" }).platformVersion, "1.4.0");
  assert.equal(run(world, { platformVersion: "1.3.0" }).platformVersion, "1.3.0");
  for (const platformVersion of ["1.4", "2.0.0", "latest"]) {
    const request = { ...onFargate, platformVersion };
    world.refused(
      "PlatformUnknownException",
      "The specified platform does not exist.",
      "RunTask",
      request,
      fargateDefinition(),
    );
  }
});

test("what Fargate doesn't support is refused", () => {
  const world = aCluster().withInstances(1);
  const refusals = [
    [
      "InvalidParameterException",
      "Task definition does not support launch_type FARGATE.",
      onFargate,
      awsvpcDefinition(),
    ],
    [
      "InvalidParameterException",
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
      { launchType: "FARGATE" },
      fargateDefinition(),
    ],
    [
      "ClientException",
      "No Fargate configuration exists for given values: 300 CPU, 512 memory. See the Amazon ECS documentation for the valid values.",
      { ...onFargate, overrides: { cpu: "300" } },
      fargateDefinition(),
    ],
    [
      "InvalidParameterException",
      "Placement constraints are not supported with FARGATE launch type.",
      { ...onFargate, placementConstraints: [{}] },
      fargateDefinition(),
    ],
    [
      "UnsupportedFeatureException",
      /lack attributes that fargate:1 needs: x\./,
      onFargate,
      fargateDefinition({ requiresAttributes: [{ name: "ecs.capability.task-eni" }, { name: "x" }] }),
    ],
    [
      "UnsupportedFeatureException",
      /Windows/,
      onFargate,
      fargateDefinition({
        cpu: "1024",
        memory: "2048",
        more: { runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" } },
      }),
    ],
    [
      "InvalidParameterException",
      "EphemeralStorage size should be at least 21",
      { ...onFargate, overrides: { ephemeralStorage: { sizeInGiB: 20 } } },
      fargateDefinition(),
    ],
  ] as const;
  for (const [code, text, request, definition] of refusals) world.refused(code, text, "RunTask", request, definition);
  assert.equal(world.state.managedHosts.size, 0);
});

test("a server without hosts for Fargate refuses its tasks", () => {
  const world = aCluster();
  Object.assign(world.state.configuration, { managedHosts: null });
  world.refused("UnsupportedFeatureException", /runs no hosts for Fargate/, "RunTask", onFargate, fargateDefinition());
});

test("sizes, storage, architecture and a public address are those requested", () => {
  const world = aCluster();
  const network = { awsvpcConfiguration: { subnets: ["subnet-1"], assignPublicIp: "ENABLED" } };
  const overrides = { cpu: "1 vCPU", memory: "2 GB", ephemeralStorage: { sizeInGiB: 21 } };
  const arm = fargateDefinition({ ephemeralStorageGiB: 50, more: { runtimePlatform: { cpuArchitecture: "ARM64" } } });
  const task = world.runTask(arm, { ...onFargate, networkConfiguration: network, overrides });
  const shown = describe(world, task);
  assert.deepEqual([shown.cpu, shown.memory, shown.ephemeralStorage], ["1024", "2048", { sizeInGiB: 21 }]);
  assert.deepEqual(shown.attributes, [{ name: "ecs.cpu-architecture", value: "arm64" }]);
  assert.deepEqual((shown.overrides as Record<string, unknown>).ephemeralStorage, { sizeInGiB: 21 });
  assert.equal(world.runTask(arm, onFargate).ephemeralStorageGiB, 50);
});

test("an account's vCPUs are limited over all its clusters, Fargate and Fargate Spot separately", () => {
  const world = aCluster();
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"] };
  const large = fargateDefinition({ cpu: "16384", memory: "32768" });
  const spot = { ...inSubnet, capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] };
  world.fargateElsewhere = { FARGATE: (limits.fargateVcpus - 32) * 1024, FARGATE_SPOT: 0 };
  type Reply = { readonly tasks: readonly object[]; readonly failures: readonly { readonly reason: string }[] };
  const { value } = world.call<Reply>("RunTask", { ...onFargate, count: 3 }, large);
  assert.deepEqual(
    [value.tasks.length, value.failures],
    [2, [{ reason: "You’ve reached the limit on the number of vCPUs you can run concurrently" }]],
  );
  assert.equal(world.call<Reply>("RunTask", { ...spot, count: 3 }, large).value.tasks.length, 3);
  assert.deepEqual(world.state.fargateBook.use, { FARGATE: 32 * 1024, FARGATE_SPOT: 48 * 1024 });
  const [first] = world.state.tasks.values();
  world.call("StopTask", { task: first?.id ?? "" });
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.call<Reply>("RunTask", onFargate, large).value.tasks.length, 1);
});

test("a task stored before Fargate is loaded", () => {
  const world = aCluster().withInstances(1);
  const { capacityProviderName: _, platformVersion: __, ...old } = world.runTask(aDefinition());
  world.state.tasks.delete(old.id);
  world.machine.load("task", old.id, old);
  const task = world.task(old.id);
  assert.deepEqual([task.capacityProviderName, task.platformVersion], [null, null]);
});
