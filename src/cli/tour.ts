/**
 * `npm run tour`: the life of container instances, tasks, a stack and services, using AWS's SDK and its own servers. Prints a line per
 * step and ends with exit code 1 at the first expectation that is not met.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashAndReturn } from "./tour-crash.ts";
import { realContainer } from "./tour-docker.ts";
import { drainStopAndDeregister, updateAndHealth } from "./tour-instances.ts";
import { killTourServers, startTourServer } from "./tour-server.ts";
import { serviceLife } from "./tour-services.ts";
import { prepareStack, stackTask } from "./tour-stack.ts";
import { Steps } from "./tour-steps.ts";
import { placeAndFill, registerAndRun, tagAndAttribute } from "./tour-tasks.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-tour-"));
const dataDir = join(folder, "data");
const steps = new Steps();
process.on("SIGINT", () => {
  leave();
  process.exit(130);
});
try {
  await walk();
  process.stdout.write(`\n${steps.summary()}\n`);
} catch (error) {
  process.stdout.write(`\nThe tour ends here. ${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
  process.exitCode = 1;
} finally {
  leave();
}

async function walk(): Promise<void> {
  steps.heading("A control plane and its hosts");
  const server = await startTourServer(dataDir, prepareStack(join(folder, "buckets")));
  await steps.step("`berth dev` says where it listens", async () => {
    return `${server.listening.url}, ${Math.round(server.startedInMs)} ms after the start of its process`;
  });
  const { ecs } = server;
  const world = await registerAndRun(steps, ecs);
  await placeAndFill(steps, ecs, world);
  await tagAndAttribute(steps, ecs, world);
  await updateAndHealth(steps, ecs, world);
  await drainStopAndDeregister(steps, ecs, world);
  await stackTask(steps, server);
  await realContainer(steps, server);
  await serviceLife(steps);
  await crashAndReturn(steps, server, dataDir);
}

function leave(): void {
  killTourServers();
  rmSync(folder, { recursive: true, force: true });
}
