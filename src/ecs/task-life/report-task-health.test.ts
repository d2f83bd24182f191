import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthStatus, Task } from "../documents/task.ts";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";
import { healthOf } from "./report-task-health.ts";

const healthCheck = { command: ["CMD", "true"] };
const definition = aDefinition({
  containers: [
    { healthCheck },
    { name: "helper", healthCheck },
    { name: "side", essential: false, healthCheck },
    { name: "plain" },
  ],
});

function report(world: SmallWorld, task: Task, containers: Record<string, HealthStatus>, instance = 0) {
  return world.agent({
    type: "task-health",
    instanceId: world.instanceId(instance),
    tasks: [
      {
        taskArn: task.arn,
        containers: Object.entries(containers).map(([name, healthStatus]) => ({ name, healthStatus })),
      },
    ],
  });
}

test("a task is HEALTHY if every essential container with a health check is, UNHEALTHY if one isn't", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(definition);
  const steps: [Record<string, HealthStatus>, HealthStatus][] = [
    [{ app: "HEALTHY" }, "UNKNOWN"],
    [{ helper: "HEALTHY" }, "HEALTHY"],
    [{ side: "UNHEALTHY" }, "HEALTHY"],
    [{ helper: "UNHEALTHY" }, "UNHEALTHY"],
    [{ app: "UNKNOWN" }, "UNHEALTHY"],
    [{ helper: "HEALTHY" }, "UNKNOWN"],
  ];
  for (const [containers, expected] of steps) {
    const { events, documents } = report(world, task, containers);
    assert.equal(world.task(task.id).healthStatus, expected, JSON.stringify(containers));
    assert.deepEqual([events.length, documents.length], [0, 1], "health alone is stored, not announced");
  }
  assert.equal(world.task(task.id).lastStatus, "RUNNING", "an unhealthy standalone task runs on");
});

test("without a health check, health is UNKNOWN", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(definition);
  assert.deepEqual(report(world, task, { plain: "UNHEALTHY", nobody: "HEALTHY" }).documents, []);
  assert.equal(healthOf(world.runTask().containers), "UNKNOWN");
});

test("repeated, foreign and late reports change nothing", () => {
  const world = aCluster().withInstances(2, { cpu: 600 });
  const task = world.runningTask(definition);
  const own = task.instanceId === world.instanceId(0) ? 0 : 1;
  assert.deepEqual(report(world, task, { app: "HEALTHY" }, 1 - own).documents, []);
  report(world, task, { app: "HEALTHY" }, own);
  assert.deepEqual(report(world, task, { app: "HEALTHY" }, own).documents, []);
  assert.deepEqual(report(world, { ...task, arn: "nonsense" }, { app: "HEALTHY" }, own).documents, []);
  world.report(task.id, "STOPPED");
  assert.deepEqual(report(world, task, { app: "UNHEALTHY" }, own).documents, []);
});
