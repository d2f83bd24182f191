import type { AgentEnd } from "../agent/agent.ts";
import type { HostFacts } from "../agent/registration.ts";
import type { AgentHello } from "../agent-protocol/connection.ts";
import type { AnsweredName } from "../ecs/machine/operations.ts";
import { must } from "../lib/assert.ts";
import { type LogEvent, logEvents } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import type { Append } from "../store/store.ts";
import type { Call, Outcome } from "./checkers/checker.ts";
import { Checkers } from "./checkers/checkers.ts";
import { ControlPlaneProcess } from "./control-plane-process.ts";
import { DurableState, type Kept } from "./durable-state.ts";
import { Faults, type Scenario } from "./faults/faults.ts";
import { FaultyDisk } from "./faults/faulty-disk.ts";
import { Host, type HostIdentity } from "./host.ts";
import { hostFacts } from "./host-facts.ts";
import type { RunningContainer } from "./observed-runtime.ts";
import { Trace } from "./trace.ts";

/** Where everything in a world is. */
export const place = { account: "111122223333", region: "eu-west-1" } as const;
const userArn = `arn:aws:iam::${place.account}:user/alice`;
const hostRoleArn = `arn:aws:iam::${place.account}:role/host`;

/** 2026-01-05 00:00 UTC: any fixed moment does. */
const startMs = 1_767_571_200_000;
/** LIMIT: hosts cost time in every run; more of them find nothing new. */
const hostsMax = 12;
/** How long a process that failed to start waits before the next attempt. */
const restartMs = 500;
/** How long a host whose agent was turned away takes to return as a new one. */
const replaceHostMs = 60_000;

export type WorldOptions = {
  readonly seed: string;
  readonly hosts: number;
  readonly scenario?: Scenario;
  readonly sink: ((line: string) => void) | null;
  /** Replaces an append with what the checkers should see instead. For tests of the checkers. */
  readonly tamper?: (partition: string, append: Append) => Append;
  /** Receives each append that reached the disk. For directed runs. */
  readonly onKept?: (kept: Kept) => void;
};

/** A control plane, its disk, its hosts and the network between them, all of it simulated and all of it from one seed. */
export class World {
  readonly clock = new VirtualClock(startMs);
  readonly trace: Trace;
  readonly state = new DurableState();
  readonly checkers: Checkers;
  readonly faults: Faults;
  readonly hosts: Host[] = [];
  /** Hosts for Fargate tasks, by their agents' names. They live and die with the control plane's process. */
  readonly managedHosts = new Map<string, Host>();
  readonly #seed: string;
  readonly #disk: FaultyDisk;
  #process: ControlPlaneProcess | null = null;
  #isListening = false;
  #lives = 0;
  #calls = 0;
  #managed = 0;
  readonly #tamper: NonNullable<WorldOptions["tamper"]>;
  readonly #onKept: NonNullable<WorldOptions["onKept"]>;

  constructor(options: WorldOptions) {
    const { seed, hosts, sink, scenario = "everything" } = options;
    this.#seed = seed;
    this.#tamper = options.tamper ?? ((_, append) => append);
    this.#onKept = options.onKept ?? (() => {});
    this.trace = new Trace(() => this.clock.now(), sink);
    this.checkers = new Checkers((rule, problem) => this.trace.add("VIOLATION", { rule, problem }));
    const note = (fault: string, fields: object): void => this.trace.add(`fault ${fault}`, fields);
    this.faults = new Faults(seededRandom(`${seed}/faults`), note, scenario);
    this.#disk = new FaultyDisk(this.faults, {
      kept: (partition, append, isConfirmed) => this.#kept(partition, append, isConfirmed),
      removed: (partition) => {
        this.trace.add(`removed ${partition}`, {});
        this.state.remove(partition);
      },
      crash: () => this.crashControlPlane(),
    });
    for (let index = 0; index < hosts; index++) {
      this.addHost((name) => hostFacts(place, name, index));
    }
  }

  /** True while calls can be answered. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Machines of the control plane that have given up. */
  halted(): readonly string[] {
    return this.#process?.halted() ?? [];
  }

  async start(): Promise<void> {
    this.startControlPlane();
    await this.clock.settle();
    await this.clock.runUntil(() => this.#isListening, 60_000);
    for (const host of this.hosts) host.boot({ rebooted: false });
    await this.clock.settle();
  }

  /** Starts a process over the disk, unless one is running. */
  startControlPlane(): void {
    if (this.#process !== null) return;
    this.#lives += 1;
    const life = this.#lives;
    this.trace.add("control-plane-starts", { life });
    const process = new ControlPlaneProcess({
      seed: `${this.#seed}/control-plane-${life}`,
      clock: this.clock,
      disk: this.#disk,
      log: (event, fields) => this.#log("control-plane", event, fields),
      onManagedHost: (arn, { cluster }, wanted) => this.#manageHost(arn, cluster, wanted),
    });
    this.#process = process;
    process.open().then(
      () => {
        if (this.#process !== process) return;
        this.#isListening = true;
        this.trace.add("control-plane-listens", { life });
        if (life === 1) this.ensureDefaultCluster();
      },
      (error: unknown) => {
        if (this.#process !== process) return;
        this.trace.add("control-plane-cannot-start", { life, error: String(error) });
        this.killControlPlane();
        this.clock.setTimer(restartMs, () => this.startControlPlane());
      },
    );
  }

  /** Kills the control plane. It comes back some time later. */
  crashControlPlane(): void {
    if (this.killControlPlane()) this.clock.setTimer(this.faults.downtimeMs(), () => this.startControlPlane());
  }

  /** Kills a host's agent. It comes back some time later. `machine`: the machine goes down, and its containers with it. */
  crashHost(host: Host, { machine }: { readonly machine: boolean }): void {
    host.kill({ quiet: machine });
    this.clock.setTimer(this.faults.downtimeMs(), () => {
      if (host.isUp || host.lost) return;
      this.trace.add("host-boots", { host: host.name });
      host.boot({ rebooted: machine });
    });
  }

  /** Cuts the network of some hosts, which restores itself. Returns how long that takes, in milliseconds. */
  cutNetwork(): number {
    const cut = this.faults.networkCut();
    const underWay = { blocked: cut.blocked, endsAt: this.clock.now() + cut.forMs };
    const hosts = this.hosts.filter((host) => !host.lost && this.faults.isCutOff(cut));
    this.trace.add("fault cut-network", { ...cut, hosts: hosts.map(({ name }) => name) });
    for (const host of hosts) host.cutOff(underWay);
    this.clock.setTimer(cut.forMs, () => {
      const whole = hosts.filter((host) => host.reconnect(underWay));
      if (whole.length > 0) this.trace.add("network-whole", { hosts: whole.map(({ name }) => name) });
    });
    return cut.forMs;
  }

  /**
   * `kill -9`: the disk keeps what it has, everything else is gone. Agents see their connections break. False if nothing was
   * running.
   */
  killControlPlane(): boolean {
    if (this.#process === null) return false;
    this.trace.add("control-plane-dies", { life: this.#lives });
    this.#process.kill();
    this.#process = null;
    this.#isListening = false;
    for (const host of this.hosts) host.controlPlaneDied();
    for (const host of this.managedHosts.values()) host.kill({ quiet: true });
    this.checkers.crashed(this.state);
    return true;
  }

  /** Makes a call as a user of the API. Never rejects. */
  async call(operation: string, request: Readonly<Record<string, unknown>>, principal = userArn): Promise<Outcome> {
    this.#calls += 1;
    const id = this.#calls;
    const call: Call = { id, operation, request, cluster: clusterNameOf(request), startedAt: this.clock.now() };
    const isAgent = principal === hostRoleArn;
    this.trace.add(`call-${id}${isAgent ? " (agent)" : ""} ${operation}`, request);
    this.checkers.callStarted(call, this.state);
    const process = this.#process;
    const outcome: Outcome =
      process === null || !this.#isListening
        ? { type: "lost", reason: "nobody listens" }
        : await process.call({
            ...place,
            operation: operation as AnsweredName,
            request,
            caller: { principalArn: principal, isAgent },
          });
    this.trace.add(`call-${id} ${operation} ${outcome.type}`, outcome.type === "reply" ? outcome.reply : outcome);
    this.checkers.callEnded(call, outcome, this.state);
    return outcome;
  }

  /** Gives the container instance a host, as `berth dev` does for those registered without an agent. */
  adopt(containerInstanceArn: string): void {
    if (this.hosts.length >= hostsMax) return;
    if (this.hosts.some((host) => host.containerInstanceArn === containerInstanceArn)) return;
    const cluster = must(containerInstanceArn.split("/")[1], "the cluster of a container instance ARN");
    const host = this.#addHost(() => ({ adopt: containerInstanceArn }), cluster);
    this.trace.add("host-adopts", { host: host.name, containerInstanceArn });
    host.boot({ rebooted: false });
  }

  /** Another host for the cluster `default`, not booted yet. `facts` is what it reports about itself under its name. */
  addHost(facts: (name: string) => HostFacts): Host {
    return this.#addHost((name) => ({ register: facts(name) }), "default");
  }

  /** Creates the cluster that hosts register with if there is none, because the workload may have deleted it. */
  ensureDefaultCluster(): void {
    const arn = `arn:aws:ecs:${place.region}:${place.account}:cluster/default`;
    const cluster = this.state.document(arn) as { readonly status: string } | null;
    if (this.#isListening && cluster?.status !== "ACTIVE") void this.call("CreateCluster", {});
  }

  /** Reports a bug that shows as an exception. */
  broken(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.checkers.violate("no bug is met", `${what}: ${text}`);
  }

  #addHost(identity: (name: string) => HostIdentity, cluster: string): Host {
    const name = `host-${this.hosts.length + 1}`;
    const host = this.#newHost(name, identity(name), cluster);
    this.hosts.push(host);
    return host;
  }

  #manageHost(arn: string, cluster: string, wanted: boolean): void {
    const known = this.managedHosts.get(arn);
    if (!wanted) {
      if (known === undefined) return;
      known.kill({ quiet: false });
      known.lost = true;
      this.managedHosts.delete(arn);
      return;
    }
    const host = known ?? this.#newHost(`managed-${++this.#managed}`, { manage: arn }, cluster);
    this.managedHosts.set(arn, host);
    if (host.isUp) return;
    this.trace.add("managed-host-boots", { host: host.name, arn });
    host.boot({ rebooted: false });
  }

  #newHost(name: string, identity: HostIdentity, cluster: string): Host {
    const world = {
      seed: this.#seed,
      clock: this.clock,
      faults: this.faults,
      log: (event: LogEvent, fields: Readonly<Record<string, unknown>>) => this.#log(name, event, fields),
      listener: () => {
        const process = this.#isListening ? this.#process : null;
        return process === null ? null : process.sessions.accept.bind(process.sessions);
      },
      call: (operation: string, request: object) => this.#agentCall(operation, request),
      onStarting: (host: Host) => this.#starting(host),
      onSent: (hello: AgentHello, message: object) => this.checkers.sentToAgent(hello.containerInstanceArn, message),
      onStarted: (host: string, container: RunningContainer) => {
        this.trace.add("container-starts", { host, ...container });
        this.checkers.containerStarted({ host, ...container }, this.state);
      },
      onEnded: (host: Host, end: AgentEnd) => this.#hostEnded(host, end),
    };
    return new Host(world, name, cluster, identity);
  }

  async #agentCall(operation: string, request: object): Promise<object> {
    const outcome = await this.call(operation, request as Readonly<Record<string, unknown>>, hostRoleArn);
    if (outcome.type === "reply") return outcome.reply;
    if (outcome.type === "refused") throw new AgentCallError(outcome.message, outcome.code);
    throw new AgentCallError(outcome.reason, null);
  }

  #starting(host: Host): void {
    const ms = this.faults.crashAfterStartMs();
    if (ms === null) return;
    this.clock.setTimer(ms, () => {
      if (!host.isUp) return;
      this.trace.add("fault agent-dies-at-a-start", { host: host.name });
      this.crashHost(host, { machine: false });
    });
  }

  /** An unwanted host is replaced by a new one with the same name. An adopted one just goes. */
  #hostEnded(host: Host, end: AgentEnd): void {
    this.trace.add("agent-ends", { host: host.name, why: end.why });
    host.kill({ quiet: false });
    host.wipe();
    if (host.isManaged) {
      // The cluster released it while its agent was away.
      host.lost = true;
      for (const [arn, known] of this.managedHosts) if (known === host) this.managedHosts.delete(arn);
      return;
    }
    if (host.isAdopted) {
      host.lost = true;
      return;
    }
    this.clock.setTimer(replaceHostMs, () => {
      if (host.isUp || host.lost) return;
      this.trace.add("host-replaced", { host: host.name });
      host.boot({ rebooted: true });
    });
  }

  #kept(name: string, append: Append, isConfirmed: boolean): void {
    const kept = this.state.keep(name, this.#tamper(name, append), isConfirmed);
    for (const event of kept.events) this.trace.add(`event ${name}`, event);
    this.checkers.kept(kept, this.state);
    this.state.noteEvents(kept);
    this.#onKept(kept);
  }

  #log(who: string, event: LogEvent, fields: Readonly<Record<string, unknown>>): void {
    const { err, ...others } = fields;
    const error = err instanceof Error ? { error: `${err.name}: ${err.message}` } : {};
    this.trace.add(`log ${who} ${logEvents[event].level} ${event}`, { ...others, ...error });
    if (err instanceof Error && bugs.has(err.name)) this.broken(`${who}: ${event}`, err);
    if (suspicious.has(event)) this.broken(who, `${event} ${JSON.stringify(others)}`);
  }
}

/** Errors that no outside fault may cause. */
const bugs: ReadonlySet<string> = new Set([
  "Bug",
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "FencedError",
]);

/** Events of the log that no outside fault may cause. */
const suspicious: ReadonlySet<LogEvent> = new Set([
  "timer-fruitless",
  "machine-halted",
  "agent-message-malformed",
  "agent-order-malformed",
  "agent-payload-backlog",
]);

function clusterNameOf(request: Readonly<Record<string, unknown>>): string {
  const reference = request.cluster;
  if (typeof reference !== "string" || reference === "") return "default";
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** How an agent's API call failed: with ECS's error code, or with null if no answer came. */
class AgentCallError extends Error {
  override readonly name = "AgentCallError";
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}
