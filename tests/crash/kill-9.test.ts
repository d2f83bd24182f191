/**
 * A real server on a real data directory, killed at random moments while eight clients call it: what it acknowledged is there when it
 * starts again, nothing is half done, and what it refused left no trace.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { ECS } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type BerthProcess, berthMain, runBerth, startBerth } from "../berth-process.ts";
import { AcknowledgedCheck } from "./acknowledged.ts";
import { KeptState } from "./kept-state.ts";
import { Ledger } from "./ledger.ts";
import { callUntilCut, crashClient, type LoadWorld } from "./load.ts";

const kills = Number(process.env.BERTH_CRASH_KILLS ?? "50");
const seed = process.env.BERTH_CRASH_SEED ?? "1";
const random = seededRandom(seed).stream("crash");
const dataDir = mkdtempSync(join(tmpdir(), "berth-crash-"));
const flags = ["--data-dir", dataDir, "--instances", "2", "--runtime", "simulated", "--log-level", "error"];
const workers = 8;
const large = [
  { name: "CPU", type: "INTEGER", integerValue: 1_000_000 },
  { name: "MEMORY", type: "INTEGER", integerValue: 10_000_000 },
];

let berth: BerthProcess | null = null;
after(async () => {
  await berth?.end("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

const ledger = new Ledger();
const check = new AcknowledgedCheck();
const kept = new KeptState(dataDir);
let world: LoadWorld | null = null;

async function start(): Promise<{ readonly server: BerthProcess; readonly ecs: ECS }> {
  // One that a failed test left behind would hold the directory.
  await berth?.end("SIGKILL");
  const server = await startBerth("dev", flags);
  berth = server;
  return { server, ecs: crashClient(server.listening.url) };
}

/** What the load needs: two clusters, two large container instances, a task definition. */
async function furnish(ecs: ECS): Promise<LoadWorld> {
  await ecs.createCluster({ clusterName: ledger.cluster });
  await ecs.createCluster({ clusterName: "spare" });
  const arns: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { containerInstance } = await ecs.registerContainerInstance({
      cluster: ledger.cluster,
      totalResources: large,
    });
    arns.push(must(containerInstance?.containerInstanceArn, "the ARN of an instance"));
  }
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: "crash",
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 3, memory: 7 }],
  });
  return {
    ledger,
    instance: must(arns[0], "an instance"),
    taskDefinition: must(taskDefinition?.taskDefinitionArn, "the task definition"),
  };
}

/** Starts the workers, waits, and ends the server by `signal` under them; gives its exit code and how long the end took. */
async function endUnderLoad(
  server: BerthProcess,
  ecs: ECS,
  name: string,
  signal: "SIGKILL" | "SIGTERM",
): Promise<{ readonly code: number | null; readonly tookMs: number }> {
  const loaded = must(world, "the world of the load");
  const calls = Array.from({ length: workers }, (_, i) =>
    callUntilCut(ecs, `${name}-w${i}`, loaded, seededRandom(`${seed}/${name}`).stream(String(i))),
  );
  const all = Promise.all(calls);
  // A worker that meets an answer that it should not get ends the test at once.
  await Promise.race([all, setTimeout(60 + random.below(800))]);
  const startedAt = performance.now();
  const code = await server.end(signal);
  const tookMs = performance.now() - startedAt;
  await all;
  ecs.destroy();
  assert.equal(server.complaints(), "", "the server has nothing to complain of");
  return { code, tookMs };
}

test(`${kills} times SIGKILL under load, seed ${seed}: nothing acknowledged is lost, nothing is half done`, async (t) => {
  const startTimes: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const startedAt = performance.now();
    const { server, ecs } = await start();
    startTimes.push(performance.now() - startedAt);
    world ??= await furnish(ecs);
    await check.expectAll(ecs, world, random, true);
    const before = ledger.answered;
    await endUnderLoad(server, ecs, `k${kill}`, "SIGKILL");
    assert.ok(ledger.answered > before || kill === 0, "calls were answered before the kill");
    kept.expectWhole();
    if (kill % 5 === 4) await killWhileStarting();
  }
  startTimes.sort((a, b) => a - b);
  t.diagnostic(
    `${ledger.answered} calls answered, ${ledger.refused} refused; ${ledger.tasks.size} tasks, ${kept.events} events; ` +
      `start ${Math.round(startTimes[0] ?? 0)} to ${Math.round(startTimes.at(-1) ?? 0)} ms`,
  );
});

/** A server that dies before it listens leaves everything as it was too. */
async function killWhileStarting(): Promise<void> {
  const child = spawn(process.execPath, [berthMain, "dev", "--port", "0", ...flags], { stdio: "ignore" });
  await setTimeout(100 + random.below(500));
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await exit;
  kept.expectWhole();
}

test("SIGTERM under load: it ends within five seconds with 0, and loses nothing either", async () => {
  const { server, ecs } = await start();
  world ??= await furnish(ecs);
  const { code, tookMs } = await endUnderLoad(server, ecs, "term", "SIGTERM");
  assert.equal(code, 0);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  kept.expectWhole();
});

test("all that was ever acknowledged is there, and a second process on the directory says that it is taken", async () => {
  const { server, ecs } = await start();
  world ??= await furnish(ecs);
  await check.expectAll(ecs, world, random, false);
  const second = runBerth(["dev", "--port", "0", ...flags]);
  assert.equal(second.code, 1);
  assert.match(second.err, new RegExp(`${dataDir} is in use by the process ${server.listening.pid}\\.`));
  const third = runBerth(["keys", "list", "--data-dir", dataDir]);
  assert.notEqual(third.code, 0);
  await ecs.listTasks({ cluster: ledger.cluster });
  ecs.destroy();
  assert.equal(await server.end("SIGTERM"), 0);
});
