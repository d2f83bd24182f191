/**
 * `npm run tour`: the life of container instances and tasks, walked through with AWS's SDK against a server of its own. Prints a line
 * per step and ends with exit code 1 at the first expectation that is not met.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashAndReturn } from "./tour-crash.ts";
import { drainStopAndDeregister, updateAndHealth } from "./tour-instances.ts";
import { startTourServer, type TourServer } from "./tour-server.ts";
import { Steps } from "./tour-steps.ts";
import { placeAndFill, registerAndRun, tagAndAttribute } from "./tour-tasks.ts";

const dataDir = mkdtempSync(join(tmpdir(), "berth-tour-"));
const steps = new Steps();
let server: TourServer | null = null;
try {
  steps.heading("A control plane with simulated hosts");
  await steps.step("`berth dev` listens", async () => {
    server = await startTourServer(dataDir);
    return `${server.listening.url}, ${Math.round(server.startedInMs)} ms after the start of its process`;
  });
  await walk();
  process.stdout.write(`\n${steps.summary()}\n`);
} catch (error) {
  process.stdout.write(`\nThe tour ends here. ${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
  process.exitCode = 1;
} finally {
  await (server as TourServer | null)?.kill();
  rmSync(dataDir, { recursive: true, force: true });
}

async function walk(): Promise<void> {
  if (server === null) return;
  const { ecs } = server as TourServer;
  const world = await registerAndRun(steps, ecs);
  await placeAndFill(steps, ecs, world);
  await tagAndAttribute(steps, ecs, world);
  await updateAndHealth(steps, ecs, world);
  await drainStopAndDeregister(steps, ecs, world);
  server = await crashAndReturn(steps, server as TourServer, dataDir);
}
