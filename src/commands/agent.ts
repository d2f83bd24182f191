import { randomBytes } from "node:crypto";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { Agent, type AgentEnd, type AgentOptions } from "../agent/agent.ts";
import { DockerAgent } from "../agent/docker/docker-agent.ts";
import { DockerHost, DockerHostError } from "../agent/docker/docker-host.ts";
import { ImageMap } from "../agent/docker/images/image-map.ts";
import { withheldBy } from "../agent/docker/policy/host-policy.ts";
import { officialEngineDefaults } from "../agent/engine/engine-step.ts";
import { DiskError, FileDisk } from "../agent/file-disk.ts";
import { findGpus, type Gpus } from "../agent/gpus.ts";
import { type AwsEndpoints, awsServices } from "../agent/remote/aws-client.ts";
import { ConnectionPool } from "../agent/remote/connection-pool.ts";
import { withDefaultCluster } from "../agent/remote/default-cluster.ts";
import { SignedApi } from "../agent/remote/signed-api.ts";
import { WebSocketTransport } from "../agent/remote/websocket-transport.ts";
import { simulatedAttributes } from "../agent/simulated/simulated-attributes.ts";
import { SimulatedRuntime } from "../agent/simulated/simulated-runtime.ts";
import { TaskCredentials } from "../agent/task-credentials.ts";
import { offeredServices, TaskServices, type TaskServicesSettings } from "../agent/task-services/task-services.ts";
import { makePrivate, NotPrivateError } from "../lib/private-files.ts";
import { seededRandom } from "../lib/random.ts";
import { systemClock } from "../lib/system-clock.ts";
import { openLog, type ServerLog } from "../server/log/log.ts";
import { repairText } from "../server/private-data-directory.ts";
import { StartError } from "../server/start-error.ts";
import { checkCluster, exitCodeOf, problemIn, problemOf, TerminalError } from "./agent/agent-end.ts";
import { type AgentNews, lacksOf, tellOfSocket, watchedApi } from "./agent/agent-news.ts";
import {
  type AgentSettings,
  agentCommand,
  checkReservedMemory,
  factsOf,
  settingsFrom,
} from "./agent/agent-settings.ts";
import { openNewsWriter } from "./agent/news-writer.ts";
import { runCommand } from "./command.ts";
import type { Typed } from "./flags/flags.ts";
import { expectNoWords, logLevelFlag } from "./flags/server-flags.ts";

/** The version of the official agent whose protocol this agent speaks. */
const agentVersion = "1.97.0";

/** LIMIT: enough for a reader that is reading, without delaying a supervisor that waits for the exit. */
const flushMs = 500;

/** `berth agent`. */
export function main(argv: readonly string[]): Promise<void> {
  return runCommand(agentCommand, argv, agent);
}

type RunningAgent = { start(): Promise<void>; stop(): Promise<void> };
/** Options that both kinds of agents share. */
type CommonOptions = Omit<AgentOptions, "runtime" | "instance">;

async function agent(typed: Typed): Promise<void> {
  expectNoWords(typed);
  const settings = settingsFrom(typed);
  const log = openLog(logLevelFlag(typed, "warn"));
  const news = openNewsWriter(typed.flags.has("json"));
  // The reader may go away; the agent stays.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const disk = await openDisk(settings.dataDir);
  let exitCode: number;
  try {
    await checkState(disk, settings);
    repairAgentFiles(settings.dataDir, log);
    exitCode = await runAgent(settings, disk, log, news.tell);
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    process.stderr.write(`berth: ${error.message}\n`);
    exitCode = error.exitCode;
  } finally {
    await disk.release();
  }
  await Promise.all([news.flush(flushMs), log.flush(flushMs)]);
  // Don't wait for calls under way.
  process.exit(exitCode);
}

/** Runs the agent from start to end, and returns the exit code. */
async function runAgent(
  settings: AgentSettings,
  disk: FileDisk,
  log: ServerLog,
  tell: (news: AgentNews) => void,
): Promise<number> {
  const { cluster, dataDir, remote } = settings;
  const ended = Promise.withResolvers<AgentEnd>();
  const onSignal = (): void => ended.resolve({ why: "stopped" });
  process.once("SIGTERM", onSignal);
  process.once("SIGINT", onSignal);
  let isOver = false;
  void ended.promise.then(() => {
    isOver = true;
  });
  // That its own sockets close at the end is not news.
  const tellUntilEnd = (news: AgentNews): void => {
    if (!isOver) tell(news);
  };
  const { api, common } = agentParts(settings, disk, log, tellUntilEnd, ended.resolve);
  let end: AgentEnd;
  if (settings.runtime === "docker") {
    const host = await openDocker(settings, log);
    try {
      end = await untilEnd(await dockerAgent(settings, host, api, common, tell), ended);
    } finally {
      host.close();
    }
  } else end = await untilEnd(simulatedAgent(settings, common), ended);
  api.close();
  const place = { dataDir, cluster: cluster ?? "default", endpoint: remote.endpoint, ...remote.credentials };
  tell({ event: "ended", why: end.why, problem: problemOf(end, place) });
  return exitCodeOf(end);
}

async function untilEnd(running: RunningAgent, ended: PromiseWithResolvers<AgentEnd>): Promise<AgentEnd> {
  running.start().catch((error: unknown) => ended.resolve({ why: "refused", error }));
  const end = await ended.promise;
  await running.stop();
  return end;
}

function agentParts(
  { remote, cluster, dataDir }: AgentSettings,
  disk: FileDisk,
  log: ServerLog,
  tell: (news: AgentNews) => void,
  onEnded: (end: AgentEnd) => void,
) {
  const random = seededRandom(randomBytes(16).toString("hex"));
  const api = new SignedApi({ ...remote, agentVersion, clock: systemClock, random: random.stream("api") });
  const name = cluster ?? "default";
  const common: CommonOptions = {
    clock: systemClock,
    random,
    log: log.write,
    api: watchedApi(cluster === null ? withDefaultCluster(api) : api, {
      cluster: name,
      problemIn: (error) => problemIn(error, remote.endpoint, remote.credentials.accessKeyId),
      tell,
    }),
    transport: new WebSocketTransport({ ...remote, onNews: (news) => tellOfSocket(news, tell) }),
    disk,
    name: dataDir,
    cluster: name,
    agentVersion,
    agentHash: "berth",
    // AWS: an agent's answer if its updates are disabled.
    updater: null,
    engine: officialEngineDefaults,
    onEnded,
  };
  return { api, common };
}

async function dockerAgent(
  settings: AgentSettings,
  host: DockerHost,
  api: SignedApi,
  common: CommonOptions,
  tell: (news: AgentNews) => void,
): Promise<RunningAgent> {
  checkReservedMemory(settings, host);
  const gpus = await gpusOf();
  const { architecture, cpu, memoryMiB } = host;
  const hardware = { architecture, cpu, memoryMiB, gpuIds: gpus.ids };
  const services = servicesOf(settings);
  const running = await DockerAgent.open({
    ...common,
    host,
    services,
    images: new ImageMap(settings.services.imageRules),
    positionsFile: join(settings.dataDir, "logs.json"),
    pullBehaviour: settings.pullBehaviour,
    availabilityZone: settings.availabilityZone,
    endpointsFile: join(settings.dataDir, "endpoints.json"),
    apiAs: ({ accessKeyId, secretAccessKey, sessionToken }) =>
      api.as({
        accessKeyId: accessKeyId ?? "",
        secretAccessKey: secretAccessKey ?? "",
        sessionToken: sessionToken ?? null,
      }),
    instance: ({ hasEndpoints }) => {
      const attributes = host.attributes({
        hasEndpoints,
        gpuDriverVersion: gpus.driverVersion,
        services: offeredServices(services),
      });
      return { register: factsOf(settings, hardware, attributes) };
    },
  }).catch((cause: unknown) => {
    throw new StartError(`The agent cannot start (${textOf(cause)}).`, { cause });
  });
  const lacks = lacksOf({ canLimitTasks: host.groundwork.canLimitTasks(), endpoints: running.endpoints });
  if (lacks.length > 0) tell({ event: "lacking", isRoot: process.getuid?.() === 0, lacks });
  const withheld = withheldBy(settings.policy);
  if (withheld.length > 0) tell({ event: "withholding", withheld });
  return running;
}

function simulatedAgent(settings: AgentSettings, common: CommonOptions): RunningAgent {
  const { availabilityZone } = settings;
  const cpu = availableParallelism() * 1_024;
  const architecture = process.arch === "arm64" ? "arm64" : "x86_64";
  const memoryMiB = Math.floor(totalmem() / 1_048_576);
  checkReservedMemory(settings, { memoryMiB });
  const attributes = simulatedAttributes({ gpuIds: [], architecture, availabilityZone });
  const register = factsOf(settings, { architecture, cpu, memoryMiB, gpuIds: [] }, attributes);
  const credentials = new TaskCredentials();
  const services = TaskServices.forgetful({
    ...servicesOf(settings),
    clock: systemClock,
    log: common.log,
    random: common.random.stream("services"),
    credentials,
  });
  const ids = common.random.stream("runtime");
  const runtime = new SimulatedRuntime({ clock: systemClock, ids, hostCpuUnits: cpu, services });
  const running = new Agent({ ...common, runtime, credentials, instance: { register } });
  const stop = async (): Promise<void> => {
    await running.stop();
    await services.close();
  };
  return { start: () => running.start(), stop };
}

/** The other services as this agent uses them: those of the control plane, unless flags say otherwise. */
function servicesOf({ services, remote }: AgentSettings): TaskServicesSettings {
  const { endpoints: given, bucketDir, efsDir, assumeWith } = services;
  const endpoints = Object.fromEntries(
    awsServices.map((name) => [name, given[name] ?? remote.endpoint]),
  ) as AwsEndpoints;
  const pool = new ConnectionPool(remote.trust);
  return { endpoints: () => endpoints, pool, own: remote.credentials, bucketDir, efsDir, assumeWith };
}

async function openDocker({ dockerHost, policy }: AgentSettings, log: ServerLog): Promise<DockerHost> {
  try {
    return await DockerHost.open(dockerHost, log.write, policy);
  } catch (cause) {
    if (!(cause instanceof DockerHostError)) throw cause;
    throw new StartError(`${cause.message}: ${cause.advice}, or pass --runtime simulated.`, { cause });
  }
}

async function openDisk(dataDir: string): Promise<FileDisk> {
  try {
    return await FileDisk.open(dataDir);
  } catch (cause) {
    const why =
      cause instanceof DiskError ? cause.message : `${dataDir} cannot be used (${textOf(cause)}): pass --data-dir DIR.`;
    throw new StartError(why, { cause });
  }
}

/** Removes other users' access to the agent's state and the secret of its endpoints. */
function repairAgentFiles(dataDir: string, log: ServerLog): void {
  try {
    const repairs = makePrivate(dataDir, (name) => /^(agent|endpoints|logs)\.json(\.new)?$/.test(name));
    for (const repair of repairs) log.write("file-mode-repaired", { ...repair, advice: repairText(repair) });
  } catch (cause) {
    throw cause instanceof NotPrivateError ? new StartError(cause.message, { cause }) : cause;
  }
}

/** Before anything is registered: a state that is unreadable, or belongs to an agent elsewhere, needs a person. */
async function checkState(disk: FileDisk, { cluster, dataDir }: AgentSettings): Promise<void> {
  try {
    const saved = await disk.load();
    if (saved !== null) checkCluster(saved.containerInstanceArn, cluster, dataDir);
    // Deadlines in the state come from a clock that may have been set back since.
    systemClock.startAtLeast(await disk.savedAt());
  } catch (cause) {
    throw cause instanceof DiskError ? new StartError(cause.message, { cause }) : cause;
  }
}

async function gpusOf(): Promise<Gpus> {
  try {
    return await findGpus();
  } catch (cause) {
    throw new StartError(`${textOf(cause)}: fix it, or take it off the PATH to join without GPUs.`, { cause });
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
