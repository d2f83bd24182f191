/** Puts a control plane together: store, machines, sessions, simulated hosts, HTTP. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { DockerHost } from "../agent/docker/docker-host.ts";
import { trustedCertificates } from "../agent/remote/trusted-certificates.ts";
import { type AgentArchive, AgentSessions } from "../agent-sessions/agent-sessions.ts";
import { awsRegions } from "../auth/regions.ts";
import type { Role } from "../auth/roles.ts";
import type { OtherCredentials } from "../auth/sign-for-another.ts";
import { ControlPlane } from "../cluster-runner/control-plane.ts";
import { MachineHaltedError } from "../cluster-runner/runner-errors.ts";
import type { Place } from "../ecs/arn.ts";
import { rowOf } from "../ecs/machine/operations.ts";
import type { MachineConfiguration } from "../ecs/state/call.ts";
import { ecsTimeline, type Timeline } from "../ecs/timeline.ts";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { PacedClock } from "../lib/paced-clock.ts";
import { type Random, seededRandom } from "../lib/random.ts";
import type { SteadyClock } from "../lib/steady-clock.ts";
import { systemClock } from "../lib/system-clock.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import type { DamagedError, Store } from "../store/store.ts";
import { isOfService } from "../wire/service-definition.ts";
import { BuiltInLogs } from "./built-in-logs.ts";
import { builtInRulebooks, servicePorts } from "./built-in-services.ts";
import { Companion } from "./companion/companion.ts";
import { CompanionDoor } from "./companion/companion-door.ts";
import type { CompanionLimits } from "./companion/companion-limits.ts";
import { MergedEc2 } from "./companion/merged-ec2.ts";
import { gatherEcsFacts } from "./gather-ecs-facts.ts";
import { AppendMetrics } from "./health/append-metrics.ts";
import { CallMetrics } from "./health/call-metrics.ts";
import { HealthWatch } from "./health/health-watch.ts";
import type { MetricsSource } from "./health/metrics-text.ts";
import { type HealthSource, healthOf, problemsOf, type ServerHealth } from "./health/server-health.ts";
import { AgentArrivals } from "./hosts/agent-arrivals.ts";
import { type HostServices, type HostServicesOptions, hostServices } from "./hosts/host-services.ts";
import { identityCheck } from "./hosts/identity-certificate.ts";
import { ManagedHosts, type ManagedRuntime, simulatedManagedRuntime } from "./hosts/managed-hosts.ts";
import { SimulatedHosts, type SimulationOptions } from "./hosts/simulated-hosts.ts";
import { agentBaseUrl } from "./http/agent-base-url.ts";
import { AgentSockets } from "./http/agent-sockets.ts";
import { AllowedHosts } from "./http/allowed-hosts.ts";
import type { AnswerApi, ApiCall, FrontDoor } from "./http/answer-call.ts";
import type { Authenticate } from "./http/authenticate.ts";
import { withCheckedPlace } from "./http/checked-place.ts";
import { createHttp } from "./http/http.ts";
import { type HttpLimits, httpLimits } from "./http/http-limits.ts";
import { openKeySocket } from "./http/key-socket.ts";
import { type Listening, listenOn } from "./http/listeners.ts";
import { openAuthentication } from "./http/open-authentication.ts";
import type { OperatorSources } from "./http/operator-answers.ts";
import { createOperatorsHttp } from "./http/operators-http.ts";
import { readTlsFiles, type TlsFiles } from "./http/tls-files.ts";
import type { ServerLog } from "./log/log.ts";
import { keepPrivate } from "./private-data-directory.ts";
import { StartError } from "./start-error.ts";

export type ServerOptions = {
  /** The address to listen on. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Null keeps everything in memory. */
  readonly dataDir: string | null;
  /**
   * `loose` accepts any complete credentials; those that don't name an account get `account`. `sigv4` checks signatures with the access
   * keys in the data directory.
   */
  readonly auth: { readonly type: "loose"; readonly account: string } | { readonly type: "sigv4" };
  /** The regions that callers may name in their signatures; by default those of AWS. */
  readonly regions?: ReadonlySet<string>;
  /** Answers for the services that Berth doesn't have; null or absent for none. */
  readonly companion?: CompanionOptions | null;
  /** Where agents reach this server, such as `https://ecs.example.org`; null for the address it listens on. */
  readonly advertise?: string | null;
  /** Names for this server in a Host header, in addition to the machine's own. */
  readonly allowHosts?: readonly string[];
  /** Where /metrics and the full /health are served without a key; null for only on the port itself. */
  readonly metricsListen?: { readonly host: string; readonly port: number } | null;
  /** PEM files; null speaks plain HTTP. */
  readonly tls?: TlsFiles | null;
  /** The newest agent version, which UpdateContainerAgent updates to. */
  readonly latestAgentVersion: string;
  /** The archive of that version for agents that aren't simulated; without it their updates fail. */
  readonly agentArchive?: AgentArchive | null;
  /** A PEM file of certificates that must have signed instance identity documents; null accepts any document. */
  readonly identityCertificate?: string | null;
  /** Hosts that exist only in this process; null for none. */
  readonly simulation: SimulationOptions | null;
  /** What runs the containers of Fargate tasks; null or absent refuses Fargate tasks. */
  readonly managedRuntime?: "simulated" | "docker" | null;
  /** The engine for everything that runs in Docker; the server closes it. */
  readonly docker?: DockerHost | null;
  /** Room for log events in bytes; absent for a little. */
  readonly logStoreBytes?: number;
  /** What the tasks of this process's hosts use of other services; null or absent for nothing. */
  readonly services?: HostServicesOptions | null;
  /** ECS's own times as settings; absent for ECS's values. */
  readonly timeline?: Timeline;
  readonly log: ServerLog;
  /** A clock other than the process's, for tests. */
  readonly clock?: SteadyClock;
  /** Limits other than {@link httpLimits}, for tests. */
  readonly limits?: Partial<HttpLimits>;
};

/** The companion, and what it is asked. */
export type CompanionOptions = {
  /** Its origin, such as `http://127.0.0.1:5000`. */
  readonly url: string;
  /** The signing names of built-in services that it answers all the same. */
  readonly services: ReadonlySet<string>;
  /** The key that calls are signed with; null passes them on as they came, which is for `loose` alone. */
  readonly credentials: OtherCredentials | null;
  /** Others than the usual limits, for tests. */
  readonly limits?: Partial<CompanionLimits>;
};

export type RunningServer = {
  /** Where it listens, such as `http://127.0.0.1:4280`. */
  readonly url: string;
  readonly port: number;
  readonly controlPlane: ControlPlane;
  readonly hosts: SimulatedHosts | null;
  /** How many valid access keys of each role there were at start; null if signatures aren't checked. */
  readonly accessKeys: Readonly<Record<Role, number>> | null;
  /** Where operators need no key, such as `http://127.0.0.1:9280`; null for nowhere. */
  readonly metricsUrl: string | null;
  /** Stops listening, finishes requests, closes sessions, writes what is left and closes the store, within five seconds. */
  close(): Promise<void>;
};

/**
 * Starts a server; it answers once this resolves. Throws StoreInUseError or StoreError for an unusable data directory, SealError for
 * unreadable access keys, StartError for an address that can't be listened on and, with `simulation`, for an unusable account.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  keepPrivate(options.dataDir, options.log);
  const store = await openStore(options.dataDir);
  // In order of opening; closed in reverse.
  const closers: (() => Promise<void>)[] = [() => store.close()];
  const close = async (): Promise<void> => {
    while (closers.length > 0) await closers.pop()?.();
  };
  try {
    return await assemble(options, store, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** LIMIT: the year 2100. A later stored time is damage, and must not become the time of everything that follows. */
const timeMax = 4_102_444_800_000;

async function assemble(
  options: ServerOptions,
  store: Store,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningServer> {
  const { log, simulation, docker = null, clock = systemClock } = options;
  // Before anything reads the clock: an earlier process may have stored times that it has yet to reach.
  clock.startAtLeast(Math.min(await store.newestAt(), timeMax));
  const paced = new PacedClock({ clock, stopwatch: () => performance.now() });
  if (docker !== null) closers.push(async () => docker.close());
  const tls = options.tls == null ? null : readTlsFiles(options.tls);
  const services = servicesOf(options, () => url);
  if (services !== null) closers.push(async () => services.close());
  const managedRuntime = await managedRuntimeOf(options, paced, services);
  const limits = { ...httpLimits, ...options.limits };
  const appends = new AppendMetrics();
  const calls = new CallMetrics();
  let url = "";
  const { keys, taskCredentials, sessionCredentials, valueKey, anonymous, ...authentication } =
    await openAuthentication(options, store);
  const controlPlane = new ControlPlane({
    store,
    clock,
    randomFor: freshRandom,
    configuration: configurationOf(options, managedRuntime),
    endpoints: (callerHost) => {
      const base = options.advertise ?? agentBaseUrl(url, options.host, callerHost);
      return { endpoint: `${base}/acs`, telemetryEndpoint: `${base}/tcs` };
    },
    services: { rulebooks: builtInRulebooks, ports: servicePorts(sessionCredentials, valueKey) },
    log: log.write,
    observe: appends,
    stopwatch: () => performance.now(),
  });
  const authenticate = withCheckedPlace(authentication.authenticate, options.regions ?? awsRegions);
  if (keys !== null) closers.push(() => keys.close());
  const arrivals = new AgentArrivals(controlPlane);
  const sessions = new AgentSessions({
    controlPlane: arrivals,
    clock: paced,
    random: freshRandom("agent-sessions"),
    log: log.write,
    credentials: taskCredentials,
    timeline: options.timeline ?? ecsTimeline,
    agentArchive: options.agentArchive ?? null,
  });
  const managed = { controlPlane, sessions, store, clock: paced, random: freshRandom("managed-hosts"), log };
  // Before the clusters are loaded, because they ask for their hosts then.
  const managedHosts = managedRuntime === null ? null : new ManagedHosts({ runtime: managedRuntime, ...managed });
  const { dataDir, logStoreBytes: bytesMax = null } = options;
  const logs = new BuiltInLogs({ dataDir, bytesMax, controlPlane, clock: paced, log, calls: () => calls.total });
  closers.push(() => logs.close());
  await controlPlane.open();
  closers.push(() => controlPlane.close());
  closers.push(async () => sessions.closeAll(1001));
  const random = freshRandom("simulated-hosts");
  const world = { controlPlane, sessions, arrivals, store, clock: paced, random, log };
  const hosts =
    simulation === null
      ? null
      : new SimulatedHosts({ ...simulation, ...world, docker, services, dataDir: options.dataDir });
  if (hosts !== null) closers.push(() => hosts.close());
  if (managedHosts !== null) closers.push(() => managedHosts.close());

  const sockets = new AgentSockets({
    authenticate,
    keys,
    controlPlane,
    sessions,
    takeTurn: (account, cluster, work) => controlPlane.turns.work(account, cluster, work),
    clock,
    log,
  });
  keys?.onEnd((accessKeyId) => sockets.closeOfKey(accessKeyId));
  const isSigned = options.auth.type === "sigv4";
  const damagedHosts = new Set<string>();
  const leftOut = (): Iterable<string> => [...(keys?.damaged ?? []), ...damagedHosts];
  const healthSource: HealthSource = { controlPlane, store, clock, leftOut, logStore: logs.store };
  const health = (): ServerHealth => healthOf(healthSource);
  const { refusals } = sockets;
  const metricsSource = {
    calls,
    appends,
    controlPlane,
    health,
    sessions: () => sessions.counts(),
    refusals,
    logStore: logs.store,
  };
  const operators = { health, metricsText: metricsTextOf(metricsSource) };
  const answer = answerApi(controlPlane, hosts, logs);
  const takeTurn: FrontDoor["takeTurn"] = (account, work) => controlPlane.turns.work(account, "", work);
  const companion = openCompanion(options, closers);
  const http = createHttp({
    authenticate,
    anonymous,
    isBuiltIn: ({ signingName }) => options.companion?.services.has(signingName) !== true,
    companion: companionDoor(options, companion, authentication.authenticate, calls),
    answerApi: answer,
    bodyReaders: logs.bodyReaders,
    streams: logs.streams,
    ...(companion !== null && { merged: mergedEc2(options, companion, answer, takeTurn) }),
    takeTurn,
    metrics: calls,
    log,
    limits,
    foreign: { hosts: allowedHosts(options, options.host), signedUnderAnyHost: isSigned },
    operatorsNeedKey: isSigned,
    agentSockets: sockets,
    tls,
    ...operators,
  });
  let listening: Listening | null = null;
  closers.push(async () => void (await Promise.all([listening?.close(), closeHttp(http, limits.drainTimeoutMs)])));
  closers.push(() => sockets.close());
  closers.push(async () => logs.endStreams());
  listening = await listen(http, options);
  const { port } = listening;
  url = urlOf(tls === null ? "http" : "https", options.host, port);
  const metricsUrl = await openOperatorsHttp(options, operators, closers);
  if (keys !== null && options.dataDir !== null) {
    const keySocket = await openKeySocket(options.dataDir, keys, log);
    closers.push(() => keySocket.close());
  }
  if (simulation !== null) await createDefaultCluster(controlPlane, simulation.place);
  const whenDamaged = (error: DamagedError): void => void damagedHosts.add(error.message);
  await Promise.all([hosts?.open(whenDamaged), managedHosts?.open(whenDamaged)]);
  const watch = new HealthWatch(() => problemsOf(healthSource), clock, log);
  watch.start();
  closers.push(async () => watch.close());
  log.write("server-listening", { url, dataDir: options.dataDir });
  return { url, port, controlPlane, hosts, accessKeys: keys?.counts() ?? null, metricsUrl, close };
}

/** Throws StartError if the account is unusable: without it, a development server can do nothing. */
async function createDefaultCluster(controlPlane: ControlPlane, place: Place): Promise<void> {
  try {
    await controlPlane.submit(place, { type: "create-default-cluster" });
  } catch (error) {
    throw error instanceof MachineHaltedError ? new StartError(error.message, { cause: error }) : error;
  }
}

async function openStore(dataDir: string | null): Promise<Store> {
  if (dataDir === null) return new MemoryStore();
  const { SqliteStore } = await import("../store/sqlite/sqlite-store.ts");
  return new SqliteStore({ dataDir });
}

/** Unpredictable randomness: a new seed for each process and purpose. */
function freshRandom(purpose: string): Random {
  return seededRandom(`${randomBytes(16).toString("hex")}/${purpose}`);
}

/** Hosts call this server on its own machine. With TLS they call it by its name, because its certificate is for that. */
function servicesOf(
  { services = null, auth, tls, advertise = null }: ServerOptions,
  listening: () => string,
): HostServices | null {
  if (services === null) return null;
  const local = (): string => listening().replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  const isTls = tls !== undefined && tls !== null;
  const url = (): string => (isTls ? (advertise ?? local()) : local());
  const trust = isTls ? trustedCertificates(tls.cert) : null;
  return hostServices(services, { url, trust, checksKeys: auth.type === "sigv4" });
}

async function managedRuntimeOf(
  options: ServerOptions,
  clock: Clock,
  services: HostServices | null,
): Promise<ManagedRuntime | null> {
  const { managedRuntime = null, docker = null, dataDir, simulation } = options;
  if (managedRuntime === null) return null;
  if (managedRuntime === "simulated") {
    return simulatedManagedRuntime(clock, freshRandom("managed-runtime"), simulation?.times, services);
  }
  const { dockerManagedRuntime } = await import("./hosts/docker-managed-runtime.ts");
  // With simulated hosts nobody wants to wait for a registry; otherwise images are as fresh as on Fargate.
  const pullBehaviour = simulation === null ? "default" : "prefer-cached";
  return dockerManagedRuntime({
    host: must(docker, "the engine of --fargate docker"),
    pullBehaviour,
    dataDir,
    services,
  });
}

function configurationOf(
  { latestAgentVersion, identityCertificate, timeline = ecsTimeline }: ServerOptions,
  managedRuntime: ManagedRuntime | null,
): MachineConfiguration {
  const verifyIdentity = identityCertificate == null ? null : identityCheck(identityCertificate);
  return { latestAgentVersion, verifyIdentity, timeline, managedHosts: managedRuntime };
}

function answerApi(controlPlane: ControlPlane, hosts: SimulatedHosts | null, logs: BuiltInLogs): AnswerApi {
  return async (call) => {
    const { operation, elsewhere, ...rest } = call;
    if (isOfService(operation)) {
      const { service, name, row } = operation;
      if (service.name === "logs") return logs.answer(call);
      if (row.needsEcs !== true) return controlPlane.callService({ ...rest, service: service.name, operation: name });
      const known = await gatherEcsFacts(controlPlane, call, call.caller);
      const facts = elsewhere === undefined ? known : { ...known, elsewhere };
      return controlPlane.callService({ ...rest, facts, service: service.name, operation: name });
    }
    const adopts =
      hosts !== null && rowOf(operation.name).registersInstance === true && !call.caller.isAgent ? hosts : null;
    if (adopts === null) return controlPlane.call({ ...rest, operation: operation.name });
    // The host is not the caller's machine.
    const { address: _, ...caller } = call.caller;
    return adopts.adopt(await controlPlane.call({ ...rest, caller, operation: operation.name }));
  };
}

/** The text of /metrics. Loaded lazily, because its package would be a tenth of the server's start time. */
function metricsTextOf(source: MetricsSource): OperatorSources["metricsText"] {
  let text: OperatorSources["metricsText"] | null = null;
  return async () => {
    const { createMetricsText } = await import("./health/metrics-text.ts");
    text ??= createMetricsText(source);
    return text();
  };
}

function allowedHosts(
  { advertise = null, allowHosts = [], companion = null }: ServerOptions,
  listenHost: string,
): AllowedHosts {
  return new AllowedHosts({ listenHost, advertise, names: allowHosts, namesUnderLocalhost: companion !== null });
}

function openCompanion({ companion = null }: ServerOptions, closers: (() => Promise<void>)[]): Companion | null {
  if (companion === null) return null;
  const opened = new Companion(companion.url, companion.limits);
  closers.push(async () => opened.close());
  return opened;
}

/** The key that calls for the companion are signed with; null passes them on as they came. */
const companionKey = ({ companion, auth }: ServerOptions): OtherCredentials | null =>
  auth.type === "sigv4" ? must(companion?.credentials, "the companion's credentials") : null;

/** `authenticate` doesn't look at regions: where a companion is, it decides which ones there are. */
function companionDoor(
  options: ServerOptions,
  companion: Companion | null,
  authenticate: Authenticate,
  metrics: CallMetrics,
): CompanionDoor | null {
  if (companion === null) return null;
  const { auth, log } = options;
  const credentials = companionKey(options);
  const signing = credentials === null ? null : { authenticate, credentials };
  return new CompanionDoor({ companion, signing, account: auth.type === "sigv4" ? "" : auth.account, metrics, log });
}

function mergedEc2(
  options: ServerOptions,
  companion: Companion,
  answer: AnswerApi,
  takeTurn: FrontDoor["takeTurn"],
): MergedEc2["answers"] {
  const answerOwn = (call: ApiCall, elsewhere: ReadonlySet<string> | null): Promise<object> =>
    answer(elsewhere === null ? call : { ...call, elsewhere });
  return new MergedEc2({ companion, credentials: companionKey(options), answerOwn, takeTurn, log: options.log })
    .answers;
}

/** Opens the listener of `metricsListen` and returns its URL; null without one. */
async function openOperatorsHttp(
  options: ServerOptions,
  operators: OperatorSources,
  closers: (() => Promise<void>)[],
): Promise<string | null> {
  const { metricsListen = null, log } = options;
  if (metricsListen === null) return null;
  const { host, port } = metricsListen;
  const foreign = { hosts: allowedHosts(options, host), signedUnderAnyHost: false };
  const server = createOperatorsHttp({ ...operators, foreign, log });
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    throw new StartError(listenFailure(host, port, cause as NodeJS.ErrnoException, "--metrics-listen"), { cause });
  }
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return urlOf("http", host, (server.address() as AddressInfo).port);
}

function urlOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function listen(http: FastifyInstance, { host, port }: ServerOptions): Promise<Listening> {
  try {
    return await listenOn(http, { host, port });
  } catch (cause) {
    throw new StartError(listenFailure(host, port, cause as NodeJS.ErrnoException, "--port"), { cause });
  }
}

function listenFailure(host: string, port: number, failure: NodeJS.ErrnoException, flag: string): string {
  const { code, message } = failure;
  const advice = `Choose another one with ${flag}; 0 takes any that is free.`;
  if (code === "EADDRINUSE") return `Port ${port} of ${host} is in use. ${advice}`;
  if (code === "EACCES") return `This user may not listen on port ${port}. ${advice}`;
  return `Cannot listen on ${host}:${port} (${message}).`;
}

async function closeHttp(http: FastifyInstance, drainTimeoutMs: number): Promise<void> {
  const cut = setTimeout(() => http.server.closeAllConnections(), drainTimeoutMs);
  try {
    await http.close();
  } finally {
    clearTimeout(cut);
  }
}
