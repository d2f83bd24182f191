import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { aCluster, aDefinition, awsvpcDefinition, fargateDefinition, type SmallWorld } from "../small-world.ts";
import { dump } from "../step-rules.ts";
import type { ExplainPlacementReply } from "./explain-placement.ts";

const explained = (world: SmallWorld, request: object = {}, definition: TaskDefinition = aDefinition()) =>
  world.call<ExplainPlacementReply>("ExplainPlacement", request, definition).value;

/** The index of each instance, with the reasons for which it refuses. */
const reasons = (world: SmallWorld, { refusals }: ExplainPlacementReply) =>
  refusals.map(({ containerInstanceArn, reasons: all }) => [
    [...world.state.instances.keys()].sort().indexOf(containerInstanceArn.slice(-32)),
    ...all.map(({ reason }) => reason),
  ]);

test("the reply shows where a task would go, what it needs, and what the others lack", () => {
  const world = aCluster()
    .withInstances(1, { availabilityZone: "eu-central-1b", ec2InstanceId: "i-b" })
    .withInstances(1, { cpu: 100, memoryMiB: 250 })
    .withInstances(1, { agentConnected: false, memoryMiB: 250 });
  const definition = aDefinition({
    containers: [{ portMappings: [{ containerPort: 80, hostPort: 8080 }] }],
    requiresAttributes: [{ name: "ecs.os-type", value: "linux" }],
  });
  const reply = explained(world, {}, definition);
  assert.equal(reply.taskDefinition, definition.arn);
  const { cpu, memoryMiB, gpus, tcpPorts, udpPorts, requiresAttributes } = reply.need as Record<string, unknown>;
  assert.deepEqual(
    [cpu, memoryMiB, gpus, tcpPorts, udpPorts, requiresAttributes],
    [128, 256, 0, [8080], [], ["ecs.os-type=linux"]],
  );
  assert.deepEqual(reply.placements, [
    {
      containerInstanceArn: world.instance(0).arn,
      ec2InstanceId: "i-b",
      availabilityZone: "eu-central-1b",
      count: 1,
    },
  ]);
  assert.deepEqual([reply.placedCount, reply.unplacedCount, reply.closest], [1, 0, null]);
  assert.deepEqual(reply.refusals[0], {
    containerInstanceArn: world.instance(1).arn,
    ec2InstanceId: world.instance(1).ec2InstanceId,
    status: "ACTIVE",
    reasons: [
      { reason: "RESOURCE:CPU", detail: "Needs 128 CPU units, 100 are left.", missing: 28 },
      { reason: "RESOURCE:MEMORY", detail: "Needs 256 MiB of memory, 250 are left.", missing: 6 },
    ],
  });
  assert.deepEqual(reply.refusals[1]?.reasons, [
    { reason: "AGENT", detail: "The agent is not connected.", missing: null },
    { reason: "RESOURCE:MEMORY", detail: "Needs 256 MiB of memory, 250 are left.", missing: 6 },
  ]);
  assert.deepEqual(reply.summary, [
    { reason: "RESOURCE:MEMORY", count: 2 },
    { reason: "AGENT", count: 1 },
    { reason: "RESOURCE:CPU", count: 1 },
  ]);
});

test("tasks are placed one at a time; the first that doesn't fit is explained", () => {
  const world = aCluster().withInstances(2).withInstances(1, { cpu: 300 });
  const reply = explained(world, { count: 20, placementStrategy: [{ type: "spread", field: "instanceId" }] });
  assert.deepEqual([reply.placedCount, reply.unplacedCount], [18, 2], "8, 8 and 2");
  assert.deepEqual(
    Object.fromEntries(reply.placements.map(({ containerInstanceArn, count }) => [containerInstanceArn, count])),
    { [world.instance(0).arn]: 8, [world.instance(1).arn]: 8, [world.instance(2).arn]: 2 },
  );
  assert.equal(reply.refusals.length, 3);
  assert.deepEqual(reply.closest, {
    containerInstanceArn: world.instance(2).arn,
    reason: "RESOURCE:CPU",
    detail: "Needs 128 CPU units, 44 are left.",
  });
});

test("instances that lack least come first, and what the request leaves out isn't mentioned", () => {
  const world = aCluster()
    .withInstances(1, { cpu: 1, memoryMiB: 1, agentConnected: false })
    .withInstances(1, { cpu: 1, memoryMiB: 1 })
    .withInstances(1, { cpu: 1 })
    .withInstances(1, { status: "DRAINING" })
    .withInstances(1, { status: "INACTIVE" })
    .withInstances(1, { external: true });
  assert.deepEqual(reasons(world, explained(world)), [
    [2, "RESOURCE:CPU"],
    [3, "DRAINING"],
    [1, "RESOURCE:CPU", "RESOURCE:MEMORY"],
    [0, "AGENT", "RESOURCE:CPU", "RESOURCE:MEMORY"],
  ]);
  const external = explained(world, { launchType: "EXTERNAL" });
  assert.deepEqual([external.placedCount, external.refusals], [1, []]);
});

test("a cluster without instances gets an explanation too", () => {
  const reply = explained(aCluster(), { count: 3 });
  assert.deepEqual([reply.placedCount, reply.unplacedCount], [0, 3]);
  assert.deepEqual([reply.placements, reply.refusals, reply.summary, reply.closest], [[], [], [], null]);
});

test("constraints of the call and of the task definition apply, with the given group", () => {
  const world = aCluster()
    .withInstances(1, { customAttributes: [{ name: "stack", value: "prod" }] })
    .withInstances(2, { customAttributes: [{ name: "stack", value: "test" }] });
  const definition = aDefinition({
    placementConstraints: [{ type: "memberOf", expression: "attribute:stack == test" }],
  });
  world.runTask(definition, { group: "db" });
  const request = { placementConstraints: [{ type: "distinctInstance" }], group: "db", count: 2 };
  const reply = explained(world, request, definition);
  assert.deepEqual([reply.placedCount, reply.unplacedCount], [1, 1]);
  assert.deepEqual(reply.summary, [
    { reason: "DistinctInstance placement constraint unsatisfied.", count: 2 },
    { reason: "MemberOf placement constraint unsatisfied.", count: 1 },
  ]);
  assert.equal(explained(world, { ...request, group: "other" }, definition).placedCount, 2);
});

test("with capacity providers, each task goes to its own provider's instances, and a full one doesn't affect the others", () => {
  const world = aCluster()
    .withInstances(1, { capacityProviderName: "racks", cpu: 256 })
    .withInstances(1, { capacityProviderName: "spare" })
    .withInstances(1);
  world.cluster = { ...world.cluster, capacityProviders: ["racks", "spare", "FARGATE"] };
  const strategy = (...names: string[]) => ({
    capacityProviderStrategy: names.map((capacityProvider) => ({ capacityProvider, weight: 1 })),
  });
  const reply = explained(world, { count: 8, ...strategy("racks", "spare") });
  assert.deepEqual(
    Object.fromEntries(reply.placements.map(({ containerInstanceArn, count }) => [containerInstanceArn, count])),
    { [world.instance(0).arn]: 2, [world.instance(1).arn]: 4 },
  );
  assert.deepEqual([reply.placedCount, reply.unplacedCount], [6, 2]);
  assert.deepEqual(reasons(world, reply), [[0, "RESOURCE:CPU"]]);
  assert.equal(reply.closest?.containerInstanceArn, world.instance(0).arn);
  assert.equal(world.state.waitingTasks.size, 0, "nobody waits after a dry run");
  const text = /Tasks on Fargate are not placed on container instances/;
  world.refused("InvalidParameterException", text, "ExplainPlacement", strategy("FARGATE"), fargateDefinition());
});

test("it leaves no trace: no document, no event, no message, no random number used", () => {
  const world = aCluster().withInstances(3);
  const other = aCluster().withInstances(3);
  const before = dump(world.state);
  const { documents, events, effects } = world.call("ExplainPlacement", { count: 10 }, aDefinition());
  assert.deepEqual([documents, events, effects], [[], [], []]);
  assert.deepEqual(dump(world.state), before);
  world.call("ExplainPlacement", { count: 10 }, awsvpcDefinition());
  assert.deepEqual(dump(world.state), before);
  world.advanceClock(60_000);
  world.restart();
  other.advanceClock(60_000);
  const run = (each: SmallWorld) =>
    each.runTasks(aDefinition(), { count: 5 }).map(({ id, instanceId }) => [id, instanceId]);
  assert.deepEqual(run(world), run(other));
});

test("what RunTask refuses is refused, and so are Fargate and more than a thousand tasks", () => {
  const world = aCluster().withInstances(1);
  for (const count of [0, 1_001, 1.5]) {
    world.refused(
      "InvalidParameterException",
      "count must be between 1 and 1000.",
      "ExplainPlacement",
      { count },
      aDefinition(),
    );
  }
  assert.equal(explained(world, { count: 1_000 }).unplacedCount, 992);
  for (const [text, request, definition] of [
    [
      "Tasks on Fargate are not placed on container instances: leave Fargate out.",
      { launchType: "FARGATE" },
      fargateDefinition(),
    ],
    ["launch type should be one of [EC2,FARGATE,EXTERNAL]", { launchType: "MOON" }, aDefinition()],
    ["Task definition does not support launch_type EXTERNAL.", { launchType: "EXTERNAL" }, fargateDefinition()],
    ["Group names that begin with 'service:' are reserved for services.", { group: "service:web" }, aDefinition()],
    ["random field should not be specified.", { placementStrategy: [{ type: "random", field: "x" }] }, aDefinition()],
    [
      "placement constraint type should be one of [distinctInstance,memberOf]",
      { placementConstraints: [{}] },
      aDefinition(),
    ],
  ] as const) {
    world.refused("InvalidParameterException", text, "ExplainPlacement", request, definition);
  }
  const own = { networkConfiguration: { awsvpcConfiguration: { subnets: [] } } };
  world.refused("InvalidParameterException", "subnets can not be empty.", "ExplainPlacement", own, awsvpcDefinition());
});

test("at most 500 instances are listed, and all are counted", () => {
  const world = aCluster().withInstances(1, { cpu: 1 });
  world.run((step) => {
    for (let i = 2; i <= 510; i++) {
      const id = i.toString(16).padStart(32, "0");
      step.changeInstance({ ...world.instance(0), id, arn: world.instance(0).arn.replace(/[0-9a-f]{32}$/, id) });
    }
  });
  const reply = explained(world);
  assert.equal(reply.refusals.length, 500);
  assert.deepEqual(reply.summary, [{ reason: "RESOURCE:CPU", count: 510 }]);
});
