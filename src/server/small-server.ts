/** For tests: a whole server with one simulated instance and nothing on disk, whose log nobody reads. */
import { openLog } from "./log/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "./server.ts";

export const smallSimulation = {
  place: { account: "000000000000", region: "us-east-1" },
  instances: 1,
  cpu: 1_024,
  memoryMiB: 2_048,
  adopt: true,
};

/** Credentials for a server that doesn't check signatures. */
export const anyCredentials = { accessKeyId: "any", secretAccessKey: "any" };

/** Starts it; `options` override the defaults. */
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
