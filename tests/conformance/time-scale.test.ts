/** A `berth dev` whose times are shorter than ECS's, compared with ECS's own. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { until } from "../until.ts";
import { define, describeTask, runOne, untilTask } from "./world.ts";

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function start(...flags: string[]): Promise<{ readonly berth: BerthProcess; readonly ecs: ECS }> {
  const berth = await startBerth("dev", ["--in-memory", "--instances", "1", ...flags]);
  closers.push(() => berth.end("SIGTERM"));
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  const ecs = new ECS({ endpoint: berth.listening.url, region: "us-east-1", credentials, maxAttempts: 1 });
  closers.push(() => ecs.destroy());
  return { berth, ecs };
}

/** Requests the end of a running task. Returns its ARN, and when it was requested. */
async function runAndStop(ecs: ECS): Promise<{ readonly task: string; readonly askedAt: number }> {
  const task = await runOne(ecs, "default", await define(ecs, "short"));
  await untilTask(ecs, "default", task, "RUNNING");
  const askedAt = performance.now();
  await ecs.stopTask({ task });
  return { task, askedAt };
}

test("a stopped task stays at a scale of 3600 as long as at ECS's pace; --keep-stopped 1s removes it after a second", async () => {
  const [usual, brief, kept] = await Promise.all([
    start(),
    start("--time-scale", "3600", "--keep-stopped", "1s"),
    start("--time-scale", "3600"),
  ]);
  const said = [usual, brief, kept].map(({ berth }) => {
    const { timeScale, keepStoppedSeconds } = { timeScale: null, keepStoppedSeconds: null, ...berth.listening };
    return { timeScale, keepStoppedSeconds };
  });
  assert.deepEqual(said, [
    { timeScale: null, keepStoppedSeconds: null },
    { timeScale: 3_600, keepStoppedSeconds: 1 },
    { timeScale: 3_600, keepStoppedSeconds: null },
  ]);

  const [{ task: usualTask }, { task: keptTask }] = await Promise.all([runAndStop(usual.ecs), runAndStop(kept.ecs)]);
  const stays = async () => {
    assert.equal((await describeTask(usual.ecs, "default", usualTask)).lastStatus, "STOPPED");
    assert.equal((await describeTask(kept.ecs, "default", keptTask)).lastStatus, "STOPPED");
  };
  await untilTask(usual.ecs, "default", usualTask, "STOPPED");
  await untilTask(kept.ecs, "default", keptTask, "STOPPED");

  const { task: briefTask, askedAt } = await runAndStop(brief.ecs);
  const look = async () => (await brief.ecs.describeTasks({ tasks: [briefTask] })).failures ?? [];
  const failures = await until("a task that is gone", look, (found) => found.length > 0);
  assert.deepEqual(failures, [{ arn: briefTask, reason: "MISSING" }]);
  assert.ok(performance.now() - askedAt > 950, "it was there for a second");
  await stays();
});
