/**
 * `npm run bench`: every published figure, in order. `npm run bench -- NAME` runs one. The attacks have their own table and
 * flags: `npm run bench -- attacks --help`.
 */
import { agentSessionFigures } from "./agent-sessions.ts";
import { attackFigures } from "./attacks.ts";
import { companionFigures } from "./companion.ts";
import { fairnessFigures, printFairness } from "./fairness.ts";
import { type Figure, machine, printFigures } from "./figure.ts";
import { logFigures } from "./logs.ts";
import { memoryAndReloadFigures } from "./memory-and-reload.ts";
import { placementFigures } from "./placement.ts";
import { requestFigures } from "./requests.ts";
import { runTaskToRunningFigures } from "./run-task-to-running.ts";
import { scaleFigures } from "./scale.ts";
import { serviceFigures } from "./services.ts";
import { startUpFigures } from "./start-up.ts";

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  "start-up": startUpFigures,
  placement: placementFigures,
  requests: requestFigures,
  companion: companionFigures,
  "memory-and-reload": memoryAndReloadFigures,
  scale: () => scaleFigures(),
  "agent-sessions": agentSessionFigures,
  "run-task-to-running": runTaskToRunningFigures,
  services: serviceFigures,
  logs: logFigures,
  fairness: () => fairnessFigures(),
};

const asked = process.argv.slice(2);
if (asked[0] === "fairness" && asked.length > 1) {
  await printFairness(asked.slice(1));
  process.exit(0);
}
if (asked[0] === "attacks") process.exit(await attackFigures(asked.slice(1)));
if (asked.includes("--help") || asked.some((name) => benches[name] === undefined)) {
  process.stdout.write(`Usage: npm run bench [-- NAME...]\nNames: ${Object.keys(benches).join(", ")}, attacks\n`);
  process.exit(asked.includes("--help") ? 0 : 2);
}
process.stdout.write(`${machine()}\n`);
for (const [name, run] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stderr.write(`${name} ...\n`);
  printFigures(await run());
}
if (asked.length === 0) process.exitCode = await attackFigures([]);
