/**
 * The hosts that Berth runs for Fargate tasks: one for each cluster with such tasks, each an agent in this process. The cluster says when
 * it needs its host, repeats that after every restart, and says when it no longer does.
 */
import { Agent, type AgentEnd, type AgentOptions } from "../../agent/agent.ts";
import type { ContainerRuntime } from "../../agent/container-runtime.ts";
import { managedEngine } from "../../agent/engine/managed-engine.ts";
import type { HostAttribute } from "../../agent/registration.ts";
import { simulatedCapabilities } from "../../agent/simulated/simulated-attributes.ts";
import { SimulatedRuntime, type SimulatedTimes, simulatedTimes } from "../../agent/simulated/simulated-runtime.ts";
import { TaskCredentials } from "../../agent/task-credentials.ts";
import { TaskServices } from "../../agent/task-services/task-services.ts";
import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { AgentSessions } from "../../agent-sessions/agent-sessions.ts";
import { InProcessTransport } from "../../agent-sessions/in-process-transport.ts";
import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import type { ClusterPlace } from "../../cluster-runner/partitions/cluster-place.ts";
import { containerInstanceArn, type Place } from "../../ecs/arn.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { DamagedError, type Store } from "../../store/store.ts";
import type { ServerLog } from "../log/log.ts";
import { HostDisks } from "./host-disks.ts";
import type { HostServices } from "./host-services.ts";
import { inProcessApi } from "./in-process-api.ts";

/** What runs the containers of Fargate tasks. */
export type ManagedRuntime = {
  /** True if containers exist only as timers. */
  readonly simulated: boolean;
  /** The attributes of its hosts, as `capabilitiesOf` writes them: a task that requires others is refused. */
  readonly capabilities: ReadonlySet<string>;
  /** Creates the agent of a host, not started yet; its name is unique and stays the same over restarts. */
  readonly agentFor: (options: Omit<AgentOptions, "runtime">, place: Place) => ManagedAgent;
};

/** An agent as its host needs it; each call may take time. `discard` ends it and removes everything it has on the machine. */
export type ManagedAgent = { start(): Promise<void>; stop(): Promise<void>; discard?(): Promise<void> };

export type ManagedHostsOptions = {
  readonly runtime: ManagedRuntime;
  readonly controlPlane: ControlPlane;
  readonly sessions: AgentSessions;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ServerLog;
};

const diskPartition = "managed-hosts";

/** A host's attributes as capabilities: the name, or `name=value`. */
export const capabilitiesOf = (attributes: readonly HostAttribute[]): ReadonlySet<string> =>
  new Set(attributes.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)));

export function simulatedManagedRuntime(
  clock: Clock,
  random: Random,
  times: SimulatedTimes = simulatedTimes,
  services: HostServices | null = null,
  runtimeFor: (name: string, services: TaskServices | null) => ContainerRuntime = (name, ofHost) =>
    new SimulatedRuntime({ ...times, clock, services: ofHost, ids: random.stream(`runtime/${name}`) }),
): ManagedRuntime {
  return {
    simulated: true,
    capabilities: capabilitiesOf([
      ...simulatedCapabilities.map((name) => ({ name })),
      ...["x86_64", "arm64"].map((value) => ({ name: "ecs.cpu-architecture", value })),
    ]),
    agentFor: (options, place) => {
      const credentials = new TaskCredentials();
      const chance = random.stream(`services/${options.name}`);
      const settings = services?.settingsFor(place);
      const ofHost =
        settings === undefined
          ? null
          : TaskServices.forgetful({ ...settings, clock, log: options.log, credentials, random: chance });
      const agent = new Agent({ ...options, credentials, runtime: runtimeFor(options.name, ofHost) });
      const stop = async (): Promise<void> => {
        await agent.stop();
        await ofHost?.close();
      };
      return { start: () => agent.start(), stop };
    },
  };
}

export class ManagedHosts {
  readonly #options: ManagedHostsOptions;
  readonly #transport: InProcessTransport;
  /** By the host's name: an ARN in the form of a container instance's, though there is no such instance. */
  readonly #agents = new Map<string, ManagedAgent>();
  /** Hosts requested before the server could start any. */
  readonly #waiting = new Map<string, ClusterPlace>();
  #disks: HostDisks | null = null;
  #whenDamaged: (error: DamagedError) => void = () => {};
  #closed = false;

  /** Listens for the clusters' requests from now on; hosts start once `open` is called. */
  constructor(options: ManagedHostsOptions) {
    this.#options = options;
    const { clock, sessions, controlPlane, runtime } = options;
    this.#transport = new InProcessTransport({
      clock,
      accept: (channel, hello, connection, kind) => sessions.accept(channel, hello, connection, kind),
      simulated: runtime.simulated,
    });
    controlPlane.onEffect((place, effect) => {
      if (effect.type === "start-host")
        this.#start(containerInstanceArn(place, place.cluster, effect.instanceId), place);
      if (effect.type === "end-host") void this.#remove(containerInstanceArn(place, place.cluster, effect.instanceId));
    });
  }

  /**
   * Starts the hosts that clusters need. Those with a damaged disk are left out and reported to `whenDamaged`, also later. Rejects with
   * StoreError if the store fails.
   */
  async open(whenDamaged: (error: DamagedError) => void = () => {}): Promise<void> {
    this.#whenDamaged = whenDamaged;
    try {
      this.#disks = await HostDisks.open(this.#options.store, diskPartition);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      whenDamaged(error);
      return;
    }
    for (const [name, place] of this.#waiting) this.#start(name, place);
    this.#waiting.clear();
  }

  /** The number of running hosts. */
  get size(): number {
    return this.#agents.size;
  }

  /** Ends all agents; resolves when their disks are idle. Containers are left to their runtimes. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
  }

  #start(name: string, place: ClusterPlace): void {
    if (this.#closed || this.#agents.has(name)) return;
    if (this.#disks === null) {
      this.#waiting.set(name, place);
      return;
    }
    const agent = this.#agentOf(name, place, this.#disks);
    this.#agents.set(name, agent);
    agent.start().catch((error: unknown) => {
      const why = error instanceof DamagedError ? { reason: error.message } : { err: error };
      this.#options.log.write("fargate-host-failed", { host: name, ...why });
      if (error instanceof DamagedError) this.#whenDamaged(error);
      this.#agents.delete(name);
    });
  }

  #agentOf(name: string, place: ClusterPlace, disks: HostDisks): ManagedAgent {
    const { runtime, clock, random, log } = this.#options;
    const options = {
      clock,
      random,
      log: log.write,
      api: this.#apiOf(place),
      transport: this.#transport,
      disk: disks.disk(name),
      name,
      cluster: place.cluster,
      instance: { adopt: name },
      agentVersion: "1.0.0",
      agentHash: "",
      updater: null,
      engine: managedEngine,
      onEnded: (end: AgentEnd) => this.#ended(name, end),
    };
    return runtime.agentFor(options, place);
  }

  /** The API for a managed host's agent. It needs no poll endpoint and no container instance. */
  #apiOf(place: ClusterPlace): EcsApi {
    const api = inProcessApi(this.#options.controlPlane, place);
    const nowhere = { endpoint: "in-process:", telemetryEndpoint: "in-process:" };
    return {
      call: async (operation, request) =>
        operation === "DiscoverPollEndpoint" ? nowhere : await api.call(operation, request),
    };
  }

  #ended(name: string, { why }: AgentEnd): void {
    if (this.#closed || why === "stopped") return;
    // The cluster gave up the host while its agent was away; or it will request the host again.
    this.#options.log.write(why === "inactive" ? "fargate-host-released" : "fargate-host-ended", { host: name, why });
    void this.#remove(name, why === "inactive");
  }

  /** Ends a host, and removes its disk unless it may come back. Never rejects. */
  async #remove(name: string, forGood = true): Promise<void> {
    this.#waiting.delete(name);
    const agent = this.#agents.get(name);
    this.#agents.delete(name);
    try {
      if (forGood && agent?.discard !== undefined) await agent.discard();
      else await agent?.stop();
      if (forGood && !this.#closed) await this.#disks?.erase(name);
    } catch (error) {
      this.#options.log.write("host-disk-kept", { host: name, err: error });
    }
  }
}
