/**
 * Many simulated hosts that join a remote control plane. Each starts in turn, stays connected by itself, and counts as connected
 * from the first command message: by then the control plane has registered the connection.
 */
import type { AgentEnd } from "../../agent/agent.ts";
import type { AgentDisk } from "../../agent/agent-disk.ts";
import type { HostAttribute } from "../../agent/registration.ts";
import { type SimulatedHost, type SimulatedHostWorld, simulatedHost } from "../../agent/simulated/simulated-host.ts";
import type { TaskServicesSettings } from "../../agent/task-services/task-services.ts";
import type {
  AgentChannel,
  AgentConnection,
  AgentHello,
  AgentTransport,
  EcsApi,
} from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { Random } from "../../lib/random.ts";

/** Where a host keeps its instance over restarts. */
export type FleetDisk = AgentDisk & {
  /** Deletes what was saved. */
  erase(): Promise<void>;
  /** No longer needed by this process. */
  release(): Promise<void>;
};

export type HostFleetOptions = {
  readonly count: number;
  /** Distinguishes these hosts from those of other processes. Their EC2 instance ids follow from it. */
  readonly fleetId: string;
  readonly cluster: string;
  readonly region: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly customAttributes: readonly HostAttribute[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly api: EcsApi;
  readonly transport: AgentTransport;
  /** The other services of AWS, for what containers write. */
  readonly services: TaskServicesSettings;
  /** The disk of the host with that number, from 0. Null keeps nothing. */
  readonly openDisk: ((index: number) => Promise<FleetDisk>) | null;
};

/** LIMIT: hosts that start at once: enough to keep the API's connections busy, few enough that each connects in a moment. */
const startingMax = 64;

type Member = { readonly disk: FleetDisk | null; host: SimulatedHost | null };

export class HostFleet {
  readonly #options: HostFleetOptions;
  readonly #world: SimulatedHostWorld;
  readonly #members: Member[] = [];
  /** ARNs of the container instances whose command connection is open. */
  readonly #standing = new Set<string>();
  /** Callers that wait for the connection of an instance, by its ARN. */
  readonly #waiters = new Map<string, () => void>();
  readonly #deregistered = new Set<string>();
  readonly #emptied = Promise.withResolvers<"emptied">();
  #starting: Promise<unknown> = Promise.resolve();
  #gone = 0;
  #closed = false;

  constructor(options: HostFleetOptions) {
    const { clock, random, log, api, transport, services } = options;
    this.#options = options;
    this.#world = { clock, random, log, api, transport: this.#watched(transport), services };
  }

  /** How many hosts are connected. */
  get connected(): number {
    return this.#standing.size;
  }

  /** How many hosts should be connected: all except those whose instance was deregistered. */
  get size(): number {
    return this.#options.count - this.#gone;
  }

  /** How many container instances these hosts registered and nobody has deregistered. */
  get registered(): number {
    return this.instances().filter((arn) => !this.#deregistered.has(arn)).length;
  }

  /** Resolves when all container instances were deregistered and no host is left. */
  get emptied(): Promise<"emptied"> {
    return this.#emptied.promise;
  }

  /** ARNs of the container instances. */
  instances(): readonly string[] {
    return this.#members.flatMap(({ host }) => host?.agent.containerInstanceArn ?? []);
  }

  /**
   * Resolves when every host was connected once. Rejects with the error of the first registration that is permanently refused,
   * and if a disk cannot be used.
   */
  async start(): Promise<void> {
    let next = 0;
    const startInTurn = async (): Promise<void> => {
      while (!this.#closed && next < this.#options.count) await this.#startMember(next++);
    };
    const starts = Array.from({ length: startingMax }, startInTurn);
    this.#starting = Promise.allSettled(starts);
    await Promise.all(starts);
  }

  /** Ends all agents. Their container instances stay registered. Resolves when their disks are idle. */
  async stop(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiters.values()) wake();
    await Promise.all(this.#members.map(({ host }) => host?.stop()));
    // A registration under way may still create an instance.
    await this.#starting;
    await Promise.all(this.#members.map(({ disk }) => disk?.release()));
  }

  /** Deregisters the container instances with their tasks, after `stop`. Returns how many, and the first error. */
  async deregister(): Promise<{ readonly deregistered: number; readonly error: unknown }> {
    const { api, cluster } = this.#options;
    let deregistered = 0;
    let error: unknown = null;
    const one = async ({ host, disk }: Member): Promise<void> => {
      const containerInstance = host?.agent.containerInstanceArn ?? null;
      if (containerInstance === null) return;
      try {
        await api.call("DeregisterContainerInstance", { cluster, containerInstance, force: true });
        await disk?.erase();
        deregistered += 1;
      } catch (problem) {
        error ??= problem;
      }
    };
    await Promise.all(this.#members.map(one));
    return { deregistered, error };
  }

  async #startMember(index: number): Promise<void> {
    const disk = (await this.#options.openDisk?.(index)) ?? null;
    const member: Member = { disk, host: null };
    this.#members.push(member);
    let end = await this.#startHost(index, member);
    if (end?.why === "refused" && !this.#closed && disk !== null && (await disk.load()) !== null) {
      // The instance on its disk is gone, or belongs to another cluster: register it as a new one.
      this.#options.log("host-unknown", { err: end.error });
      // A save under way would otherwise recreate the file after it is deleted.
      await member.host?.stop();
      await disk.erase();
      end = await this.#startHost(index, member);
    }
    if (end?.why === "refused") throw end.error;
  }

  /** Resolves with null when the host is connected, or with its end if it ends before. */
  async #startHost(index: number, member: Member): Promise<AgentEnd | null> {
    if (this.#closed) return null;
    const { fleetId, cluster, region, cpu, memoryMiB, customAttributes } = this.#options;
    const ended = Promise.withResolvers<AgentEnd>();
    const onEnded = (end: AgentEnd): void => {
      ended.resolve(end);
      this.#ended(member, end);
    };
    const facts = { cpu, memoryMiB, customAttributes };
    const place = { account: null, region, cluster, index, name: `${fleetId}/${index}` };
    const host = simulatedHost(this.#world, { ...place, disk: member.disk, onEnded, facts });
    member.host = host;
    const connected = host.start().then(() => this.#connection(host.agent.containerInstanceArn));
    return await Promise.race([ended.promise, connected]);
  }

  #ended({ disk, host }: Member, { why }: AgentEnd): void {
    if (why === "stopped" || why === "refused") return;
    this.#gone += 1;
    const arn = host?.agent.containerInstanceArn ?? null;
    if (arn !== null) this.#deregistered.add(arn);
    if (this.size === 0) this.#emptied.resolve("emptied");
    this.#options.log("host-deregistered", { instance: arn });
    const erased = host?.stop().then(() => disk?.erase());
    erased?.catch((err: unknown) => this.#options.log("host-disk-kept", { err }));
  }

  /** Resolves when the instance is connected, or nobody cares any more. */
  async #connection(arn: string | null): Promise<null> {
    if (arn === null || this.#closed || this.#standing.has(arn)) return null;
    await new Promise<void>((resolve) => this.#waiters.set(arn, resolve));
    this.#waiters.delete(arn);
    return null;
  }

  #watched(transport: AgentTransport): AgentTransport {
    const connect = (channel: AgentChannel, hello: AgentHello, endpoint: string): AgentConnection => {
      const connection = transport.connect(channel, hello, endpoint);
      if (channel !== "acs") return connection;
      const arn = hello.containerInstanceArn;
      return new WatchedConnection(connection, (stands) => {
        if (stands) this.#standing.add(arn);
        else this.#standing.delete(arn);
        if (stands) this.#waiters.get(arn)?.();
      });
    };
    return { connect };
  }
}

/** Reports the first message, and the end of the connection that brought it. */
class WatchedConnection implements AgentConnection {
  readonly #connection: AgentConnection;
  readonly #changed: (stands: boolean) => void;
  #stands = false;

  constructor(connection: AgentConnection, changed: (stands: boolean) => void) {
    this.#connection = connection;
    this.#changed = changed;
  }

  send(message: object): void {
    this.#connection.send(message);
  }

  close(code: number, reason: string): void {
    this.#over();
    this.#connection.close(code, reason);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#connection.onMessage((message) => {
      if (!this.#stands) {
        this.#stands = true;
        this.#changed(true);
      }
      listener(message);
    });
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#connection.onClose((code, reason) => {
      this.#over();
      listener(code, reason);
    });
  }

  onOpen(listener: () => void): void {
    if (this.#connection.onOpen === undefined) listener();
    else this.#connection.onOpen(listener);
  }

  #over(): void {
    if (!this.#stands) return;
    this.#stands = false;
    this.#changed(false);
  }
}
