import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";

const role = "arn:aws:iam::111122223333:role/run";
const withRole = aDefinition({ family: "role", taskRoleArn: role });
const withExecutionRole = aDefinition({ family: "execution", executionRoleArn: role });

/** The tasks of the first instance that get credentials. */
function due(world: SmallWorld): readonly string[] {
  const { effects, documents, events } = world.agent({ type: "credentials-due", instanceId: world.instanceId(0) });
  assert.deepEqual([documents, events], [[], []]);
  assert.ok(effects.length <= 1);
  const [effect] = effects;
  if (effect === undefined) return [];
  assert.ok(effect.type === "deliver-credentials" && effect.instanceId === world.instanceId(0));
  for (const { task, definition } of effect.orders) assert.equal(task.taskDefinitionArn, definition.arn);
  return effect.orders.map(({ task }) => task.id);
}

test("an agent gets credentials for its tasks with roles, sorted by id, including stopping ones", () => {
  const world = aCluster().withInstances(1, { cpu: 8192, memoryMiB: 8192 });
  world.runningTask();
  const running = world.runningTask(withRole);
  const pending = world.runTask(withExecutionRole);
  const stopping = world.runningTask(withRole);
  world.call("StopTask", { task: stopping.id });
  const over = world.runningTask(withRole);
  world.report(over.id, "STOPPED");
  assert.deepEqual(due(world), [running.id, pending.id, stopping.id].sort());
});

test("a role that only the override has counts", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { overrides: { executionRoleArn: role } });
  assert.deepEqual(due(world), [task.id]);
});

test("an agent without such tasks, and an unknown one, get nothing", () => {
  const world = aCluster().withInstances(2);
  world.runTask();
  assert.deepEqual(due(world), []);
  assert.deepEqual(world.agent({ type: "credentials-due", instanceId: "nobody" }).effects, []);
});
