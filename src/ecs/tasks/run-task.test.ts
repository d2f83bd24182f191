import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet } from "../small-world.ts";
import type { TaskReply } from "./run-task.ts";

const reasons = ({ failures }: TaskReply): unknown[] => failures.map((failure) => (failure as Failure).reason);
type Failure = { arn: string; reason: string; detail: string };

test("count is 1 by default, and 1 to 10", () => {
  const world = aCluster().withInstances(2);
  assert.equal(world.runTasks(aDefinition()).length, 1);
  assert.equal(world.runTasks(aDefinition(), { count: 10 }).length, 10);
  for (const count of [0, -1, 11, 1.5, Number.NaN]) {
    world.refused("InvalidParameterException", "count must be between 1 and 10.", "RunTask", { count }, aDefinition());
  }
});

test("a new task is PENDING, with desired status RUNNING and version 1, in its family's group", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  assert.equal(task.lastStatus, "PENDING");
  assert.deepEqual([task.desiredStatus, task.version, task.group, task.startedBy], ["RUNNING", 1, "family:web", null]);
  assert.equal(task.createdAt, world.now);
  assert.deepEqual([task.launchType, task.availabilityZone, task.healthStatus], ["EC2", "eu-central-1a", "UNKNOWN"]);
  assert.deepEqual(task.attributes, [{ name: "ecs.cpu-architecture", value: "x86_64" }]);
  assert.match(task.containers[0]?.arn ?? "", new RegExp(`container/lab/${task.id}/[0-9a-f-]{36}$`));
});

test("a task and its instance are announced once each, with the usage", () => {
  const world = aCluster().withInstances(2);
  const { events } = world.call("RunTask", { count: 3 }, aDefinition());
  const tasks = events.filter(({ detailType }) => detailType === "ECS Task State Change");
  const instances = events.filter(({ detailType }) => detailType === "ECS Container Instance State Change");
  assert.deepEqual(
    tasks.map(({ detail }) => [detail.lastStatus, detail.version]),
    Array(3).fill(["PENDING", 1]),
  );
  const used = new Set([...world.state.tasks.values()].map(({ instanceId }) => instanceId));
  assert.deepEqual(new Set(instances.map(({ resources }) => resources[0]?.slice(-32))), used);
  for (const { resources, detail } of instances) {
    const left = (detail.remainingResources as { integerValue: number }[])[0]?.integerValue;
    assert.equal(left, 1024 - world.state.book.usageOf((resources[0] as string).slice(-32)).cpu);
  }
});

test("a task that doesn't fit is a failure, one for each reason, naming the closest instance", () => {
  const world = aCluster()
    .withInstances(1, { cpu: 100 })
    .withInstances(1, { cpu: 120 })
    .withInstances(1, { cpu: 4096, memoryMiB: 200 })
    .withInstances(1, { cpu: 4096, memoryMiB: 100 })
    .withInstances(1, { agentConnected: false })
    .withInstances(1, { cpu: 256 });
  const { value } = world.call<TaskReply>("RunTask", { count: 5 }, aDefinition());
  assert.equal(value.tasks.length, 2, "as many as fit");
  assert.deepEqual(value.failures, [
    { arn: world.instance(2).arn, reason: "RESOURCE:MEMORY", detail: "Needs 256 MiB of memory, 200 are left." },
    { arn: world.instance(1).arn, reason: "RESOURCE:CPU", detail: "Needs 128 CPU units, 120 are left." },
    { arn: world.instance(4).arn, reason: "AGENT", detail: "The agent is not connected." },
  ]);
});

test("each decision sees earlier ones: two fixed ports need two instances", () => {
  const world = aCluster().withInstances(2);
  const definition = aDefinition({ containers: [{ portMappings: [{ containerPort: 80, hostPort: 8080 }] }] });
  const { value, effects } = world.call<TaskReply>("RunTask", { count: 3 }, definition);
  assert.equal(value.tasks.length, 2);
  assert.deepEqual(reasons(value), ["RESOURCE:PORTS"]);
  assert.equal(new Set([...world.state.tasks.values()].map(({ instanceId }) => instanceId)).size, 2);
  assert.deepEqual(
    effects.map((effect) => (effect.type === "deliver-tasks" ? effect.orders.length : effect.type)),
    [1, 1],
  );
});

test("tasks of one call go to an agent in one message", () => {
  const { effects } = aCluster()
    .withInstances(2, { cpu: 8192, memoryMiB: 8192 })
    .call("RunTask", { count: 10 }, aDefinition());
  const orders = effects.map((effect) => (effect.type === "deliver-tasks" ? effect.orders.length : 0));
  assert.equal(orders.length, 2);
  assert.equal((orders[0] ?? 0) + (orders[1] ?? 0), 10);
});

test("a cluster without usable instances is a refusal, not a failure", () => {
  const text = "No Container Instances were found in your cluster.";
  aCluster().refused("InvalidParameterException", text, "RunTask", {}, aDefinition());
  const world = aCluster()
    .withInstances(1, { status: "DRAINING" })
    .withInstances(1, { status: "INACTIVE", agentConnected: false })
    .withInstances(1, { external: true });
  world.refused("InvalidParameterException", text, "RunTask", {}, aDefinition());
  assert.equal(world.runTask(aDefinition(), { launchType: "EXTERNAL" }).launchType, "EXTERNAL");
});

test("no task is placed on a draining instance", () => {
  const world = aCluster().withInstances(1, { status: "DRAINING" }).withInstances(1);
  for (const { instanceId } of world.runTasks(aDefinition(), { count: 8 })) {
    assert.equal(instanceId, world.instanceId(1));
  }
  assert.deepEqual(reasons(world.call<TaskReply>("RunTask", {}, aDefinition()).value), ["RESOURCE:CPU"]);
});

test("group and startedBy are limited", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { group: "batch", startedBy: "me/Too_1-2" });
  assert.deepEqual([task.group, task.startedBy], ["batch", "me/Too_1-2"]);
  assert.equal(world.runTask(aDefinition(), { startedBy: "x".repeat(128) }).startedBy?.length, 128);
  assert.equal(world.runTask(aDefinition(), { group: "x".repeat(255) }).group.length, 255);
  for (const startedBy of ["ECS Deploy", "fargate:job", "data.team"]) {
    assert.equal(world.runTask(aDefinition(), { startedBy }).startedBy, startedBy, "long-used tools send it");
  }
  const family = "f".repeat(255);
  assert.equal(world.runTask(aDefinition({ family })).group, `family:${family}`, "the longest name of a family");
  for (const [text, request] of [
    [/startedBy must be at most 128/, { startedBy: "x".repeat(129) }],
    [/Group name must be between 1 and 255/, { group: "x".repeat(256) }],
    [/Group name must be between 1 and 255/, { group: "" }],
    [/reserved for services/, { group: "service:web" }],
  ] as const) {
    world.refused("InvalidParameterException", text, "RunTask", request, aDefinition());
  }
});

test("tags: the call's override propagated ones, managed ones name the cluster", () => {
  const world = aCluster().withInstances(1);
  const definition = aDefinition({
    tags: [
      { key: "team", value: "a" },
      { key: "cost", value: "1" },
    ],
  });
  const tags = [
    { key: "team", value: "b" },
    { key: "mine", value: "" },
  ];
  const sorted = (request: object) =>
    world
      .runTask(definition, request)
      .tags.map(({ key, value }) => `${key}=${value}`)
      .sort();
  assert.deepEqual(sorted({}), []);
  assert.deepEqual(sorted({ tags, propagateTags: "NONE" }), ["mine=", "team=b"]);
  assert.deepEqual(sorted({ tags, propagateTags: "TASK_DEFINITION", enableECSManagedTags: true }), [
    "aws:ecs:clusterName=lab",
    "cost=1",
    "mine=",
    "team=b",
  ]);
  world.refused("InvalidParameterException", /propagateTags/, "RunTask", { propagateTags: "SERVICE" }, definition);
  assert.deepEqual(sorted({ tags: [] }), [], "GitHub's deploy action sends an empty list");
  assert.deepEqual(sorted({ tags: [], propagateTags: "TASK_DEFINITION" }), ["cost=1", "team=a"]);
  const many = Array.from({ length: 49 }, (_, i) => ({ key: `k${i}`, value: "" }));
  world.refused(
    "InvalidParameterException",
    /at most 50 tags/,
    "RunTask",
    { tags: many, propagateTags: "TASK_DEFINITION" },
    definition,
  );
});

test("a network configuration is only for awsvpc", () => {
  const world = aCluster().withInstances(1);
  const vpc = (awsvpcConfiguration: object) => ({ networkConfiguration: { awsvpcConfiguration } });
  const subnets = Array.from({ length: 17 }, (_, i) => `subnet-${i}`);
  for (const [text, request] of [
    ["Network Configuration must be provided when networkMode 'awsvpc' is specified.", {}],
    ["Network Configuration must be provided when networkMode 'awsvpc' is specified.", { networkConfiguration: {} }],
    ["subnets can not be empty.", vpc({})],
    ["subnets can have at most 16 items.", vpc({ subnets })],
    ["securityGroups can have at most 5 items.", vpc({ subnets: ["a"], securityGroups: Array(6).fill("sg") })],
    ["Assign public IP is not supported for this launch type.", vpc({ subnets: ["a"], assignPublicIp: "ENABLED" })],
  ] as const) {
    world.refused("InvalidParameterException", text, "RunTask", request, awsvpcDefinition());
  }
  const text = "Network Configuration is not valid for the given networkMode of this task definition.";
  world.refused("InvalidParameterException", text, "RunTask", inSubnet, aDefinition());
});

test("launch types that the task definition or Berth doesn't support are refused", () => {
  const world = aCluster().withInstances(1);
  const fargate = aDefinition({ requiresCompatibilities: ["FARGATE"] });
  const refusals = [
    ["InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL]", { launchType: "MOON" }],
    [
      "InvalidParameterException",
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
      { launchType: "EC2", capacityProviderStrategy: [{}] },
    ],
    [
      "InvalidParameterException",
      "Placement strategies are not supported with FARGATE launch type.",
      { launchType: "FARGATE", placementStrategy: [{}] },
    ],
    [
      "InvalidParameterException",
      "The platform version must be null when specifying an EC2 launch type.",
      { platformVersion: "1.4.0" },
    ],
    ["InvalidParameterException", "Task definition does not support launch_type FARGATE.", { launchType: "FARGATE" }],
    ["UnsupportedFeatureException", /enableExecuteCommand/, { enableExecuteCommand: true }],
    ["UnsupportedFeatureException", /volumeConfigurations/, { volumeConfigurations: [{}] }],
  ] as const;
  for (const [code, text, request] of refusals) world.refused(code, text, "RunTask", request, aDefinition());
  assert.equal(world.runTask(fargate, { launchType: "EC2" }).launchType, "EC2", "its compatibilities have EC2");
  const bad = { networkConfiguration: { awsvpcConfiguration: { subnets: ["s"], assignPublicIp: "MAYBE" } } };
  const onInstance = { containerInstances: [world.instanceId(0)] };
  for (const [assignPublicIp, text] of [
    ["MAYBE", "assignPublicIp should be one of [ENABLED,DISABLED]"],
    ["ENABLED", "Assign public IP is not supported for this launch type."],
  ] as const) {
    const network = { awsvpcConfiguration: { ...bad.networkConfiguration.awsvpcConfiguration, assignPublicIp } };
    const request = { networkConfiguration: network };
    world.refused("InvalidParameterException", text, "RunTask", request, awsvpcDefinition());
    world.refused("InvalidParameterException", text, "StartTask", { ...request, ...onInstance }, awsvpcDefinition());
  }
});

test("a definition that needs what an instance can't provide is refused, however it is run", () => {
  const world = aCluster().withInstances(1);
  const needs = (type: string) => aDefinition({ containers: [{ resourceRequirements: [{ type, value: "1" }] }] });
  const accelerators = [{ deviceName: "d", deviceType: "eia2.medium" }];
  const onlyFargate = aDefinition({ compatibilities: ["FARGATE"], ephemeralStorageGiB: 30 });
  for (const [code, text, definition] of [
    ["InvalidParameterException", "Task definition does not support launch_type EC2.", onlyFargate],
    ["UnsupportedFeatureException", /web:1 has the resource requirement NeuronDevice,/, needs("NeuronDevice")],
    ["UnsupportedFeatureException", /InferenceAccelerator/, needs("InferenceAccelerator")],
    [
      "UnsupportedFeatureException",
      /InferenceAccelerator/,
      aDefinition({ more: { inferenceAccelerators: accelerators } }),
    ],
    [
      "UnsupportedFeatureException",
      /web:1 has a volume configured at launch,/,
      aDefinition({ more: { volumes: [{ name: "data", configuredAtLaunch: true }] } }),
    ],
  ] as const) {
    world.refused(code, text, "RunTask", {}, definition);
    world.refused(code, text, "StartTask", { containerInstances: [world.instanceId(0)] }, definition);
  }
  assert.equal(world.runTask(aDefinition({ requiresCompatibilities: ["FARGATE"] })).launchType, "EC2", "by default");
});

test("a revision is kept as long as it has a task", () => {
  const world = aCluster().withInstances(1);
  const old = world.runTask(aDefinition());
  const other = world.runTask(aDefinition({ revision: 2 }));
  assert.equal(world.state.revisions.size, 2);
  const inUse = () =>
    world.step({ type: "revisions-in-use", arns: [old.taskDefinitionArn, other.taskDefinitionArn, "arn:x"] }).value;
  assert.deepEqual(inUse(), [old.taskDefinitionArn, other.taskDefinitionArn]);
  world.report(old.id, "STOPPED");
  world.advanceClock(3_599_999);
  assert.equal(world.state.tasks.size, 2, "described for an hour");
  const [purged] = world.advanceClock(1);
  assert.deepEqual(purged?.events, []);
  assert.deepEqual(
    purged?.documents.map(({ kind, value }) => [kind, value]),
    [
      ["task", null],
      ["task-definition", null],
    ],
  );
  assert.deepEqual(inUse(), [other.taskDefinitionArn]);
  world.runTask(aDefinition());
  assert.equal(world.state.revisions.size, 2);
});
