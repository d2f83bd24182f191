import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DiskError, FileDisk } from "../agent/file-disk.ts";
import { ApiError } from "../agent/remote/api-error.ts";
import { type AwsEndpoints, awsServices } from "../agent/remote/aws-client.ts";
import { ConnectionPool } from "../agent/remote/connection-pool.ts";
import { SignedApi } from "../agent/remote/signed-api.ts";
import { WebSocketTransport } from "../agent/remote/websocket-transport.ts";
import { simulatedAgentVersion, simulatedHostDefaults } from "../agent/simulated/simulated-host.ts";
import type { TaskServicesSettings } from "../agent/task-services/task-services.ts";
import { seededRandom } from "../lib/random.ts";
import { systemClock } from "../lib/system-clock.ts";
import { StartError } from "../server/start-error.ts";
import { apiFlags, apiHelp, apiRemoteFrom } from "./api-client.ts";
import { runCommand } from "./command.ts";
import { checkControlPlane } from "./control-plane-check.ts";
import { type CommandText, numberFlag, pairsFlag, type Typed, textFlag } from "./flags/flags.ts";
import type { Remote } from "./flags/remote-flags.ts";
import { expectNoWords } from "./flags/server-flags.ts";
import { logsFlag, servicesFrom } from "./flags/service-flags.ts";
import { HostFleet } from "./hosts/host-fleet.ts";
import { HostProgress } from "./hosts/host-progress.ts";
import { counted } from "./text-table.ts";

/** LIMIT: as many as a cluster takes; each is an agent with two sockets and some kilobytes of its own. */
const hostsMax = 5_000;
/** LIMIT: agents close their sockets within a round trip. */
const stopTimeoutMs = 5_000;
/** LIMIT: deregistering 5,000 hosts with tasks takes seconds, much longer on a busy machine. */
const deregisterTimeoutMs = 120_000;

const command: CommandText = {
  usage: "berth hosts [--count N] [--endpoint URL] [flags]",
  about: `Simulated hosts that join a remote control plane as real ones do: over signed calls and two WebSockets each, all in this
process. Use them to see what a control plane does under the load of a fleet, or to rehearse with a copy of one: deployments,
outages, restarts. Their containers are simulated as in \`berth dev\`, with the same images that rehearse failures.
Hosts that lose their connection reconnect by themselves, with the pauses of the official agent. Ctrl+C ends them. Their container
instances stay registered and disconnected unless you pass --deregister.
${apiHelp}`,
  flags: {
    count: { value: "N", help: `How many hosts, up to ${hostsMax} (default 1).` },
    ...apiFlags,
    cluster: {
      value: "CLUSTER",
      help: "Name or ARN (default: the cluster default, which is created if it is missing).",
    },
    cpu: { value: "UNITS", help: `CPU units of each; 1024 are a core (default ${simulatedHostDefaults.cpu}).` },
    memory: { value: "MIB", help: `Memory of each in MiB (default ${simulatedHostDefaults.memoryMiB}).` },
    attributes: { value: "LIST", help: "Custom attributes of all: rack=r1,berth.capacity-provider=racks." },
    "data-dir": {
      value: "DIR",
      help: "Keep the hosts' state here: after a restart they have the same instances and tasks.",
    },
    deregister: { value: null, help: "Deregister the container instances at the end, with their tasks." },
    ...logsFlag,
    json: { value: null, help: "Print one line of JSON once all are connected." },
  },
  examples: [
    {
      line: "berth hosts --count 20",
      about: "Twenty hosts for a `berth dev` on this machine.",
    },
    {
      line: "berth hosts --count 2000 --cluster load --endpoint https://ecs.example.org --deregister",
      about: "A load test: 2,000 hosts that are gone without a trace after Ctrl+C.",
    },
    {
      line: "berth hosts --count 50 --data-dir ./fleet --endpoint http://10.0.0.5:4280",
      about: "A rehearsal: stop it, wait, restart it, and see what the control plane did about the missing hosts.",
    },
  ],
};

/** `berth hosts`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, hosts);
}

async function hosts(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const { cpu, memoryMiB } = simulatedHostDefaults;
  const size = {
    count: numberFlag(typed, "count", { otherwise: 1, min: 1, max: hostsMax }),
    cpu: numberFlag(typed, "cpu", { otherwise: cpu, min: 128, max: 1_048_576 }),
    memoryMiB: numberFlag(typed, "memory", { otherwise: memoryMiB, min: 128, max: 33_554_432 }),
  };
  const remote = apiRemoteFrom(typed);
  const { endpoint, region, credentials, trust } = remote;
  const named = textFlag(typed, "cluster", null);
  const cluster = named ?? "default";
  const random = seededRandom(randomBytes(16).toString("hex"));
  const common = { ...remote, clock: systemClock, random: random.stream("api"), agentVersion: simulatedAgentVersion };
  const api = new SignedApi(common);
  try {
    await checkControlPlane({ api, endpoint, accessKeyId: credentials.accessKeyId, cluster: named });
    const dataDir = textFlag(typed, "data-dir", null);
    const progress = new HostProgress();
    const fleet = new HostFleet({
      ...size,
      customAttributes: pairsFlag(typed, "attributes").map(([name, value]) => ({ name, value })),
      fleetId: await fleetIdIn(dataDir),
      cluster,
      region,
      clock: systemClock,
      random,
      api,
      services: servicesOf(typed, remote),
      transport: new WebSocketTransport({ region, credentials, trust }),
      log: progress.log,
      openDisk: dataDir === null ? null : (index) => FileDisk.open(dataDir, `host-${index}`),
    });
    await run({ typed, fleet, progress, remote, cluster });
  } finally {
    api.close();
  }
}

/** Simulated containers only write logs: to the control plane, unless the flag says otherwise. */
function servicesOf(typed: Typed, { endpoint, credentials, trust }: Remote): TaskServicesSettings {
  const { endpoints: given, ...nothing } = servicesFrom(typed);
  const endpoints = Object.fromEntries(awsServices.map((name) => [name, given[name] ?? endpoint])) as AwsEndpoints;
  return { ...nothing, endpoints: () => endpoints, pool: new ConnectionPool(trust), own: credentials };
}

type Run = {
  readonly typed: Typed;
  readonly fleet: HostFleet;
  readonly progress: HostProgress;
  readonly remote: Remote;
  readonly cluster: string;
};

/** From the start of the first host to the end of the last. Rejects with StartError if they cannot all be started. */
async function run({ typed, fleet, progress, remote: { endpoint }, cluster }: Run): Promise<void> {
  const startedAt = performance.now();
  const ended = endAtSignal(typed.flags.has("deregister") ? deregisterTimeoutMs : stopTimeoutMs);
  progress.watch(fleet);
  try {
    const started = fleet.start().then(() => "started" as const);
    if ((await Promise.race([started, ended])) === "started") {
      const line = { connected: fleet.connected, cluster, endpoint, pid: process.pid, instances: fleet.instances() };
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      const text = `${counted(fleet.size, "host")} connected to the cluster ${cluster} of ${endpoint} (after ${seconds} s). Ctrl+C ends ${fleet.size === 1 ? "it" : "them"}.\n`;
      progress.told(fleet);
      process.stdout.write(typed.flags.has("json") ? `${JSON.stringify(line)}\n` : text);
      await Promise.race([ended, fleet.emptied]);
    }
  } catch (error) {
    throw startErrorOf(error);
  } finally {
    progress.close();
    await fleet.stop();
    if (typed.flags.has("deregister")) await deregister(fleet);
    else sayWhatStays(fleet, cluster, textFlag(typed, "data-dir", null));
  }
}

/**
 * Resolves at SIGTERM or SIGINT. If what follows takes longer than `timeoutMs`, or a second signal comes, the process ends with
 * 1.
 */
function endAtSignal(timeoutMs: number): Promise<"ended"> {
  return new Promise((resolve) => {
    let isEnding = false;
    const end = (): void => {
      if (isEnding) process.exit(1);
      isEnding = true;
      setTimeout(() => {
        process.stderr.write("berth: The hosts did not end in time.\n");
        process.exit(1);
      }, timeoutMs).unref();
      resolve("ended");
    };
    process.on("SIGTERM", end);
    process.on("SIGINT", end);
  });
}

/** What remains after the hosts end, and how to remove it. */
function sayWhatStays(fleet: HostFleet, cluster: string, dataDir: string | null): void {
  const { registered } = fleet;
  if (registered === 0) return;
  const way =
    dataDir === null
      ? "--deregister removes them at the end; now, `aws ecs deregister-container-instance --force` does."
      : `Start again with --data-dir ${dataDir} to bring them back, and with --deregister to remove them at the end.`;
  const stay = registered === 1 ? "stays" : "stay";
  const what = `${counted(registered, "container instance")} ${stay} registered in the cluster ${cluster}, without a host`;
  process.stderr.write(`berth: ${what}. ${way}\n`);
}

async function deregister(fleet: HostFleet): Promise<void> {
  const { deregistered, error } = await fleet.deregister();
  process.stderr.write(`berth: ${deregistered} container instances were deregistered.\n`);
  if (error === null) return;
  process.stderr.write(`berth: Others were not: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function startErrorOf(error: unknown): unknown {
  if (error instanceof DiskError) return new StartError(error.message, { cause: error });
  if (!(error instanceof ApiError)) return error;
  return new StartError(`A host was refused: ${error.message} (${error.code})`, { cause: error });
}

/** Distinguishes these hosts from others. It is saved with them, because their EC2 instance ids follow from it. */
async function fleetIdIn(dataDir: string | null): Promise<string> {
  const fresh = randomBytes(8).toString("hex");
  if (dataDir === null) return fresh;
  // Creates the folder, and keeps other processes out meanwhile.
  const folder = await FileDisk.open(dataDir, "fleet").catch((error: unknown) => {
    throw startErrorOf(error);
  });
  try {
    const file = join(dataDir, "fleet-id");
    const known = await readFile(file, "utf8").catch(() => "");
    if (known.trim() !== "") return known.trim();
    await writeFile(file, `${fresh}\n`);
    return fresh;
  } finally {
    await folder.release();
  }
}
