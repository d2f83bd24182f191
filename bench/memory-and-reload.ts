/**
 * Resident memory of a server process, idle and with 5,000 instances and 100,000 tasks, and how long it takes to reload those.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, printFigures, startChild } from "./figure.ts";
import { residentMiB } from "./process-figures.ts";

const instances = 5_000;
const tasks = 100_000;

export async function memoryAndReloadFigures(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const start = (...fleet: number[]) => startChild(["bench/server-under-load.ts", dataDir, ...fleet.map(String)]);
  try {
    execFileSync(process.execPath, ["src/cli/berth.js", "keys", "create", "--data-dir", dataDir, "--json"]);
    const idle = await start(0, 0);
    const idleMiB = residentMiB(idle.pid);
    await idle.stop();
    const filled = await start(instances, tasks);
    const filledMiB = residentMiB(filled.pid);
    await filled.stop();
    const reloaded = await startChild(["bench/reload.ts", dataDir]);
    const { openMs, tasks: found } = reloaded.first as { openMs: number; tasks: number };
    if (found !== tasks) throw new Error(`${found} tasks were loaded, not ${tasks}`);
    const reloadedMiB = residentMiB(reloaded.pid);
    await reloaded.stop();
    const fleet = `${instances} instances and ${tasks} tasks`;
    return [
      { name: "resident memory, idle", value: idleMiB, unit: "MiB" },
      { name: `resident memory, just after making ${fleet}`, value: filledMiB, unit: "MiB" },
      { name: `resident memory, after loading ${fleet}`, value: reloadedMiB, unit: "MiB" },
      { name: `time to load ${fleet}`, value: openMs, unit: "ms" },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (import.meta.main) printFigures(await memoryAndReloadFigures());
