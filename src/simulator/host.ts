import { Agent, type AgentEnd } from "../agent/agent.ts";
import { type AgentDisk, type AgentState, MemoryDisk } from "../agent/agent-disk.ts";
import { simulatedUpdater } from "../agent/agent-updater.ts";
import { managedEngine } from "../agent/engine/managed-engine.ts";
import type { HostFacts } from "../agent/registration.ts";
import type { AgentHello, EcsApi } from "../agent-protocol/connection.ts";
import type { ConnectionTaker } from "../agent-sessions/in-process-transport.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import type { Faults } from "./faults/faults.ts";
import { MortalClock } from "./faults/mortal-clock.ts";
import { type CutUnderWay, HostNetwork } from "./host-network.ts";
import { MachineMemory, ObservedRuntime, type RunningContainer } from "./observed-runtime.ts";

/** What all hosts of a world share. */
export type HostWorld = {
  readonly seed: string;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly log: Log;
  readonly listener: () => ConnectionTaker | null;
  /** An agent's API call on its way to the control plane. Rejects with an error that has a `code`, or none if it was lost. */
  readonly call: (operation: string, request: object) => Promise<object>;
  readonly onStarting: (host: Host) => void;
  /** The control plane has sent a message to an agent. */
  readonly onSent: (hello: AgentHello, message: object) => void;
  readonly onStarted: (host: string, container: RunningContainer) => void;
  readonly onEnded: (host: Host, end: AgentEnd) => void;
};

export type HostIdentity =
  | { readonly register: HostFacts }
  | { readonly adopt: string }
  /** A host that the control plane runs for Fargate tasks, by its agent's name. */
  | { readonly manage: string };

/** One life of the host's agent. */
type Life = {
  readonly clock: MortalClock;
  readonly network: HostNetwork;
  readonly runtime: ObservedRuntime;
  readonly agent: Agent;
};

/** A machine with an agent. Its disk outlives both. */
export class Host {
  readonly name: string;
  readonly #world: HostWorld;
  readonly #identity: HostIdentity;
  readonly #cluster: string;
  #disk = new MemoryDisk();
  /** The memory of the machine itself. It tells the checkers what the agent should know. */
  memory = new MachineMemory();
  #life: Life | null = null;
  #lives = 0;
  #cut: CutUnderWay | null = null;
  /** It will never come back. */
  lost = false;

  constructor(world: HostWorld, name: string, cluster: string, identity: HostIdentity) {
    this.#world = world;
    this.name = name;
    this.#cluster = cluster;
    this.#identity = identity;
  }

  get isUp(): boolean {
    return this.#life !== null;
  }

  get isAdopted(): boolean {
    return "adopt" in this.#identity;
  }

  get isManaged(): boolean {
    return "manage" in this.#identity;
  }

  /** The instance that its agent acts for, or null while it has none. */
  get containerInstanceArn(): string | null {
    return this.#life?.agent.containerInstanceArn ?? null;
  }

  running(): readonly RunningContainer[] {
    return this.#life?.runtime.running() ?? [];
  }

  /** Starts the agent. `rebooted`: the machine itself was down, and its containers with it. */
  boot({ rebooted }: { readonly rebooted: boolean }): void {
    const { seed, faults, listener, log, onStarting, onStarted, onSent, onEnded } = this.#world;
    this.#lives += 1;
    const random = seededRandom(`${seed}/${this.name}/life-${this.#lives}`);
    const clock = new MortalClock(this.#world.clock);
    const network = new HostNetwork({ clock: this.#world.clock, faults, listener, cut: () => this.#cut, onSent });
    const runtime = new ObservedRuntime({
      clock,
      ids: random.stream("runtime"),
      rebooted,
      memory: this.memory,
      onStarting: () => {
        if (clock.alive) onStarting(this);
      },
      onStarted: (container) => onStarted(this.name, container),
    });
    const agent = new Agent({
      clock,
      random,
      log: (event, fields) => {
        if (clock.alive) log(event, fields);
      },
      api: this.#api(clock, network),
      transport: network.transport,
      runtime,
      disk: mortalDisk(this.#disk, clock, () => faults.hostDiskMs()),
      name: this.name,
      cluster: this.#cluster,
      instance: "manage" in this.#identity ? { adopt: this.#identity.manage } : this.#identity,
      agentVersion: "1.90.0",
      agentHash: "5c1e7a90",
      updater: this.isManaged ? null : simulatedUpdater,
      ...(this.isManaged ? { engine: managedEngine } : {}),
      onEnded: (end) => {
        if (clock.alive) onEnded(this, end);
      },
    });
    this.#life = { clock, network, runtime, agent };
    agent.start().catch((error: unknown) => log("simulated-host-failed", { err: error, host: this.name }));
  }

  /** The agent's process dies. `quiet`: with the whole machine, so that nobody notices. */
  kill({ quiet }: { readonly quiet: boolean }): void {
    if (this.#life === null) return;
    const { clock, network } = this.#life;
    this.#life = null;
    clock.kill();
    if (quiet) network.vanish();
    else network.agentDied();
  }

  /** All connections break. */
  breakConnections(): void {
    this.#life?.network.break();
  }

  controlPlaneDied(): void {
    this.#life?.network.controlPlaneDied();
  }

  /** True while its network to the control plane is cut, in at least one direction. */
  get isCutOff(): boolean {
    return this.#cut !== null;
  }

  cutOff(cut: CutUnderWay): void {
    this.#cut = cut;
    this.#life?.network.cutBegins();
  }

  /** Restores the network. With `cut`, only if that is the current one. */
  reconnect(cut: CutUnderWay | null = null): boolean {
    if (this.#cut === null || (cut !== null && this.#cut !== cut)) return false;
    this.#cut = null;
    return true;
  }

  /** A new disk: the next life registers as a new container instance. */
  wipe(): void {
    this.#disk = new MemoryDisk();
    this.memory = new MachineMemory();
  }

  /** The API as this life sees it through the network: a dead agent never gets its answer. */
  #api(clock: MortalClock, network: HostNetwork): EcsApi {
    const { faults, call } = this.#world;
    const pause = (ms: number) =>
      ms <= 0 ? Promise.resolve() : new Promise<void>((resolve) => clock.setTimer(ms, resolve));
    return {
      call: async (operation, request) => {
        // The agent of a managed host runs inside the control plane, and belongs to no container instance.
        if (this.isManaged && operation === "DiscoverPollEndpoint") {
          return { endpoint: "http://acs.test", telemetryEndpoint: "http://tcs.test" };
        }
        const fault = faults.apiCall(operation);
        await pause(fault.requestDelayMs);
        if (fault.requestLost || !network.carries("from-agent")) {
          if (!fault.requestLost) this.#strand(operation, request);
          await pause(apiTimeoutMs);
          throw new Error("the request was lost");
        }
        if (fault.againAfterMs !== null) {
          clock.setTimer(fault.againAfterMs, () => void call(operation, request).catch(() => {}));
        }
        const reply = call(operation, request);
        // A rejection is handled below.
        reply.catch(() => {});
        await reply.catch(() => {});
        await pause(fault.replyDelayMs);
        if (fault.replyLost || !network.carries("to-agent")) {
          await pause(apiTimeoutMs);
          throw new Error("the reply was lost");
        }
        if (!clock.alive) return new Promise(() => {});
        return reply;
      },
    };
  }

  /** A request that was under way when the network was cut may arrive long after its caller has given up. */
  #strand(operation: string, request: object): void {
    const { faults, clock, call } = this.#world;
    const afterMs = faults.strandedCallMs();
    if (this.#cut === null || afterMs === null) return;
    clock.setTimer(this.#cut.endsAt - clock.now() + afterMs, () => void call(operation, request).catch(() => {}));
  }
}

/** AWS: the official agent gives up an API call after several seconds. */
const apiTimeoutMs = 5_000;

/** The disk as one life sees it: it may be slow, and what has not reached it when the process dies never does. */
function mortalDisk(disk: MemoryDisk, clock: MortalClock, slownessMs: () => number): AgentDisk {
  const never = <T>() => new Promise<T>(() => {});
  return {
    load: () => (clock.alive ? disk.load() : never<AgentState | null>()),
    save: async (state) => {
      const text = JSON.stringify(state);
      const ms = slownessMs();
      if (ms > 0) await new Promise<void>((resolve) => clock.setTimer(ms, resolve));
      return clock.alive ? disk.save(JSON.parse(text) as AgentState) : never<void>();
    },
  };
}
