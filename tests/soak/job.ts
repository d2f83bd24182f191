/** A piece of a soak run, in its own process: `node tests/soak/job.ts JSON`. Reports to its parent, which may ask it to stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Scenario } from "../../src/simulator/faults/faults.ts";
import { simulate } from "../../src/simulator/simulation.ts";
import { KillRun } from "../crash/kill-run.ts";
import { fuzzRequests } from "../fuzz/request-fuzz.ts";

/** What is run repeatedly: mutated requests, kills under load, simulated worlds. */
export const kinds = ["requests", "kills", "sim"] as const;
export type Kind = (typeof kinds)[number];

export type Job = {
  readonly kind: Kind;
  readonly seed: number;
  /** How many requests, kills or seeds, from `seed` on. */
  readonly count: number;
};

/** `done` are those since the last report. */
export type Report =
  | { readonly type: "progress"; readonly done: number }
  | { readonly type: "failure"; readonly text: string; readonly repeat: string };

const sim = { steps: 1_000, hosts: 4 } as const;
const scenarios: readonly Scenario[] = ["everything", "services", "network-cut"];
/** LIMIT: how much of a failure is shown; the command that repeats it shows the rest. */
const failureCharacters = 8_000;

type Running = { readonly report: (done: number) => void; readonly shouldStop: () => boolean };

const runners: Readonly<Record<Kind, (job: Job, running: Running) => Promise<void>>> = {
  requests: runRequests,
  kills: runKills,
  sim: runSeeds,
};

async function runRequests({ seed, count }: Job, { report, shouldStop }: Running): Promise<void> {
  let reported = 0;
  const onProgress = (done: number): void => {
    report(done - reported);
    reported = done;
  };
  // One seed in four has its signatures checked, which costs as much as all the rest.
  const auth = seed % 4 === 0 ? "signed" : "loose";
  await fuzzRequests({ seed: String(seed), requests: count, auth, onProgress, shouldStop });
}

async function runKills({ seed, count }: Job, { report, shouldStop }: Running): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-soak-"));
  const run = new KillRun({ seed: String(seed), dataDir });
  try {
    for (let kill = 0; kill < count && !shouldStop(); kill++) {
      await run.kill();
      report(1);
    }
    const { ecs } = await run.start();
    await run.expectAcknowledged(ecs, false);
    ecs.destroy();
  } finally {
    await run.end();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

class BrokenRule extends Error {
  readonly repeat: string;

  constructor(text: string, repeat: string) {
    super(text);
    this.repeat = repeat;
  }
}

async function runSeeds({ seed: first, count }: Job, { report, shouldStop }: Running): Promise<void> {
  for (let seed = first; seed < first + count && !shouldStop(); seed++) {
    const scenario = scenarios[seed % scenarios.length] as Scenario;
    const { violation, tail } = await simulate({ seed: String(seed), ...sim, scenario });
    if (violation !== null) {
      const repeat = `npm run sim -- --seed ${seed} --steps ${sim.steps} --hosts ${sim.hosts} --scenario ${scenario}`;
      throw new BrokenRule(`${violation.rule}\n${violation.problem}\n${tail.slice(-10).join("\n")}`, repeat);
    }
    report(1);
  }
}

async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? "{}") as Job;
  let isStopped = false;
  process.on("message", () => {
    isStopped = true;
  });
  const send = (report: Report): void => void process.send?.(report);
  const running = { report: (done: number) => send({ type: "progress", done }), shouldStop: () => isStopped };
  try {
    await runners[job.kind](job, running);
  } catch (error) {
    const { kind, seed, count } = job;
    const repeat = error instanceof BrokenRule ? error.repeat : null;
    const text = error instanceof BrokenRule ? error.message : inspect(error, { depth: 6 });
    send({
      type: "failure",
      text: text.slice(0, failureCharacters),
      repeat: repeat ?? `npm run soak -- --seed ${seed} --${kind} ${count}`,
    });
  }
  process.disconnect?.();
}

if (import.meta.main) await main();
