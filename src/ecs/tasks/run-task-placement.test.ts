import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";
import type { TaskReply } from "./run-task.ts";

const memberOf = (expression: string) => ({ type: "memberOf", expression });
const distinct = { type: "distinctInstance" };
const by = (...placementStrategy: object[]) => ({ placementStrategy });

/** How many tasks of a call went to each instance, in instance order. */
function spreadOf(world: SmallWorld, request: object, definition: TaskDefinition = aDefinition()): number[] {
  const tasks = world.runTasks(definition, request);
  return [...world.state.instances.keys()]
    .sort()
    .map((id) => tasks.filter(({ instanceId }) => instanceId === id).length);
}

test("spread balances the tasks of the group, including those of earlier calls", () => {
  const zone = (availabilityZone: string) => ({
    availabilityZone,
    platformAttributes: [{ name: "ecs.availability-zone", value: availabilityZone }],
  });
  const world = aCluster().withInstances(3, zone("a")).withInstances(1, zone("b"));
  const zones = by({ type: "spread", field: "attribute:ecs.availability-zone" }, { type: "spread", field: "host" });
  const [a1 = 0, a2 = 0, a3 = 0, b = 0] = spreadOf(world, { count: 6, ...zones });
  assert.deepEqual([a1, a2, a3, b], [1, 1, 1, 3]);
  const [, , , more = 0] = spreadOf(world, { count: 2, ...zones });
  assert.equal(more, 1, "each zone had as many");
  assert.equal(spreadOf(world, { count: 2, ...zones, group: "other" })[3], 1, "another group begins anew");
});

test("binpack fills the instance with least room left, each decision seeing earlier ones", () => {
  const world = aCluster()
    .withInstances(1, { cpu: 1024, memoryMiB: 600 })
    .withInstances(1, { cpu: 300, memoryMiB: 4096 })
    .withInstances(1, { cpu: 2048, memoryMiB: 8192 });
  assert.deepEqual(spreadOf(world, { count: 5, ...by({ type: "binpack", field: "memory" }) }), [2, 2, 1]);
  const again = aCluster().withInstances(1, { cpu: 1024, memoryMiB: 600 }).withInstances(1, { cpu: 300 });
  assert.deepEqual(spreadOf(again, { count: 3, ...by({ type: "binpack", field: "CPU" }) }), [1, 2]);
});

test("without a strategy placement is random", () => {
  const runs = (request: object) => spreadOf(aCluster().withInstances(4), { count: 10, ...request });
  assert.deepEqual(runs(by({ type: "random" })), runs({}));
});

test("distinctInstance puts one task of the group on each instance, whichever call ran it; the rest are failures", () => {
  const world = aCluster().withInstances(3);
  const request = { count: 2, placementConstraints: [distinct] };
  world.runTasks(aDefinition(), request);
  const { value } = world.call<TaskReply>("RunTask", request, aDefinition());
  assert.equal(value.tasks.length, 1);
  assert.deepEqual(
    value.failures.map((failure) => (failure as { reason: string }).reason),
    ["DistinctInstance placement constraint unsatisfied."],
  );
  assert.equal(world.runTasks(aDefinition(), { ...request, group: "other" }).length, 2);
});

test("memberOf selects by task:group and attributes; the failure says which and what was found", () => {
  const world = aCluster()
    .withInstances(2, { customAttributes: [{ name: "stack", value: "prod" }] })
    .withInstances(2);
  const database = world.runTask(aDefinition(), {
    group: "database",
    placementConstraints: [memberOf("attribute:stack == prod")],
  });
  const near = world.runTasks(aDefinition(), {
    count: 3,
    placementConstraints: [memberOf("task:group == database")],
  });
  assert.deepEqual(new Set(near.map(({ instanceId }) => instanceId)), new Set([database.instanceId]));
  const apart = world.runTasks(aDefinition(), {
    count: 5,
    placementConstraints: [memberOf("not(task:group == database)"), memberOf("attribute:stack exists")],
  });
  assert.deepEqual(new Set(apart.map(({ instanceId }) => instanceId)).size, 1);
  assert.notEqual(apart[0]?.instanceId, database.instanceId);
  const { value } = world.call<TaskReply>(
    "RunTask",
    { placementConstraints: [memberOf("attribute:stack == dev")] },
    aDefinition(),
  );
  const [failure] = value.failures as { arn: string; reason: string; detail: string }[];
  assert.deepEqual([value.tasks.length, value.failures.length], [0, 1]);
  assert.equal(failure?.reason, "MemberOf placement constraint unsatisfied.");
  assert.match(failure?.detail ?? "", /stack/);
});

test("the task definition's constraints apply in addition to the call's", () => {
  const world = aCluster()
    .withInstances(1, { customAttributes: [{ name: "stack", value: "prod" }] })
    .withInstances(1, {
      customAttributes: [
        { name: "stack", value: "prod" },
        { name: "disk", value: "ssd" },
      ],
    })
    .withInstances(1, { customAttributes: [{ name: "disk", value: "ssd" }] });
  const definition = aDefinition({ placementConstraints: [memberOf("attribute:stack == prod")] });
  const request = { count: 4, placementConstraints: [memberOf("attribute:disk == ssd")] };
  assert.deepEqual(spreadOf(world, request, definition), [0, 4, 0]);
  const ten = { placementConstraints: Array.from({ length: 10 }, () => distinct) };
  world.refused("InvalidParameterException", /at most 10 placement constraints/, "RunTask", ten, definition);
  world.refused(
    "InvalidParameterException",
    /^Maximum number of strategies is 5\.$/,
    "RunTask",
    by(...Array.from({ length: 6 }, () => ({ type: "random" }))),
    definition,
  );
});

test("a definition stored with an invalid expression is refused when it runs", () => {
  const world = aCluster().withInstances(1);
  const definition = aDefinition({ placementConstraints: [memberOf("attribute:stack = prod")] });
  world.refused("InvalidParameterException", /^Invalid placement constraint expression: /, "RunTask", {}, definition);
});

test("external instances support strategies and constraints like others", () => {
  const world = aCluster().withInstances(3, { external: true }).withInstances(1);
  const request = {
    launchType: "EXTERNAL",
    count: 3,
    placementConstraints: [distinct],
    ...by({ type: "binpack", field: "cpu" }),
  };
  assert.deepEqual(spreadOf(world, request), [1, 1, 1, 0]);
});

test("bad placement is reported before an empty cluster", () => {
  const request = by({ type: "spread", field: "memory" });
  const text = "spread field 'memory' is invalid.";
  aCluster().refused("InvalidParameterException", text, "RunTask", request, aDefinition());
});

test("users' own resources are shared out, and named when they are missing", () => {
  const world = aCluster().withInstances(2);
  const withLicences = (index: number, value: number) => {
    const { registeredResources } = world.instance(index);
    const licences = { name: "LICENCES", type: "INTEGER", value } as const;
    world.changeInstance(index, { registeredResources: [...registeredResources, licences] });
  };
  withLicences(1, 5);
  const needs = (value: string) => ({ resourceRequirements: [{ type: "LICENCES", value }] });
  const definition = aDefinition({
    containers: [
      { name: "app", cpu: 10, ...needs("1") },
      { name: "side", cpu: 10, ...needs("1") },
    ],
  });
  const { value } = world.call<TaskReply>("RunTask", { count: 4 }, definition);
  assert.equal(value.tasks.length, 2);
  assert.deepEqual(value.failures, [
    { arn: world.instance(1).arn, reason: "RESOURCE:LICENCES", detail: "Needs 2 of LICENCES, 1 are left." },
  ]);
  assert.equal(world.usage(1).resources.get("LICENCES"), 4);
  const less = { overrides: { containerOverrides: [{ name: "side", resourceRequirements: [] }] } };
  assert.equal(world.runTask(definition, less).instanceId, world.instanceId(1), "an override asks for less");
});

test("a client token also covers constraints and strategies", () => {
  const world = aCluster().withInstances(4);
  const request = {
    clientToken: "once",
    placementConstraints: [distinct],
    ...by({ type: "spread", field: "instanceId" }),
  };
  const [task] = world.runTasks(aDefinition(), request);
  const [again] = world.runTasks(aDefinition(), { ...request, placementConstraints: [{ type: "distinctInstance" }] });
  assert.equal(again?.id, task?.id);
  for (const other of [
    { placementConstraints: [memberOf("attribute:stack !exists")] },
    { placementConstraints: undefined },
    by({ type: "spread", field: "attribute:stack" }),
  ]) {
    world.refused(
      "ConflictException",
      /clientToken was used before/,
      "RunTask",
      { ...request, ...other },
      aDefinition(),
    );
  }
});
