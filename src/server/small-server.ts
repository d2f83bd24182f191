/** A whole server with one simulated instance, a log that nobody reads and nothing on the disk, for tests. */
import { openLog } from "./log/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "./server.ts";

export const smallSimulation = {
  place: { account: "000000000000", region: "us-east-1" },
  instances: 1,
  cpu: 1_024,
  memoryMiB: 2_048,
  adopt: true,
};

/** What a server that checks no signatures takes. */
export const anyCredentials = { accessKeyId: "any", secretAccessKey: "any" };

/** Starts it; `options` differ from the usual ones. */
export function startSmallServer(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: null,
    auth: { type: "loose", account: smallSimulation.place.account },
    latestAgentVersion: "1.97.0",
    simulation: smallSimulation,
    log: openLog("silent"),
    ...options,
  });
}
