import { hash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { Agent, type AgentEnd, type AgentOptions } from "../agent/agent.ts";
import { DockerAgent } from "../agent/docker/docker-agent.ts";
import { DockerHost, DockerHostError } from "../agent/docker/docker-host.ts";
import { pullBehaviours } from "../agent/docker/image-puller.ts";
import { officialEngineDefaults } from "../agent/engine-step.ts";
import { DiskError, FileDisk } from "../agent/file-disk.ts";
import { findGpus, type Gpus } from "../agent/gpus.ts";
import type { HostAttribute, HostFacts, HostIdentity } from "../agent/registration.ts";
import { withDefaultCluster } from "../agent/remote/default-cluster.ts";
import { SignedApi } from "../agent/remote/signed-api.ts";
import { WebSocketTransport } from "../agent/remote/websocket-transport.ts";
import { simulatedAttributes } from "../agent/simulated-attributes.ts";
import { SimulatedRuntime } from "../agent/simulated-runtime.ts";
import { systemClock } from "../lib/clock.ts";
import { seededRandom } from "../lib/random.ts";
import { openLog } from "../server/log.ts";
import { StartError } from "../server/start-error.ts";
import { type AgentNews, newsLine, tellOfSocket, watchedApi } from "./agent-news.ts";
import { runCommand } from "./command.ts";
import { type CommandText, numberFlag, type Typed, textFlag, UsageError } from "./flags.ts";
import { type Remote, remoteFlags, remoteFrom } from "./remote-flags.ts";
import { expectNoWords, logLevelFlag } from "./server-flags.ts";

/** The official agent's version whose protocol this agent speaks. */
const agentVersion = "1.97.0";
/** AWS: exit codes of the official agent, so that the same supervisors fit: come back, and stay away. */
const exits = { again: 1, terminal: 5 } as const;

const command: CommandText = {
  usage: "berth agent --endpoint URL [flags]",
  about: `Makes this machine a container instance: registers it, connects, and runs the tasks that are placed on it in Docker.
The access key comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. What the agent must know after a restart is in its data
directory; containers run on while it is away. It wants root for task networks, task limits and the metadata endpoint.
Exit codes: 0 after SIGTERM or SIGINT, 1 try again, 2 wrong command line, 5 stay away (refused, or deregistered).`,
  flags: {
    ...remoteFlags,
    cluster: { value: "CLUSTER", help: "The cluster to join (default: default, which is made when it is missing)." },
    "data-dir": { value: "DIR", help: "Where the agent keeps its state (default /var/lib/berth-agent)." },
    runtime: { value: "RUNTIME", help: "docker (default), or simulated: containers that exist only as timers." },
    "docker-host": { value: "ADDRESS", help: "The engine (default: DOCKER_HOST, then unix:///var/run/docker.sock)." },
    "pull-behavior": {
      value: "WORD",
      help: `When registries are asked: ${pullBehaviours.join(", ")} (default default).`,
    },
    attributes: { value: "LIST", help: "Custom attributes: rack=r1,disk=ssd. Sent with the first registration only." },
    tags: { value: "LIST", help: "Tags: team=web,stage=test. Sent with the first registration only." },
    external: { value: null, help: "Register as an EXTERNAL instance: tasks come with launch type EXTERNAL." },
    "availability-zone": { value: "ZONE", help: "The zone that the machine counts to (default: the region's first)." },
    "instance-type": { value: "TYPE", help: "What the attribute ecs.instance-type says (default docker)." },
    "reserved-memory": { value: "MIB", help: "Memory that tasks do not get (default 0)." },
    "log-level": { value: "LEVEL", help: "Of the log on standard error (default warn)." },
    json: { value: null, help: "A line of JSON on standard output for each thing that happens." },
  },
  examples: [
    {
      line: "sudo -E berth agent --endpoint http://127.0.0.1:4280 --region us-east-1",
      about: "Joins the cluster default of a control plane on this machine.",
    },
    {
      line: "berth agent --endpoint https://ecs.example.org --cluster web --attributes rack=r7 --data-dir /srv/berth-agent",
      about: "Joins another cluster, with an attribute that placement constraints can ask for.",
    },
    {
      line: "berth agent --endpoint http://127.0.0.1:4280 --runtime simulated --data-dir /tmp/rehearsal",
      about: "Rehearses without Docker.",
    },
  ],
};

/** `berth agent`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(command, argv, agent);
}

/** What was typed, read. */
type Settings = {
  readonly remote: Remote;
  /** Null: `default`, made when it is missing. */
  readonly cluster: string | null;
  readonly dataDir: string;
  readonly external: boolean;
  readonly availabilityZone: string;
  readonly instanceType: string;
  readonly reservedMemoryMiB: number;
  readonly customAttributes: readonly HostAttribute[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
};

/** The host's hardware, as its runtime knows it. */
type Hardware = Pick<HostFacts, "cpu" | "memoryMiB" | "gpuIds"> & Pick<HostIdentity, "architecture">;

type RunningAgent = { start(): Promise<void>; stop(): Promise<void> };

async function agent(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const settings = settingsFrom(typed);
  const log = openLog(logLevelFlag(typed, "warn"));
  const isJson = typed.flags.has("json");
  const tell = (news: AgentNews): void => {
    if (isJson) process.stdout.write(`${JSON.stringify(news)}\n`);
    else process.stderr.write(`${newsLine(news)}\n`);
  };
  const disk = await openDisk(settings.dataDir);
  const ended = Promise.withResolvers<AgentEnd>();
  const { api, common } = agentParts(settings, disk, log, tell, ended.resolve);
  let running: RunningAgent;
  let release = async (): Promise<void> => {};
  try {
    if (runtimeFlag(typed) === "docker") {
      const host = await openDocker(textFlag(typed, "docker-host", process.env.DOCKER_HOST ?? ""), log.write);
      release = async () => host.close();
      running = await dockerAgent(typed, settings, host, api, common);
    } else running = simulatedAgent(settings, common);
  } catch (error) {
    await disk.release();
    throw error;
  }
  const onSignal = (): void => ended.resolve({ why: "stopped" });
  process.once("SIGTERM", onSignal);
  process.once("SIGINT", onSignal);
  running.start().catch((error: unknown) => ended.resolve({ why: "refused", error }));
  const end = await ended.promise;
  await running.stop();
  await release();
  await disk.release();
  api.close();
  tell({ event: "ended", why: end.why, problem: problemOf(end, settings.dataDir) });
  process.exit(exitCodeOf(end));
}

function settingsFrom(typed: Typed): Settings {
  const remote = remoteFrom(typed);
  return {
    remote,
    cluster: textFlag(typed, "cluster", null),
    dataDir: resolve(textFlag(typed, "data-dir", "/var/lib/berth-agent")),
    external: typed.flags.has("external"),
    availabilityZone: textFlag(typed, "availability-zone", `${remote.region}a`),
    instanceType: textFlag(typed, "instance-type", "docker"),
    reservedMemoryMiB: numberFlag(typed, "reserved-memory", { otherwise: 0, min: 0, max: 33_554_432 }),
    customAttributes: pairs(typed, "attributes").map(([name, value]) => ({ name, value })),
    tags: pairs(typed, "tags").map(([key, value]) => ({ key, value })),
  };
}

function agentParts(
  { remote, cluster, dataDir }: Settings,
  disk: FileDisk,
  log: ReturnType<typeof openLog>,
  tell: (news: AgentNews) => void,
  onEnded: (end: AgentEnd) => void,
) {
  const random = seededRandom(randomBytes(16).toString("hex"));
  const api = new SignedApi({ ...remote, agentVersion, clock: systemClock, random: random.stream("api") });
  const name = cluster ?? "default";
  const common: Omit<AgentOptions, "runtime" | "instance"> = {
    clock: systemClock,
    random,
    log: log.write,
    api: watchedApi(cluster === null ? withDefaultCluster(api) : api, name, tell),
    transport: new WebSocketTransport({ ...remote, onNews: (news) => tellOfSocket(news, tell) }),
    disk,
    name: dataDir,
    cluster: name,
    agentVersion,
    agentHash: "berth",
    // AWS: what an agent says whose updates are not enabled.
    updater: null,
    engine: officialEngineDefaults,
    onEnded,
  };
  return { api, common };
}

async function dockerAgent(
  typed: Typed,
  settings: Settings,
  host: DockerHost,
  api: SignedApi,
  common: Omit<AgentOptions, "runtime" | "instance">,
): Promise<RunningAgent> {
  const gpus = await gpusOf();
  const { architecture, cpu, memoryMiB } = host;
  const hardware = { architecture, cpu, memoryMiB, gpuIds: gpus.ids };
  const pullBehaviour = pullBehaviours.find((known) => known === textFlag(typed, "pull-behavior", "default"));
  if (pullBehaviour === undefined) throw new UsageError(`--pull-behavior must be one of ${pullBehaviours.join(", ")}.`);
  return DockerAgent.open({
    ...common,
    host,
    pullBehaviour,
    availabilityZone: settings.availabilityZone,
    endpointsFile: join(settings.dataDir, "endpoints.json"),
    apiAs: ({ accessKeyId, secretAccessKey, sessionToken }) =>
      api.as({
        accessKeyId: accessKeyId ?? "",
        secretAccessKey: secretAccessKey ?? "",
        sessionToken: sessionToken ?? null,
      }),
    instance: ({ hasEndpoints }) => {
      const attributes = host.attributes({ hasEndpoints, gpuDriverVersion: gpus.driverVersion });
      return { register: factsOf(settings, hardware, attributes, "docker") };
    },
  });
}

function simulatedAgent(settings: Settings, common: Omit<AgentOptions, "runtime" | "instance">): RunningAgent {
  const { availabilityZone } = settings;
  const cpu = availableParallelism() * 1_024;
  const architecture = process.arch === "arm64" ? "arm64" : "x86_64";
  const memoryMiB = Math.floor(totalmem() / 1_048_576);
  const attributes = simulatedAttributes({ gpuIds: [], architecture, availabilityZone });
  const register = factsOf(settings, { architecture, cpu, memoryMiB, gpuIds: [] }, attributes, "simulated");
  const runtime = new SimulatedRuntime({ clock: systemClock, ids: common.random.stream("runtime"), hostCpuUnits: cpu });
  return new Agent({ ...common, runtime, instance: { register } });
}

/** AWS: an agent outside EC2 says so by an attribute, and nothing of the machine it is on. */
function factsOf(
  settings: Settings,
  { architecture, cpu, memoryMiB, gpuIds }: Hardware,
  capabilities: readonly HostAttribute[],
  runtime: "docker" | "simulated",
): HostFacts {
  const { external, remote, availabilityZone, instanceType, dataDir, reservedMemoryMiB, customAttributes, tags } =
    settings;
  if (reservedMemoryMiB >= memoryMiB) {
    throw new UsageError(`--reserved-memory ${reservedMemoryMiB} is all of the ${memoryMiB} MiB that there are.`);
  }
  // AWS: tasks on external instances have no interfaces of their own.
  const offered = capabilities.filter(({ name }) => !external || !name.startsWith("ecs.capability.task-eni"));
  const identity = {
    account: null,
    region: remote.region,
    availabilityZone,
    instanceType,
    imageId: null,
    architecture,
  };
  return {
    cpu,
    memoryMiB: memoryMiB - reservedMemoryMiB,
    gpuIds,
    identity: external ? null : { ...identity, instanceId: instanceIdOf(dataDir) },
    attributes: external ? [...offered, { name: "ecs.capability.external" }] : offered,
    customAttributes: [{ name: "berth.runtime", value: runtime }, ...customAttributes],
    tags,
  };
}

/** The same for the same machine and data directory, in the form of EC2. */
function instanceIdOf(dataDir: string): string {
  let machine = "";
  try {
    machine = readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    // A machine without one is told from others by its data directory alone.
  }
  return `i-${hash("sha256", `${machine}\n${dataDir}`, "hex").slice(0, 17)}`;
}

/** `name=value,…` of a flag. */
function pairs(typed: Typed, name: string): (readonly [string, string])[] {
  const given = textFlag(typed, name, null);
  if (given === null) return [];
  return given.split(",").map((pair) => {
    const at = pair.indexOf("=");
    if (at <= 0) throw new UsageError(`--${name} must be a list like a=1,b=2, but has "${pair}".`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
}

function runtimeFlag(typed: Typed): "docker" | "simulated" {
  const given = textFlag(typed, "runtime", "docker");
  if (given === "docker" || given === "simulated") return given;
  throw new UsageError(`--runtime must be docker or simulated, not "${given}".`);
}

async function openDocker(dockerHost: string, log: AgentOptions["log"]): Promise<DockerHost> {
  try {
    return await DockerHost.open(dockerHost, log);
  } catch (cause) {
    if (!(cause instanceof DockerHostError)) throw cause;
    throw new StartError(`${cause.message}: start it, or pass --runtime simulated.`, { cause });
  }
}

async function openDisk(dataDir: string): Promise<FileDisk> {
  try {
    return await FileDisk.open(dataDir);
  } catch (cause) {
    const why =
      cause instanceof DiskError ? cause.message : `${dataDir} cannot be used (${String(cause)}): pass --data-dir DIR.`;
    throw new StartError(why, { cause });
  }
}

async function gpusOf(): Promise<Gpus> {
  try {
    return await findGpus();
  } catch (cause) {
    throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function problemOf(end: AgentEnd, dataDir: string): string | null {
  if (end.why === "inactive") {
    return `its container instance was deregistered. To register this machine anew, move ${dataDir} away and start the agent again.`;
  }
  if (end.why !== "refused") return null;
  return end.error instanceof Error ? end.error.message : String(end.error);
}

/** AWS: what a supervisor is to do: bad requests stay bad, anything else may pass. */
function exitCodeOf(end: AgentEnd): number {
  if (end.why === "stopped") return 0;
  if (end.why !== "refused") return exits.terminal;
  const code = end.error instanceof Error && "code" in end.error ? end.error.code : null;
  return code === "ClientException" || code === "InvalidParameterException" ? exits.terminal : exits.again;
}
