/** `node tests/scenarios/main.ts`: plays scenarios by name and prints their streams, or writes them as golden files. */
import { globSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { goldenPath, playScenario } from "./play-scenario.ts";

export const scenarioNames = (): string[] =>
  globSync("*.scenario", { cwd: import.meta.dirname })
    .map((file) => basename(file, ".scenario"))
    .sort();

const usage = `Usage: node tests/scenarios/main.ts [--write] [--crash N] [--seed TEXT] [NAME...]

Plays scenarios of tests/scenarios, by default all of them, and prints what happened.

  --write      writes the golden files (NAME.events) instead of printing; read the diff before you commit it
  --crash N    kills the control plane at the Nth line that waits, counted from zero
  --seed TEXT  another seed than the scenario's own, which is its name
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: "boolean", default: false },
      crash: { type: "string" },
      seed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const crashAt = values.crash === undefined ? null : Number(values.crash);
  for (const name of positionals.length > 0 ? positionals : scenarioNames()) {
    const { text, end } = await playScenario(name, { seed: values.seed ?? name, crashAt });
    if (values.write) writeFileSync(goldenPath(name), text);
    else process.stdout.write(`${text}\n# in the end: ${end.join("; ")}\n`);
  }
}

if (import.meta.main) await main();
