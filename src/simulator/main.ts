import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Scenario, scenarios } from "./faults/faults.ts";
import { type SimulationResult, simulate } from "./simulation.ts";

const help = `Runs the control plane, its agents and hosts in a simulated world: time, network, disk and containers are made
from a seed, things go wrong all the time, and rules are checked after every write. The same seed and the same numbers give
the same run, to the last byte of its trace.

Usage: npm run sim -- [--seed N] [--steps S] [--hosts H] [--scenario NAME] [--trace FILE] [--minutes M]

  --seed N      any text; by default 1
  --steps S     calls of the workload before the faults stop; by default 1000
  --hosts H     hosts that register themselves; by default 4
  --scenario N  everything (by default); services: for the most part calls about services, their deployments and drains;
                or network-cut: the network between agents and the control plane is cut for minutes
                while tasks are run and stopped, one direction or both; after it heals both sides must agree
  --trace FILE  writes every call, answer, event and fault to FILE
  --minutes M   goes on with the seeds after N until M minutes are over (N must be a number)
  --help        shows this text

Exits with 1 when a rule was broken, after showing the rule, what came before, and the command that repeats the run.
`;

type Options = {
  readonly seed: string;
  readonly steps: number;
  readonly hosts: number;
  readonly scenario: Scenario;
  readonly trace: string | null;
  readonly minutes: number;
};

function options(): Options | null {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      steps: { type: "string", default: "1000" },
      hosts: { type: "string", default: "4" },
      scenario: { type: "string", default: "everything" },
      trace: { type: "string" },
      minutes: { type: "string", default: "0" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { seed, trace = null } = values;
  const read = { steps: Number(values.steps), hosts: Number(values.hosts), minutes: Number(values.minutes) };
  for (const [name, value] of Object.entries(read)) {
    if (!(value >= 0)) throw new Error(`--${name} takes a number`);
  }
  if (read.minutes > 0 && !/^\d+$/.test(seed)) throw new Error("--minutes takes a seed that is a number");
  const scenario = scenarios.find((name) => name === values.scenario);
  if (scenario === undefined) throw new Error(`--scenario is one of ${scenarios.join(", ")}`);
  return { ...read, seed, scenario, trace };
}

async function runOne({ steps, hosts, scenario, trace }: Options, seed: string): Promise<boolean> {
  const startedAt = performance.now();
  const file = trace === null ? null : openSync(trace, "w");
  const sink = file === null ? {} : { sink: (line: string) => void writeSync(file, `${line}\n`) };
  const result = await simulate({ seed, steps, hosts, scenario, ...sink });
  if (file !== null) closeSync(file);
  const seconds = (performance.now() - startedAt) / 1000;
  if (result.violation !== null) {
    report(result, result.violation, { seed, steps, hosts, scenario });
    return false;
  }
  const { lines, digest, virtualMs, cuts } = result;
  const agreed =
    cuts.count === 0
      ? ""
      : `, ${cuts.count} cuts, agreed ${Math.round(cuts.agreedAfterMsMax / 1_000)} s after the worst`;
  const perSecond = Math.round(result.steps / seconds);
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `seed ${seed}: ${result.steps} steps, ${hours} h of virtual time${agreed}, ${lines} lines ${digest.slice(0, 16)}, ${seconds.toFixed(1)} s (${perSecond} steps/s)`,
  );
  return true;
}

function report(
  { steps: stepsDone, tail }: SimulationResult,
  { rule, problem }: { readonly rule: string; readonly problem: string },
  { seed, steps, hosts, scenario }: Pick<Options, "seed" | "steps" | "hosts" | "scenario">,
): void {
  console.log(`\n${tail.join("\n")}\n`);
  console.log(`Broken after ${stepsDone} steps: ${rule}\n  ${problem}\n`);
  console.log(`Repeat with: npm run sim -- --seed ${seed} --steps ${steps} --hosts ${hosts} --scenario ${scenario}`);
}

async function main(): Promise<void> {
  const chosen = options();
  if (chosen === null) {
    console.log(help);
    return;
  }
  const until = Date.now() + chosen.minutes * 60_000;
  for (let seed = chosen.seed; ; seed = String(Number(seed) + 1)) {
    if (!(await runOne(chosen, seed))) {
      process.exitCode = 1;
      return;
    }
    if (Date.now() >= until) return;
  }
}

await main();
