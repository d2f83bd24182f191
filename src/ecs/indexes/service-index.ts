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

/** LIMIT: free room is only enough for a few services, so only the longest waiting ones look again. */
const wokenMax = 20;

/** What follows from the documents about services: their tasks, their events, and which services need a look. */
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
  /** DAEMON services that have not been looked at since room for one of their tasks may have become free. */
  readonly #behind: JournaledQueue;
  /** Services whose tasks should be balanced over the zones. */
  readonly #balanced = new Set<string>();
  /** Zone -> how many instances there accept tasks. */
  readonly #zones = new Map<string, number>();
  readonly #rebalanceAfterMs: number;
  /** Services that found no room for a task, the longest waiting first. Not durable, because the next look finds out again. */
  readonly #hungry: JournaledQueue;
  /** Those whose tasks found no room on Fargate. */
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

  /** Removes and returns the DAEMON services that have yet to look at new room. AWS: they place their tasks there before others. */
  takeDaemonsBehind(): string[] {
    const names = this.looks.takePending(this.#behind.keys());
    this.#behind.clear();
    return names;
  }

  /** How many services wait for room. */
  get hungry(): number {
    return this.#hungry.size;
  }

  /** Records what room a service lacks for its tasks, or null. When some becomes free, the service is looked at again. */
  lacksRoom(serviceName: string, where: "instances" | "fargate" | null): void {
    this.#hungry.delete(serviceName);
    this.#hungryForFargate.delete(serviceName);
    if (where !== null) this.#hungry.add(serviceName);
    if (where === "fargate") this.#hungryForFargate.add(serviceName);
  }

  /** Fargate tasks stopped somewhere in the account: the longest waiting services look again, as their pace allows or `atOnce`. */
  wakeForFargate(atOnce = false): void {
    for (const name of [...this.#hungryForFargate.keys()].slice(0, wokenMax)) {
      this.#hungryForFargate.delete(name);
      if (atOnce) this.looks.at(name, 0);
      else this.looks.changed(name);
    }
  }

  /** Makes every service due for a look, because something changed that may concern any of them. */
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
    // Room that a daemon's task leaves is for its next task.
    if (freed && name !== null && this.#daemons.has(name)) this.#behind.add(name);
    // The instance's daemons wait until all other tasks are gone.
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
   * LIMIT: balanced services look again when a zone gets its first instance; doing so for every instance would be most of the work. If only
   * later instances matter to a service, it sees them at its next look.
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
    // Delayed, because more instances of the zone may follow and should get their share.
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

  /** How a service stands, or what a deployment of its has shown, is another now: it is looked at, as for a change of its own. */
  onStandingChange(serviceName: string): void {
    if (this.#live.has(serviceName)) this.looks.changed(serviceName);
  }

  onEventChange(key: string, before: ServiceEvent | undefined, after: ServiceEvent | undefined): void {
    const name = ((after ?? before) as ServiceEvent).serviceName;
    const keys = this.#events.get(name) ?? [];
    if (before === undefined) {
      // Event numbers rise, so only an undone removal or a load may come out of order.
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

/** True for an instance that accepts new tasks. */
const isOpen = ({ status, agentConnected }: ContainerInstance): boolean => status === "ACTIVE" && agentConnected;

/** True if the change affects whether tasks may be on an instance. */
const matters = (before: ContainerInstance, after: ContainerInstance): boolean =>
  before.status !== after.status ||
  before.agentConnected !== after.agentConnected ||
  before.platformAttributes !== after.platformAttributes ||
  before.customAttributes !== after.customAttributes ||
  before.registeredResources !== after.registeredResources;
