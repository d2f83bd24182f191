import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet } from "../small-world.ts";
import type { TaskReply } from "./run-task.ts";

const fixedPort = aDefinition({ containers: [{ portMappings: [{ containerPort: 80, hostPort: 80 }] }] });

test("a task starts on each named instance, by id or ARN", () => {
  const world = aCluster().withInstances(3);
  const containerInstances = [world.instanceId(2), world.instance(0).arn];
  const { value, effects } = world.call<TaskReply>("StartTask", { containerInstances, startedBy: "me" }, aDefinition());
  assert.deepEqual(
    value.tasks.map((task) => (task as { containerInstanceArn: string }).containerInstanceArn),
    [world.instance(2).arn, world.instance(0).arn],
  );
  assert.deepEqual(value.failures, []);
  assert.deepEqual([world.usage(0).running, world.usage(1).running, world.usage(2).running], [1, 0, 1]);
  assert.equal(effects.length, 2);
});

test("an instance refuses for every reason that applies", () => {
  const gpu = aDefinition({ containers: [{ resourceRequirements: [{ type: "GPU", value: "1" }] }] });
  const needsAttribute = aDefinition({ requiresAttributes: [{ name: "a" }, { name: "b", value: "2" }] });
  const cases = [
    [{ agentConnected: false }, aDefinition(), "AGENT", "The agent is not connected."],
    [{ cpu: 127 }, aDefinition(), "RESOURCE:CPU", "Needs 128 CPU units, 127 are left."],
    [{ memoryMiB: 255 }, aDefinition(), "RESOURCE:MEMORY", "Needs 256 MiB of memory, 255 are left."],
    [{}, gpu, "RESOURCE:GPU", "Needs 1 GPUs, 0 are left."],
    [{ ports: ["80"] }, fixedPort, "RESOURCE:PORTS", "Host ports in use: 80."],
    [{}, needsAttribute, "ATTRIBUTE", "Missing attributes: a, b=2."],
    [{ status: "INACTIVE" }, aDefinition(), "INACTIVE", "The container instance is INACTIVE."],
    [{ status: "DEREGISTERING" }, aDefinition(), "INACTIVE", "The container instance is DEREGISTERING."],
    [{ status: "DRAINING" }, aDefinition(), "DRAINING", "The container instance is DRAINING."],
    [{ status: "REGISTERING" }, aDefinition(), "REGISTERING", "The container instance is REGISTERING."],
  ] as const;
  for (const [options, definition, reason, detail] of cases) {
    const world = aCluster().withInstances(1, options);
    const { value, documents } = world.call<TaskReply>(
      "StartTask",
      { containerInstances: [world.instanceId(0)] },
      definition,
    );
    const { arn } = world.instance(0);
    assert.deepEqual(value, { tasks: [], failures: [{ arn, reason, detail }] });
    assert.deepEqual(documents, []);
  }
});

test("the task definition's constraints apply to the named instance; the call has none", () => {
  const world = aCluster()
    .withInstances(1, { customAttributes: [{ name: "stack", value: "prod" }] })
    .withInstances(1, { external: true, customAttributes: [{ name: "stack", value: "prod" }] })
    .withInstances(1);
  const definition = aDefinition({
    placementConstraints: [{ type: "memberOf", expression: "attribute:stack == prod" }],
  });
  const containerInstances = [0, 1, 2].map((index) => world.instanceId(index));
  // The wire drops what the operation doesn't have; if it were passed on, it would have no effect.
  const request = { containerInstances, placementConstraints: [{ type: "distinctInstance" }] };
  for (let call = 0; call < 2; call++) {
    const { value } = world.call<TaskReply>("StartTask", request, definition);
    assert.deepEqual(
      value.tasks.map((task) => (task as { launchType: string }).launchType),
      ["EC2", "EXTERNAL"],
    );
    const [failure, ...more] = value.failures as { arn: string; reason: string; detail: string }[];
    assert.deepEqual(more, []);
    assert.equal(failure?.arn, world.instance(2).arn);
    assert.equal(failure?.reason, "MemberOf placement constraint unsatisfied.");
    assert.match(failure?.detail ?? "", /stack/);
  }
  const stored = aDefinition({ placementConstraints: [{ type: "memberOf", expression: "stack" }] });
  world.refused("InvalidParameterException", /^Invalid placement constraint/, "StartTask", request, stored);
});

test("an unknown instance is MISSING under the ARN that it would have", () => {
  const world = aCluster().withInstances(1);
  const elsewhere = "arn:aws:ecs:eu-central-1:111122223333:container-instance/other/00000000000000000000000000000001";
  const containerInstances = ["f".repeat(32), world.instanceId(0)];
  const { value } = world.call<TaskReply>("StartTask", { containerInstances }, aDefinition());
  assert.equal(value.tasks.length, 1);
  assert.deepEqual(value.failures, [
    { arn: `arn:aws:ecs:eu-central-1:111122223333:container-instance/lab/${"f".repeat(32)}`, reason: "MISSING" },
  ]);
  const text = "Invalid identifier: Identifier is for cluster other. Your cluster is lab";
  const request = { containerInstances: [elsewhere] };
  world.refused("InvalidParameterException", text, "StartTask", request, aDefinition());
});

test("an attribute counts whoever set it, and with its value if one is required", () => {
  const definition = aDefinition({ requiresAttributes: [{ name: "a" }, { name: "b", value: "2" }] });
  const world = aCluster().withInstances(1, {
    platformAttributes: [{ name: "a", value: null }],
    customAttributes: [{ name: "b", value: "1" }],
  });
  const start = () =>
    world.call<TaskReply>("StartTask", { containerInstances: [world.instanceId(0)] }, definition).value;
  assert.deepEqual(start().failures, [
    { arn: world.instance(0).arn, reason: "ATTRIBUTE", detail: "Missing attributes: b=2." },
  ]);
  world.changeInstance(0, { customAttributes: [{ name: "b", value: "2" }] });
  assert.deepEqual(start().failures, []);
});

test("the same instance twice gets two tasks, the second seeing the first", () => {
  const world = aCluster().withInstances(1);
  const containerInstances = [world.instanceId(0), world.instanceId(0)];
  const { value } = world.call<TaskReply>("StartTask", { containerInstances }, fixedPort);
  assert.equal(value.tasks.length, 1);
  assert.equal((value.failures[0] as { reason: string }).reason, "RESOURCE:PORTS");
});

test("an external instance gets an EXTERNAL task, and awsvpc begins in PROVISIONING", () => {
  const world = aCluster().withInstances(1, { external: true });
  const request = { containerInstances: [world.instanceId(0)], ...inSubnet };
  const { value, effects } = world.call<TaskReply>("StartTask", request, awsvpcDefinition());
  const task = value.tasks[0] as { launchType: string; lastStatus: string };
  assert.deepEqual([task.launchType, task.lastStatus, effects], ["EXTERNAL", "PROVISIONING", []]);
});

test("StartTask refuses invalid requests", () => {
  const world = aCluster().withInstances(1);
  const containerInstances = [world.instanceId(0)];
  for (const [text, request] of [
    ["Container Instances cannot be empty.", {}],
    ["Container Instances cannot be empty.", { containerInstances: [] }],
    ["instanceIds can have at most 10 items.", { containerInstances: Array(11).fill(world.instanceId(0)) }],
    ["startedBy must be at most 36 characters long.", { containerInstances, startedBy: "x".repeat(37) }],
    [/is not a container in the TaskDefinition/, { containerInstances, overrides: { containerOverrides: [{}] } }],
  ] as const) {
    world.refused("InvalidParameterException", text, "StartTask", request, aDefinition());
  }
  world.call("StartTask", { containerInstances, startedBy: "x".repeat(36) }, aDefinition());
});
