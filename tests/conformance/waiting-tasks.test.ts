/** Tasks that wait for capacity in a separate process: a server that is killed meanwhile, and a wait that ends by itself. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { define, describeTask, untilTask } from "./world.ts";

type Started = { readonly berth: BerthProcess; readonly ecs: ECS };

async function start(context: TestContext, dataDir: string, ...flags: string[]): Promise<Started> {
  const berth = await startBerth("dev", [
    "--data-dir",
    dataDir,
    "--instances",
    "1",
    "--runtime",
    "simulated",
    ...flags,
  ]);
  context.after(() => berth.end("SIGKILL"));
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  const ecs = new ECS({ endpoint: berth.listening.url, region: "us-east-1", credentials, maxAttempts: 1 });
  context.after(() => ecs.destroy());
  return { berth, ecs };
}

/** Creates the provider `racks`, which no instance belongs to, and runs a task with it. Returns the task's ARN. */
async function runWaiting(ecs: ECS): Promise<string> {
  await ecs.createCapacityProvider({ name: "racks", autoScalingGroupProvider: { autoScalingGroupArn: "racks" } });
  await ecs.putClusterCapacityProviders({
    cluster: "default",
    capacityProviders: ["racks"],
    defaultCapacityProviderStrategy: [{ capacityProvider: "racks", weight: 1 }],
  });
  const { tasks } = await ecs.runTask({ taskDefinition: await define(ecs, "waits") });
  assert.equal(tasks?.[0]?.lastStatus, "PROVISIONING");
  return must(tasks[0]?.taskArn, "the ARN of the task");
}

function temporary(context: TestContext): string {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-waiting-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

test("a task still waits after the server was killed, and runs when its provider gets an instance", async (context) => {
  const dataDir = temporary(context);
  const first = await start(context, dataDir);
  const task = await runWaiting(first.ecs);
  await first.berth.end("SIGKILL");
  const { ecs } = await start(context, dataDir);
  const waiting = await describeTask(ecs, "default", task);
  assert.deepEqual([waiting.lastStatus, waiting.capacityProviderName], ["PROVISIONING", "racks"]);
  const { containerInstanceArns } = await ecs.listContainerInstances({});
  const targetId = must(containerInstanceArns?.[0], "the instance");
  await ecs.putAttributes({
    attributes: [{ name: "berth.capacity-provider", value: "racks", targetType: "container-instance", targetId }],
  });
  assert.equal((await untilTask(ecs, "default", task, "RUNNING")).containerInstanceArn, targetId);
});

test("a task that waits too long is stopped, and says that its provider is empty", async (context) => {
  const { ecs } = await start(context, temporary(context), "--timeline", "provisioningTimeoutMs=1000");
  const task = await runWaiting(ecs);
  const { stopCode, stoppedReason, startedAt } = await untilTask(ecs, "default", task, "STOPPED");
  assert.deepEqual(
    [stopCode, stoppedReason, startedAt],
    ["TaskFailedToStart", "TaskFailedToStart: EMPTY CAPACITY PROVIDER", undefined],
  );
});
