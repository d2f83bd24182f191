/**
 * A real server on a real data directory, killed at random moments while eight clients call it. What it acknowledged is there
 * after a restart, nothing is half done, and what it refused left no trace.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runBerth } from "../berth-process.ts";
import { KillRun } from "./kill-run.ts";

const kills = Number(process.env.BERTH_CRASH_KILLS ?? "50");
const seed = process.env.BERTH_CRASH_SEED ?? "1";
const dataDir = mkdtempSync(join(tmpdir(), "berth-crash-"));
const run = new KillRun({ seed, dataDir });
after(async () => {
  await run.end();
  rmSync(dataDir, { recursive: true, force: true });
});

test(`${kills} times SIGKILL under load, seed ${seed}: nothing acknowledged is lost, nothing is half done`, async (t) => {
  const startTimes: number[] = [];
  for (let kill = 0; kill < kills; kill++) startTimes.push(await run.kill());
  startTimes.sort((a, b) => a - b);
  const { ledger, kept } = run;
  t.diagnostic(
    `${ledger.answered} calls answered, ${ledger.refused} refused; ${ledger.tasks.size} tasks, ${kept.events} events; ` +
      `start ${Math.round(startTimes[0] ?? 0)} to ${Math.round(startTimes.at(-1) ?? 0)} ms`,
  );
});

test("SIGTERM under load: it ends within five seconds with 0, and loses nothing either", async () => {
  const { server, ecs } = await run.start();
  // What was under way at the last kill is settled here, before the same clients write again.
  await run.expectAcknowledged(ecs, true);
  const { code, tookMs } = await run.endUnderLoad(server, ecs, "term", "SIGTERM");
  assert.equal(code, 0);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  run.kept.expectWhole();
});

test("everything that was ever acknowledged is there, and a second process on the directory says that it is taken", async () => {
  const { server, ecs } = await run.start();
  await run.expectAcknowledged(ecs, false);
  const second = runBerth(["dev", "--port", "0", ...run.flags]);
  assert.equal(second.code, 1);
  assert.match(second.err, new RegExp(`${dataDir} is in use by the process ${server.listening.pid}\\.`));
  const third = runBerth(["keys", "list", "--data-dir", dataDir]);
  assert.notEqual(third.code, 0);
  await ecs.listTasks({ cluster: run.ledger.cluster });
  ecs.destroy();
  assert.equal(await server.end("SIGTERM"), 0);
});
