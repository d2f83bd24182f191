import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition } from "../small-world.ts";

type Reply = { tasks: Record<string, unknown>[]; failures: object[] };

test("tasks are found by id, short and long ARN; unknown ones are MISSING", () => {
  const world = aCluster().withInstances(1);
  const { id, arn } = world.runTask();
  const short = arn.replace("/lab/", "/");
  const elsewhere = arn.replace("/lab/", "/other/");
  const tasks = [id, arn, short, "f".repeat(32)];
  const { value, documents } = world.call<Reply>("DescribeTasks", { tasks });
  assert.deepEqual(
    value.tasks.map(({ taskArn }) => taskArn),
    [arn, arn, arn],
  );
  assert.deepEqual(value.failures, [{ arn: arn.replace(id, "f".repeat(32)), reason: "MISSING" }]);
  for (const [reference, text] of [
    [elsewhere, "Invalid identifier: Identifier is for cluster other. Your cluster is lab"],
    [arn.replace(":task/", ":service/"), "Unsupported resource type: service"],
    [arn.replace("eu-central-1", "us-east-1"), "Invalid Region in ARN"],
    [arn.replace("arn:aws:", "arn:aws-us-gov:"), "Invalid Partition in ARN"],
  ] as const) {
    world.refused("InvalidParameterException", text, "DescribeTasks", { tasks: [reference] });
  }
  assert.deepEqual(documents, []);
});

test("a task is shown in API shape", () => {
  const world = aCluster().withInstances(1);
  const tags = [{ key: "a", value: "b" }];
  const task = world.runningTask(aDefinition({ cpu: "256" }), { tags });
  assert.equal(task.connectivity, "CONNECTED", "once its agent has it, in every network mode");
  const { detail } = world.events.at(-1) ?? {};
  assert.deepEqual((detail as { connectivity?: string }).connectivity, "CONNECTED");
  const [shown] = world.call<Reply>("DescribeTasks", { tasks: [task.id] }).value.tasks;
  assert.deepEqual([shown?.cpu, shown?.memory, shown?.tags], ["256", "256", []]);
  assert.deepEqual(
    [shown?.clusterArn, shown?.containerInstanceArn],
    ["arn:aws:ecs:eu-central-1:111122223333:cluster/lab", world.instance(0).arn],
  );
  assert.deepEqual(shown?.overrides, { containerOverrides: [{ name: "app" }], inferenceAcceleratorOverrides: [] });
  assert.deepEqual([shown?.version, shown?.lastStatus, shown?.startedAt], [2, "RUNNING", world.now]);
  const [container] = (shown?.containers ?? []) as Record<string, unknown>[];
  assert.deepEqual([container?.cpu, container?.memory, container?.memoryReservation], ["128", "256", null]);
  assert.deepEqual([container?.taskArn, container?.healthStatus], [task.arn, "UNKNOWN"]);
  const withTags = world.call<Reply>("DescribeTasks", { tasks: [task.id], include: ["TAGS"] }).value;
  assert.deepEqual(withTags.tasks[0]?.tags, tags);
});

test("a stopped task is shown for an hour, without tags", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(aDefinition(), { tags: [{ key: "a", value: "b" }] });
  world.report(task.id, "STOPPED");
  const describe = () => world.call<Reply>("DescribeTasks", { tasks: [task.id], include: ["TAGS"] }).value;
  world.advanceClock(3_599_999);
  assert.deepEqual(describe().tasks[0]?.tags, []);
  world.advanceClock(1);
  assert.deepEqual(describe(), { tasks: [], failures: [{ arn: task.arn, reason: "MISSING" }] });
});

test("DescribeTasks refuses invalid requests", () => {
  const world = aCluster();
  for (const [text, request] of [
    ["Tasks cannot be empty.", {}],
    ["Tasks cannot be empty.", { tasks: [] }],
    ["taskIds can have at most 100 items.", { tasks: Array(101).fill("a") }],
    ["include must be one of [TAGS].", { tasks: ["a"], include: ["ALL"] }],
  ] as const) {
    world.refused("InvalidParameterException", text, "DescribeTasks", request);
  }
  assert.equal(world.call<Reply>("DescribeTasks", { tasks: Array(100).fill("a") }).value.failures.length, 100);
});
