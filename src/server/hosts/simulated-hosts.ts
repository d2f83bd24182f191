/**
 * The simulated hosts of a process: a fleet in the cluster `default` that registers itself, and one for each container instance registered
 * through the API without an agent (adopted). Both continue after a restart.
 */
import type { AgentEnd } from "../../agent/agent.ts";
import type { DockerHost } from "../../agent/docker/docker-host.ts";
import { ImageMap } from "../../agent/docker/images/image-map.ts";
import type { HostAttribute } from "../../agent/registration.ts";
import {
  adoptedHost,
  type SimulatedHost,
  type SimulatedHostOptions,
  type SimulatedHostWorld,
  simulatedHost,
} from "../../agent/simulated/simulated-host.ts";
import { type SimulatedTimes, simulatedTimes } from "../../agent/simulated/simulated-runtime.ts";
import type { AgentSessions } from "../../agent-sessions/agent-sessions.ts";
import { InProcessTransport } from "../../agent-sessions/in-process-transport.ts";
import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import { instanceOf } from "../../cluster-runner/partitions/cluster-place.ts";
import type { Place } from "../../ecs/arn.ts";
import type { ContainerInstanceReply } from "../../ecs/container-instances/describe-container-instance.ts";
import { must } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { DamagedError, type Store } from "../../store/store.ts";
import type { ServerLog } from "../log/log.ts";
import { adoptedAttributes, type KnownInstance, registerAttributes } from "./adopted-attributes.ts";
import type { AgentArrivals } from "./agent-arrivals.ts";
import { HostDisks } from "./host-disks.ts";
import type { HostServices } from "./host-services.ts";
import { inProcessApi } from "./in-process-api.ts";

export type SimulationOptions = {
  /** The place of the fleet's cluster `default`. */
  readonly place: Place;
  readonly instances: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Whether instances registered without an agent get a simulated host. */
  readonly adopt: boolean;
  /** Whether one of the instances runs real containers, in the server's Docker. */
  readonly dockerInstance?: boolean;
  /** How long simulated containers take for what they do by themselves; absent for the usual times. */
  readonly times?: SimulatedTimes;
};

export type SimulatedHostsOptions = SimulationOptions & {
  readonly controlPlane: ControlPlane;
  readonly sessions: AgentSessions;
  readonly arrivals: AgentArrivals;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ServerLog;
  readonly docker: DockerHost | null;
  /** The other services of AWS. Null: none. */
  readonly services: HostServices | null;
  /** Null: nothing is stored. */
  readonly dataDir: string | null;
};

/**
 * LIMIT: agents in the same process connect within milliseconds; after this the caller learns that the instance exists, not that it is
 * connected.
 */
const arrivalTimeoutMs = 2_000;

/** LIMIT: as many as two full clusters; each host is an agent with timers and a few kilobytes. */
const adoptedMax = 10_000;

/** A host of the fleet, simulated or not. */
export type FleetHost = Pick<SimulatedHost, "agent" | "start" | "stop">;

/** The attribute by which users distinguish the instances. */
const runtimeAttribute = (value: "docker" | "simulated") => ({ name: "berth.runtime", value });

export class SimulatedHosts {
  readonly #options: SimulatedHostsOptions;
  readonly #transport: InProcessTransport;
  readonly #worlds = new Map<string, SimulatedHostWorld>();
  readonly #fleet: FleetHost[] = [];
  /** By the ARN of the container instance, which is also the host's name. */
  readonly #adopted = new Map<string, SimulatedHost>();
  #disks: HostDisks | null = null;
  #closed = false;

  constructor(options: SimulatedHostsOptions) {
    this.#options = options;
    this.#transport = new InProcessTransport({
      clock: options.clock,
      accept: (channel, hello, connection, kind) => options.sessions.accept(channel, hello, connection, kind),
      simulated: true,
    });
  }

  /**
   * Starts the fleet and the previously adopted hosts; resolves when they are connected, or late. Hosts with a damaged disk are left out
   * and reported to `whenDamaged`.
   */
  async open(whenDamaged: (error: DamagedError) => void = () => {}): Promise<void> {
    const { store, instances, adopt } = this.#options;
    const disks = await unlessDamaged(HostDisks.open(store), whenDamaged);
    if (disks === undefined) return;
    this.#disks = disks;
    const starts: Promise<void>[] = [];
    const real = this.#options.dockerInstance === true && instances > 0;
    if (real) starts.push(this.#startDockerHost(disks, true));
    for (let index = real ? 1 : 0; index < instances; index++) starts.push(this.#startFleetHost(disks, index, true));
    if (adopt) for (const arn of disks.adopted) starts.push(this.#restartAdopted(disks, arn));
    await Promise.all(starts.map((start) => unlessDamaged(start, whenDamaged)));
  }

  /** ARNs of the fleet's container instances, in order. */
  instances(): readonly string[] {
    return this.#fleet.flatMap(({ agent }) => agent.containerInstanceArn ?? []);
  }

  /** ARN of the fleet's container instance with tasks in Docker; null if there is none. */
  dockerInstance(): string | null {
    const { dockerInstance = false, instances } = this.#options;
    return dockerInstance && instances > 0 ? (this.#fleet[0]?.agent.containerInstanceArn ?? null) : null;
  }

  /** ARNs of the adopted container instances. */
  adopted(): readonly string[] {
    return [...this.#adopted.keys()];
  }

  /** The number of running hosts. */
  get size(): number {
    return this.#fleet.length + this.#adopted.size;
  }

  /**
   * Gives the container instance in `reply`, the answer to a RegisterContainerInstance that no agent made, a simulated host unless it has
   * one. Resolves with the reply once that is connected, so the next RunTask can use it. The host registers its attributes, again if the
   * call removed them from an instance with a host here. An instance whose agent is connected from elsewhere is left alone.
   */
  async adopt(reply: object): Promise<object> {
    const { containerInstance: known } = reply as { readonly containerInstance?: ContainerInstanceReply };
    const disks = this.#disks;
    if (known === undefined || disks === null) return reply;
    const arn = known.containerInstanceArn;
    const inFleet = this.#fleet.find(({ agent }) => agent.containerInstanceArn === arn);
    if (inFleet !== undefined) await this.#describe(known, inFleet.agent.attributes);
    if (inFleet !== undefined || !this.#options.adopt) return reply;
    if (this.#adopted.has(arn)) {
      await this.#describe(known, adoptedAttributes(known));
      return reply;
    }
    if (known.agentConnected) return reply;
    if (this.#adopted.size >= adoptedMax) {
      this.#options.log.write("simulated-hosts-too-many", { containerInstance: arn, adoptedMax });
      return reply;
    }
    const connected = unlessDamaged(this.#startAdopted(disks, arn, known), (error) =>
      this.#options.log.write("simulated-host-failed", { reason: error.message }),
    );
    await disks.adopt(arn);
    await connected;
    return reply;
  }

  /** Ends all agents; resolves when their disks are idle. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#fleet, ...this.#adopted.values()].map((host) => host.stop()));
  }

  async #startFleetHost(disks: HostDisks, index: number, mayRetry: boolean): Promise<void> {
    const { place, cpu, memoryMiB } = this.#options;
    const name = `${place.account}/${place.region}/${index}`;
    const { ended, options } = this.#host(disks, name, "default");
    const facts = { cpu, memoryMiB, customAttributes: [runtimeAttribute("simulated")] };
    const host = simulatedHost(this.#world(place), { ...place, ...options, index, facts });
    if ((await this.#startInFleet(index, name, host, ended)) !== "refused" || !mayRetry) return;
    await disks.erase(name);
    await this.#startFleetHost(disks, index, false);
  }

  /** Starts the first host of the fleet with real containers. It has its own name, because as a simulated host it was another machine. */
  async #startDockerHost(disks: HostDisks, mayRetry: boolean): Promise<void> {
    const { place, docker, dataDir, services } = this.#options;
    const name = `${place.account}/${place.region}/docker`;
    const { ended, options } = this.#host(disks, name, "default");
    // Loaded only here, so a start without containers is faster.
    const { openDockerInstance } = await import("./docker-instance.ts");
    const host = await openDockerInstance({
      ...this.#world(place),
      ...place,
      ...options,
      docker: must(docker, "the engine of an instance with Docker"),
      customAttributes: [runtimeAttribute("docker")],
      dataDir,
      images: services?.images ?? new ImageMap([]),
    });
    if ((await this.#startInFleet(0, name, host, ended)) !== "refused" || !mayRetry) return;
    await host.stop();
    await disks.erase(name);
    await this.#startDockerHost(disks, false);
  }

  /** Returns `refused` if the instance that its disk knows is gone or had another size: it may then register as a new one. */
  async #startInFleet(
    index: number,
    name: string,
    host: FleetHost,
    ended: Promise<AgentEnd>,
  ): Promise<AgentEnd["why"] | null> {
    this.#fleet[index] = host;
    const connected = host.start().then(() => {
      const arn = host.agent.containerInstanceArn;
      return arn === null ? undefined : this.#arrival(arn);
    });
    const end = await this.#first(name, ended, connected);
    return this.#closed ? null : (end?.why ?? null);
  }

  /**
   * Starts a host of an earlier process. It registers its attributes, because it may be able to do more now, or an earlier version
   * registered none.
   */
  async #restartAdopted(disks: HostDisks, arn: string): Promise<void> {
    const place = instanceOf(arn);
    if (place === null) return;
    const request = { cluster: place.cluster, containerInstances: [arn] };
    let known: KnownInstance | null = null;
    try {
      const found = await this.#world(place).api.call("DescribeContainerInstances", request);
      const { containerInstances } = found as { readonly containerInstances: readonly ContainerInstanceReply[] };
      known = containerInstances.find(({ status }) => status !== "INACTIVE") ?? null;
    } catch (error) {
      // The cluster is gone or unreadable now: the host finds out when it connects.
      this.#options.log.write("adopted-instance-missing", { err: error, containerInstance: arn });
    }
    await this.#startAdopted(disks, arn, known);
  }

  async #startAdopted(disks: HostDisks, arn: string, known: KnownInstance | null): Promise<void> {
    const place = instanceOf(arn);
    if (place === null || this.#closed) return;
    const { ended, options } = this.#host(disks, arn, place.cluster);
    const versionInfo = known?.versionInfo ?? {};
    const host = adoptedHost(this.#world(place), { ...options, containerInstanceArn: arn, versionInfo });
    this.#adopted.set(arn, host);
    void ended.then(() => this.#adopted.delete(arn));
    // Like an agent: first registers what it can do, then connects.
    if (known !== null) await this.#describe(known, adoptedAttributes(known));
    const arrival = this.#arrival(arn);
    await this.#first(
      arn,
      ended,
      host.start().then(() => arrival),
    );
  }

  async #describe(known: KnownInstance, attributes: readonly HostAttribute[]): Promise<void> {
    const place = instanceOf(known.containerInstanceArn);
    if (place === null) return;
    const { api } = this.#world(place);
    await registerAttributes({ api, log: this.#options.log, cluster: place.cluster }, known, attributes);
  }

  /** Waits until a host is connected, has ended (then returns why), or takes too long. Rejects if its disk is unreadable. */
  async #first(name: string, ended: Promise<AgentEnd>, connected: Promise<void>): Promise<AgentEnd | null> {
    const late = Promise.withResolvers<"late">();
    const timer = this.#options.clock.setTimer(arrivalTimeoutMs, () => late.resolve("late"));
    const first = await Promise.race([ended, connected, late.promise]);
    timer.cancel();
    if (first === "late") this.#options.log.write("simulated-host-unconnected", { host: name });
    return typeof first === "object" ? first : null;
  }

  /** Creates a host and handles its end. One that was turned away permanently loses its disk; one that is stopped keeps it. */
  #host(
    disks: HostDisks,
    name: string,
    cluster: string,
  ): { readonly ended: Promise<AgentEnd>; readonly options: SimulatedHostOptions } {
    const ended = Promise.withResolvers<AgentEnd>();
    const onEnded = (end: AgentEnd): void => {
      ended.resolve(end);
      if (this.#closed || end.why === "stopped" || end.why === "refused") return;
      disks.erase(name).catch((error: unknown) => {
        this.#options.log.write("host-disk-kept", { host: name, err: error });
      });
    };
    return { ended: ended.promise, options: { name, cluster, disk: disks.disk(name), onEnded } };
  }

  /** Resolves when the agent of the instance has connected. */
  async #arrival(arn: string): Promise<void> {
    const instanceId = instanceOf(arn)?.instanceId;
    if (instanceId !== undefined) await this.#options.arrivals.next(instanceId);
  }

  /** What the hosts of one place share: they call the control plane as an agent of that account. */
  #world(place: Place): SimulatedHostWorld {
    const key = `${place.account}/${place.region}`;
    let world = this.#worlds.get(key);
    if (world === undefined) {
      const { controlPlane, clock, random, log, times = simulatedTimes, services } = this.#options;
      const api = inProcessApi(controlPlane, place);
      const ofPlace = services?.settingsFor(place) ?? null;
      world = { clock, random, log: log.write, api, transport: this.#transport, runtime: times, services: ofPlace };
      this.#worlds.set(key, world);
    }
    return world;
  }
}

/** What `promise` resolves with; if it rejects because of damage, reports that to `whenDamaged` and returns undefined. */
async function unlessDamaged<T>(
  promise: Promise<T>,
  whenDamaged: (error: DamagedError) => void,
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    whenDamaged(error);
    return undefined;
  }
}
