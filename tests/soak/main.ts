/** `npm run soak`: hours of what `npm test` does for seconds. */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Job, type Kind, kinds, type Report } from "./job.ts";
import { Soak, type SoakOptions, type StartedJob } from "./soak.ts";

const usage = `Usage: npm run soak -- [--minutes N] [--requests N] [--kills N] [--sim N] [--seed S] [--only KIND] [--workers W]

Runs mutated requests (none may get a 5xx, refused ones change nothing), kills of a server under load (nothing acknowledged is
lost) and seeds of the simulator, each with another seed, in several processes.

  --minutes N    how long; without a count below, as much as there is time for
  --requests N   how many mutated requests
  --kills N      how many kills
  --sim N        how many seeds of the simulator
  --seed S       the first seed, a number (default 1)
  --only KIND    requests, kills or sim; repeatable
  --workers W    how many processes work at a time (default: one per processor)

Prints progress every ten seconds. Exits with 1 after a failure; each is shown with the command that repeats it.
Ctrl-C ends it soon, with what was found so far.
`;

/** LIMIT: a week; nobody waits longer for a run without counts. */
const minutesMax = 10_080;

function optionsOf(argv: readonly string[]): SoakOptions | null {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: text,
      requests: text,
      kills: text,
      sim: text,
      seed: { ...text, default: "1" },
      workers: { ...text, default: String(availableParallelism()) },
      only: { ...text, multiple: true },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const number = (name: string, value: string): number => {
    if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${name} takes a number, not "${value}"`);
    return Number(value);
  };
  const only = values.only ?? kinds;
  for (const kind of only) {
    if (!kinds.some((known) => known === kind)) throw new Error(`--only is one of ${kinds.join(", ")}, not "${kind}"`);
  }
  const counts = new Map<Kind, number | null>();
  for (const kind of kinds) {
    const count = values[kind];
    if (count !== undefined) counts.set(kind, number(kind, count));
    else if (values.minutes !== undefined && only.includes(kind)) counts.set(kind, null);
  }
  if (counts.size === 0) return null;
  const minutes = values.minutes === undefined ? minutesMax : Math.min(minutesMax, number("minutes", values.minutes));
  const seed = Math.floor(number("seed", values.seed));
  const workers = Math.max(1, Math.floor(number("workers", values.workers)));
  return { seed, counts, workers, forMs: minutes * 60_000 };
}

const jobFile = fileURLToPath(new URL("job.ts", import.meta.url));

function startJob(job: Job, report: (report: Report) => void): StartedJob {
  const child = fork(jobFile, [JSON.stringify(job)]);
  child.on("message", (message) => report(message as Report));
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a job (${JSON.stringify(job)}) ended with ${signal ?? code}`));
    });
  });
  return { ended, stop: () => void (child.connected && child.send("stop")) };
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(usage);
    return process.argv.includes("--help") ? 0 : 2;
  }
  const soak = new Soak(options, {
    start: startJob,
    say: (line) => process.stdout.write(`${line}\n`),
    nowMs: () => performance.now(),
    each: (ms, run) => {
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    },
  });
  process.once("SIGINT", () => soak.stop());
  return (await soak.run()) === 0 ? 0 : 1;
}

process.exitCode = await main();
