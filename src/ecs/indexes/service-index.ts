import type { ContainerInstance } from "../documents/container-instance.ts";
import type { ServiceDeployment } from "../documents/deployment.ts";
import { type Service, type ServiceEvent, serviceNameOf } from "../documents/service.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import { SortedKeys } from "../sorted-keys.ts";
import type { Journal } from "../tables/journal.ts";
import { JournaledQueue } from "../tables/journaled.ts";
import type { Timeline } from "../timeline.ts";
import type { ResourceBook } from "./resource-book.ts";
import { ServiceBook } from "./service-book.ts";
import { ServiceLooks } from "./service-looks.ts";

/** LIMIT: room that becomes free is for few services; of those that wait for some, the longest waiting are woken. */
const wokenMax = 20;

/** What follows from the documents about services: their tasks, their events, and which of them are to be looked at. */
export class ServiceIndex {
  readonly book = new ServiceBook();
  readonly looks: ServiceLooks;
  /** The names of services that are not INACTIVE. */
  readonly names = new SortedKeys();
  readonly #live = new Set<string>();
  readonly #instances: ResourceBook;
  readonly #daemons = new Set<string>();
  /** Ids of instances that are DRAINING. */
  readonly #draining = new Set<string>();
  /** DAEMON services that have not been looked at since there is new room that may be for a task of theirs. */
  readonly #behind: JournaledQueue;
  /** Services whose tasks are to be in balance over the zones. */
  readonly #balanced = new Set<string>();
  /** Zone -> how many instances there take tasks. */
  readonly #zones = new Map<string, number>();
  readonly #rebalanceAfterMs: number;
  /** Services that found no room for a task, the longest waiting first; not durable, since a look finds out again. */
  readonly #hungry: JournaledQueue;
  /** Those of them whose tasks found no room on Fargate. */
  readonly #hungryForFargate: JournaledQueue;
  /** Service name -> keys of its events, oldest first. */
  readonly #events = new Map<string, string[]>();
  /** Service name -> ids of its service deployments. */
  readonly #deployments = new Map<string, Set<string>>();

  constructor(timeline: Timeline, instances: ResourceBook, journal: Journal) {
    this.looks = new ServiceLooks(timeline.serviceLookMs, journal);
    this.#behind = new JournaledQueue(journal);
    this.#hungry = new JournaledQueue(journal);
    this.#hungryForFargate = new JournaledQueue(journal);
    this.#rebalanceAfterMs = timeline.rebalanceAfterMs;
    this.#instances = instances;
  }

  /** The names of DAEMON services that are not INACTIVE. */
  get daemons(): ReadonlySet<string> {
    return this.#daemons;
  }

  /** Takes the DAEMON services away that have yet to look at new room. AWS: they have their tasks there before others. */
  takeDaemonsBehind(): string[] {
    const names = this.looks.takePending(this.#behind.keys());
    this.#behind.clear();
    return names;
  }

  /** How many services wait for room. */
  get hungry(): number {
    return this.#hungry.size;
  }

  /** Notes what a service lacks for its tasks, null for nothing. A service that lacks room is woken when some becomes free. */
  lacksRoom(serviceName: string, where: "instances" | "fargate" | null): void {
    this.#hungry.delete(serviceName);
    this.#hungryForFargate.delete(serviceName);
    if (where !== null) this.#hungry.add(serviceName);
    if (where === "fargate") this.#hungryForFargate.add(serviceName);
  }

  /** Tasks on Fargate stopped somewhere in the account: the services that have waited longest look again, as the pace allows or `atOnce`. */
  wakeForFargate(atOnce = false): void {
    for (const name of [...this.#hungryForFargate.keys()].slice(0, wokenMax)) {
      this.#hungryForFargate.delete(name);
      if (atOnce) this.looks.at(name, 0);
      else this.looks.changed(name);
    }
  }

  /** Every service is to be looked at: something changed that may concern any of them. */
  lookAtAll(): void {
    for (const name of this.#live) this.looks.changed(name);
  }

  /** The keys of a service's events, oldest first. */
  eventKeysOf(serviceName: string): readonly string[] {
    return this.#events.get(serviceName) ?? [];
  }

  deploymentIdsOf(serviceName: string): ReadonlySet<string> {
    return this.#deployments.get(serviceName) ?? none;
  }

  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    this.book.onTaskChange(before, after);
    const name = serviceNameOf((after ?? before) as Task);
    if (name !== null && this.#live.has(name)) this.looks.changed(name);
    const freed = before !== undefined && holdsResources(before) && (after === undefined || !holdsResources(after));
    if (freed) this.#wakeHungry();
    // Room that a daemon's task had is for its next one.
    if (freed && name !== null && this.#daemons.has(name)) this.#behind.add(name);
    // Its daemons wait for all others to be gone.
    if (freed && before.instanceId !== null && this.#draining.has(before.instanceId)) this.#wakeOn(before.instanceId);
  }

  onInstanceChange(id: string, before: ContainerInstance | undefined, after: ContainerInstance | undefined): void {
    if (after?.status === "DRAINING") this.#draining.add(id);
    else this.#draining.delete(id);
    this.#countZones(before, after);
    if (before !== undefined && after !== undefined && !matters(before, after)) return;
    const takesTasks = after !== undefined && isOpen(after);
    for (const name of this.#daemons) {
      this.looks.changed(name);
      if (takesTasks) this.#behind.add(name);
    }
    this.#wakeOn(id);
    this.#wakeHungry();
  }

  /**
   * LIMIT: a zone is new to the services that are to be in balance when its first instance comes; waking all of them for each
   * instance would be the larger part of the work. A service for which only later ones matter sees them at its next look.
   */
  #countZones(before: ContainerInstance | undefined, after: ContainerInstance | undefined): void {
    const was = before !== undefined && isOpen(before) ? before.availabilityZone : null;
    const is = after !== undefined && isOpen(after) ? after.availabilityZone : null;
    if (was === is) return;
    const left = was === null ? 0 : (this.#zones.get(was) ?? 0) - 1;
    if (was !== null && left > 0) this.#zones.set(was, left);
    else if (was !== null) this.#zones.delete(was);
    if (is === null || after === undefined) return;
    const count = (this.#zones.get(is) ?? 0) + 1;
    this.#zones.set(is, count);
    if (count > 1) return;
    // Others of the zone may follow, and are to have their share.
    for (const name of this.#balanced) this.looks.at(name, after.statusSince + this.#rebalanceAfterMs);
  }

  onServiceChange(name: string, before: Service | undefined, after: Service | undefined): void {
    const was = before !== undefined && before.status !== "INACTIVE";
    const is = after !== undefined && after.status !== "INACTIVE";
    if (!was && is) {
      this.names.add(name);
      this.#live.add(name);
    }
    if (was && !is) {
      this.names.remove(name);
      this.#live.delete(name);
      this.looks.forget(name);
      this.#hungry.delete(name);
      this.#hungryForFargate.delete(name);
      this.#behind.delete(name);
    }
    if (is && after.schedulingStrategy === "DAEMON") this.#daemons.add(name);
    else this.#daemons.delete(name);
    if (is && after.availabilityZoneRebalancing === "ENABLED") this.#balanced.add(name);
    else this.#balanced.delete(name);
    if (is) this.looks.changed(name);
  }

  onEventChange(key: string, before: ServiceEvent | undefined, after: ServiceEvent | undefined): void {
    const name = ((after ?? before) as ServiceEvent).serviceName;
    const keys = this.#events.get(name) ?? [];
    if (before === undefined) {
      // Events are numbered on, so that only an undone removal and a load may come out of order.
      keys.push(key);
      if (keys.length > 1 && (keys.at(-2) as string) > key) keys.sort();
      this.#events.set(name, keys);
    } else if (after === undefined) {
      keys.splice(keys.indexOf(key), 1);
      if (keys.length === 0) this.#events.delete(name);
    }
  }

  onDeploymentChange(before: ServiceDeployment | undefined, after: ServiceDeployment | undefined): void {
    const { serviceName, id } = (after ?? before) as ServiceDeployment;
    const ids = this.#deployments.get(serviceName) ?? new Set<string>();
    if (after !== undefined) this.#deployments.set(serviceName, ids.add(id));
    else if (ids.delete(id) && ids.size === 0) this.#deployments.delete(serviceName);
  }

  #wakeOn(instanceId: string): void {
    for (const group of this.#instances.usageOf(instanceId).groups.keys()) {
      const name = serviceNameOf({ group });
      if (name !== null && this.#live.has(name)) this.looks.changed(name);
    }
  }

  #wakeHungry(): void {
    let woken = 0;
    for (const name of this.#hungry.keys()) {
      if (woken === wokenMax) return;
      woken += 1;
      this.looks.changed(name);
    }
  }
}

const none: ReadonlySet<string> = new Set();

/** True for an instance where tasks can be started. */
const isOpen = ({ status, agentConnected }: ContainerInstance): boolean => status === "ACTIVE" && agentConnected;

/** True for what decides whether tasks may be on an instance. */
const matters = (before: ContainerInstance, after: ContainerInstance): boolean =>
  before.status !== after.status ||
  before.agentConnected !== after.agentConnected ||
  before.platformAttributes !== after.platformAttributes ||
  before.customAttributes !== after.customAttributes ||
  before.registeredResources !== after.registeredResources;
