/**
 * Starts a server on the given data directory and prints how long it took to load, and how many tasks it then starts in a second. Arguments:
 * data directory, tasks to start (0).
 */
import { openLog } from "../src/server/log/log.ts";
import { startServer } from "../src/server/server.ts";
import { runTasks } from "./fleet.ts";

const begin = performance.now();
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  dataDir: process.argv[2] ?? "",
  auth: { type: "sigv4" },
  latestAgentVersion: "1.105.0",
  identityCertificate: null,
  simulation: null,
  log: openLog("error"),
});
const openMs = performance.now() - begin;
const tasks = [...server.controlPlane.describeCounts().tasks.values()].reduce((all, each) => all + each, 0);
const more = Number(process.argv[3] ?? 0);
const startedAt = performance.now();
await runTasks(server.controlPlane, more);
const startedPerSecond = (more * 1_000) / Math.max(1, performance.now() - startedAt);
process.stdout.write(`${JSON.stringify({ openMs, tasks, startedPerSecond })}\n`);
process.on("SIGTERM", () => {
  void server.close().then(() => process.exit(0));
});
