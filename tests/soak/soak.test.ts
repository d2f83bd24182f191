/** The long runs made short, and a failure in one of them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Job, Kind, Report } from "./job.ts";
import { Soak, type SoakEnvironment } from "./soak.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

function playedSoak(
  counts: readonly (readonly [Kind, number | null])[],
  run: (job: Job, report: (report: Report) => void) => Promise<void>,
  forMs = 1_000_000,
) {
  const jobs: Job[] = [];
  const said: string[] = [];
  const clock = { nowMs: 0 };
  const environment: SoakEnvironment = {
    start: (job, report) => {
      jobs.push(job);
      clock.nowMs += 1_000;
      return { ended: run(job, report), stop: () => {} };
    },
    say: (line) => said.push(line),
    nowMs: () => clock.nowMs,
    each: () => () => {},
  };
  return { jobs, said, soak: new Soak({ seed: 7, workers: 2, counts: new Map(counts), forMs }, environment) };
}

const succeeds = async (job: Job, report: (report: Report) => void): Promise<void> =>
  report({ type: "progress", done: job.count });

test("a few of each kind are run, counted, and end with 0", { timeout: 240_000 }, () => {
  const argv = [main, "--requests", "1500", "--kills", "1", "--sim", "1", "--seed", "4"];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /: 1500 requests, 1 kills, 1 seeds, 0 failures\n$/);
});

test("counts are handed out in jobs, each with its own seed, and not one more", async () => {
  const { soak, jobs, said } = playedSoak(
    [
      ["requests", 50_000],
      ["sim", 7],
    ],
    succeeds,
  );
  assert.equal(await soak.run(), 0);
  const of = (kind: Kind) => jobs.filter((job) => job.kind === kind).map(({ seed, count }) => [seed, count]);
  assert.deepEqual(of("requests"), [
    [7, 20_000],
    [8, 20_000],
    [9, 10_000],
  ]);
  assert.deepEqual(of("sim"), [
    [7, 5],
    [12, 2],
  ]);
  assert.match(said.at(-1) ?? "", /50000 requests, 0 kills, 7 seeds, 0 failures/);
});

test("without counts all kinds get their share of the time, and none begins when it is over", async () => {
  const { soak, jobs } = playedSoak(
    [
      ["requests", null],
      ["kills", null],
      ["sim", null],
    ],
    succeeds,
    30_000,
  );
  await soak.run();
  assert.equal(jobs.length, 30);
  for (const kind of ["requests", "kills", "sim"]) {
    const share = jobs.filter((job) => job.kind === kind).length;
    assert.ok(share >= 5, `${kind}: ${share}`);
  }
});

test("a failure and a process that dies are shown with the command that repeats them; the rest goes on", async () => {
  const { soak, jobs, said } = playedSoak([["kills", 75]], async (job, report) => {
    if (job.seed === 7)
      return report({ type: "failure", text: "lost a task", repeat: "npm run soak -- --seed 7 --kills 25" });
    if (job.seed === 8) throw new Error("ended with SIGSEGV");
    return succeeds(job, report);
  });
  assert.equal(await soak.run(), 2);
  assert.equal(jobs.length, 3);
  const text = said.join("\n");
  assert.match(text, /lost a task\n\nRepeat with: npm run soak -- --seed 7 --kills 25\n/);
  assert.match(text, /ended with SIGSEGV\n\nRepeat with: npm run soak -- --seed 8 --kills 25\n/);
});

test("ten failures end it", async () => {
  const { soak, jobs } = playedSoak([["sim", null]], async () => {
    throw new Error("again");
  });
  assert.equal(await soak.run(), 10);
  assert.ok(jobs.length <= 11);
});
