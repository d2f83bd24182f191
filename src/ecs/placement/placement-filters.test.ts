/* What refuses an instance, why, and by how much. The amounts of CPU, memory, ports and GPUs are in place-task.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { effectiveContainers, needOf } from "../launch/new-task.ts";
import { resolveOverrides } from "../launch/overrides.ts";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet, type SmallWorld } from "../small-world.ts";
import type { Candidate } from "./candidate.ts";
import { anyEligible, candidateOf, explainPlacement, placementFailures, refusalOn } from "./place-task.ts";

function wanted(changes: Partial<PlacementRequest> = {}, definition = aDefinition()): PlacementRequest {
  const overrides = resolveOverrides(undefined, definition);
  const need = needOf(definition, effectiveContainers(definition, overrides), overrides);
  const rest = {
    group: "family:web",
    launchType: "EC2",
    capacityProvider: null,
    constraints: [],
    strategies: [],
  } as const;
  return { need, ...rest, ...changes };
}
/** The refusal of instance 0. */
function refusal(world: SmallWorld, request: PlacementRequest): string | null {
  const found = refusalOn(world.state, request, candidateOf(world.state, world.instanceId(0)) as Candidate);
  return found === null ? null : `${found.reason} ${found.lack} ${found.detail}`;
}
const memberOf = (expression: string) => wanted({ constraints: [{ type: "memberOf", expression }] });

test("an instance that isn't ACTIVE refuses with its status, the same for deregistered and deregistering", () => {
  const statuses = ["DRAINING", "REGISTERING", "DEREGISTERING", "INACTIVE"] as const;
  const found = statuses.map((status) => refusal(aCluster().withInstances(1, { status }), wanted()));
  assert.deepEqual(found, [
    "DRAINING 1 The container instance is DRAINING.",
    "REGISTERING 1 The container instance is REGISTERING.",
    "INACTIVE 1 The container instance is DEREGISTERING.",
    "INACTIVE 1 The container instance is INACTIVE.",
  ]);
});

test("launch type and capacity provider decide which instances are considered", () => {
  const world = aCluster().withInstances(1).withInstances(1, { external: true });
  const other = wanted({ capacityProvider: "spot" });
  assert.match(refusal(world, wanted({ launchType: "EXTERNAL" })) ?? "", /^ATTRIBUTE 1 .* launch type EXTERNAL\.$/);
  assert.match(refusal(world, other) ?? "", /^ATTRIBUTE 1 .* not belong to the capacity provider spot\.$/);
  const considered = (request: PlacementRequest) =>
    explainPlacement(world.state, request).map((each) => each.instanceId);
  assert.deepEqual(considered(wanted()), [world.instanceId(0)]);
  assert.deepEqual(considered(wanted({ launchType: "EXTERNAL" })), [world.instanceId(1)]);
  assert.deepEqual([considered(other), anyEligible(world.state, other)], [[], false]);
  world.changeInstance(0, { capacityProviderName: "spot" });
  assert.deepEqual([considered(other), anyEligible(world.state, other)], [[world.instanceId(0)], true]);
});

test("tasks with their own ENI are limited by instance size, more with a trunk, unlimited without a size", () => {
  const request = wanted({}, awsvpcDefinition());
  const trunk = [{ name: "ecs.awsvpc-trunk-id", value: "eni-1" }];
  const fits = (options: object): number => {
    const world = aCluster().withInstances(1, { cpu: 100_000, memoryMiB: 100_000, ...options });
    for (let count = 0; ; count++) {
      if (count === 20 || refusal(world, request) !== null) return count;
      world.runTask(awsvpcDefinition(), inSubnet);
    }
  };
  assert.equal(fits({ instanceType: "m5.large" }), 2);
  assert.equal(fits({ instanceType: "t3.medium" }), 2);
  assert.equal(fits({ instanceType: "m6g.medium" }), 1);
  assert.equal(fits({ instanceType: "m5.metal" }), 14);
  assert.equal(fits({ instanceType: "m5.large", platformAttributes: trunk }), 10);
  for (const instanceType of [null, "docker"]) assert.equal(fits({ instanceType }), 20);
  const full = aCluster().withInstances(1);
  const [first] = [full.runTask(awsvpcDefinition(), inSubnet), full.runTask(awsvpcDefinition(), inSubnet)];
  assert.match(refusal(full, request) ?? "", /^RESOURCE:ENI 1 Needs a network interface; all 2 /);
  assert.equal(refusal(full, wanted()), null, "others need none");
  full.changeTask(first.id, { lastStatus: "STOPPED" });
  assert.equal(refusal(full, request), null);
});

test("a user's resource is counted by name, and the rest of it is shown", () => {
  const registeredResources = [
    { name: "CPU", type: "INTEGER", value: 1_024 },
    { name: "MEMORY", type: "INTEGER", value: 2_048 },
    { name: "LICENCES", type: "INTEGER", value: 3 },
  ] as const;
  const world = aCluster().withInstances(1, { registeredResources });
  const base = wanted();
  const request = { ...base, need: { ...base.need, resources: [{ name: "LICENCES", value: 2 }] } };
  assert.equal(refusal(world, request), null);
  const task = world.runTask();
  world.changeTask(task.id, { reservation: { ...task.reservation, resources: [{ name: "LICENCES", value: 2 }] } });
  assert.equal(refusal(world, request), "RESOURCE:LICENCES 1 Needs 2 of LICENCES, 1 are left.");
  const { value } = world.call<{
    containerInstances: readonly { remainingResources: readonly { name: string; integerValue: number }[] }[];
  }>("DescribeContainerInstances", { containerInstances: [world.instanceId(0)] });
  const left = value.containerInstances[0]?.remainingResources.find(({ name }) => name === "LICENCES");
  assert.equal(left?.integerValue, 1);
  world.restart();
  world.changeTask(task.id, { lastStatus: "STOPPED" });
  assert.equal(refusal(world, request), null);
});

test("memberOf: the expression must select the instance, and the refusal says why it does not", () => {
  const world = aCluster().withInstances(1, { customAttributes: [{ name: "stack", value: "test" }] });
  assert.equal(refusal(world, memberOf("attribute:stack == test")), null);
  assert.match(
    refusal(world, memberOf("attribute:stack == prod")) ?? "",
    /^MemberOf placement constraint unsatisfied\. 1 .*stack.*\.$/,
  );
  assert.equal(refusal(world, memberOf("runningTasksCount < 1")), null);
  world.runTask();
  assert.match(refusal(world, memberOf("runningTasksCount < 1")) ?? "", /^MemberOf/);
});

test("distinctInstance allows one task of the group, until it should stop", () => {
  const world = aCluster().withInstances(1);
  const request = wanted({ constraints: [{ type: "distinctInstance" }] });
  const task = world.runTask();
  const expected =
    "DistinctInstance placement constraint unsatisfied. 1 Tasks of the group family:web on the instance: 1.";
  assert.equal(refusal(world, request), expected);
  assert.equal(refusal(world, { ...request, group: "other" }), null);
  world.call("StopTask", { task: task.id });
  assert.equal(refusal(world, request), null, "the desired status counts, not the last one");
});

test("an explanation names every reason, not only the first", () => {
  const world = aCluster()
    .withInstances(1, { status: "DRAINING", agentConnected: false, cpu: 1, memoryMiB: 1 })
    .withInstances(1);
  const [first, second] = explainPlacement(
    world.state,
    memberOf("attribute:ecs.os-type exists and attribute:x exists"),
  );
  assert.deepEqual(
    first?.refusals.map(({ reason }) => reason),
    ["DRAINING", "AGENT", "RESOURCE:CPU", "RESOURCE:MEMORY", "MemberOf placement constraint unsatisfied."],
  );
  assert.deepEqual(
    second?.refusals.map(({ reason }) => reason),
    ["MemberOf placement constraint unsatisfied."],
  );
});

test("for each reason the closest instance is named, the one with the fewest reasons first", () => {
  const world = aCluster()
    .withInstances(1, { cpu: 1, memoryMiB: 1 })
    .withInstances(1, { cpu: 100 })
    .withInstances(1, { cpu: 100, memoryMiB: 1 })
    .withInstances(1, { agentConnected: false, cpu: 1 })
    .withInstances(1, { memoryMiB: 100 })
    .withInstances(1, { status: "DRAINING" });
  const failures = placementFailures(world.state, wanted());
  assert.deepEqual(
    failures.map(({ instanceId, reason, lack }) => [instanceId, reason, lack]),
    [
      [world.instanceId(4), "RESOURCE:MEMORY", 156],
      [world.instanceId(1), "RESOURCE:CPU", 28],
      [world.instanceId(3), "AGENT", 1],
    ],
  );
});
