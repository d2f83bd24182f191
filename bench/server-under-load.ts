/**
 * A server with signatures checked and a fleet in it. Prints a line of JSON when it is ready. Arguments: data directory,
 * instances, tasks, and the number of clusters that each have as many (1).
 */

import { openLog } from "../src/server/log/log.ts";
import { startServer } from "../src/server/server.ts";
import { makeFleet, placesOf, runTasks } from "./fleet.ts";

const [dataDir = "", instances = "0", tasks = "0", clusters = "1"] = process.argv.slice(2);
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  dataDir,
  auth: { type: "sigv4" },
  latestAgentVersion: "1.105.0",
  identityCertificate: null,
  simulation: null,
  log: openLog("error"),
});
const arns: string[] = [];
for (const place of placesOf(Number(clusters))) {
  arns.push(...(await makeFleet(server.controlPlane, Number(instances), place)));
  await runTasks(server.controlPlane, Number(tasks), place);
}
process.stdout.write(`${JSON.stringify({ port: server.port, pid: process.pid, arns: arns.slice(0, 10) })}\n`);
process.on("SIGTERM", () => {
  void server.close().then(() => process.exit(0));
});
