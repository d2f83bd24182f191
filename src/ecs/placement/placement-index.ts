/*
 * What placement remembers between decisions, all of it derived from the documents of instances and tasks:
 *
 *   slots      instances in the order of their registration, with their remaining CPU and memory in arrays
 *   a log      of the slots where something changed, so that what is derived from them can catch up when it is asked again
 *   sieves     per (launch type, provider, attributes, expressions), which slots pass; an answer is kept until the instance changes
 *   districts  per list of spread attributes, the slots with equal values
 *   lanes      per kind of request, the slots in the order of its strategies
 *
 * Listeners of the tables do a bounded amount of work per change, whatever the number of lanes; lanes do theirs when used.
 */
import { must } from "../../lib/assert.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { amountOf } from "../documents/resource.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import type { ResourceBook } from "../indexes/resource-book.ts";
import type { Table } from "../tables/table.ts";
import type { Candidate } from "./candidate.ts";
import { Districts } from "./districts.ts";
import { laneKey, PlacementLane } from "./placement-lane.ts";
import { Selections } from "./selections.ts";
import { Sieve, sieveKey } from "./sieve.ts";
import { countsInSpread, spreadKeyOf } from "./spread-key.ts";

// LIMIT: the log's length; a reader that is further behind checks everything, which is about as fast.
const logLength = 4_096;
// LIMIT: sieves and partitions cached, one for each kind of requirement; there are few.
const keptMax = 64;
// LIMIT: lanes cached for the services that are active at the same time, limited by their total slots, about 50 MB.
const laneSlotsMax = 1_000_000;

export class PlacementIndex {
  readonly #instances: Table<ContainerInstance>;
  readonly #book: ResourceBook;
  readonly #slotOf = new Map<string, number>();
  #log = new Int32Array(0);
  #settledTo = 0;
  /** Instances that came, went or changed in what sieves read since the index was last settled. */
  readonly #changed = new Set<string>();
  /** Spread key -> instance -> number of tasks that spread counts there, including those on instances about to empty. */
  readonly #spread = new Map<string, Map<string, number>>();
  readonly #isStaying: (instance: ContainerInstance) => boolean;
  readonly #sieves = new Map<string, Sieve>();
  readonly #districts = new Map<string, Districts>();
  readonly #lanes = new Map<string, PlacementLane>();
  readonly #laneOfRequest = new WeakMap<PlacementRequest, PlacementLane>();
  #lastRegistered = { registeredAt: Number.NEGATIVE_INFINITY, id: "" };

  /** The cached results of expressions for the instances. */
  readonly selections: Selections = new Selections(this);
  /** By slot; null if the instance is gone. */
  readonly candidates: (Candidate | null)[] = [];
  cpuLeft: Float64Array<ArrayBuffer> = new Float64Array(0);
  memoryLeft: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** By slot, how often its instance changed in what sieves read. */
  versions: Int32Array<ArrayBuffer> = new Int32Array(0);
  /** By slot, how often its instance or the tasks on it changed in what placement reads. */
  taskVersions: Int32Array<ArrayBuffer> = new Int32Array(0);
  /** Rises when slots are added or renumbered. */
  layout = 0;
  /** Rises when slots are renumbered. */
  numbering = 0;
  /** Rises when an instance's attributes change. */
  attributesVersion = 0;
  /** How many entries the log has had in total. */
  logEnd = 0;

  /** `isStaying` is false for an instance whose tasks are all about to leave. */
  constructor(
    instances: Table<ContainerInstance>,
    book: ResourceBook,
    isStaying: (instance: ContainerInstance) => boolean = isActive,
  ) {
    this.#instances = instances;
    this.#book = book;
    this.#isStaying = isStaying;
  }

  /** The task table's listener; must run after the book's. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const held = before !== undefined && holdsResources(before) ? before : null;
    const holds = after !== undefined && holdsResources(after) ? after : null;
    if (held !== null && holds !== null && isSameToPlacement(held, holds)) return;
    if (held !== null) this.#count(held, -1);
    if (holds !== null) this.#count(holds, 1);
    if (held?.instanceId) this.#touch(held.instanceId);
    if (holds?.instanceId && holds.instanceId !== held?.instanceId) this.#touch(holds.instanceId);
  }

  /** The instance table's listener. */
  onInstanceChange(id: string, before: ContainerInstance | undefined, after: ContainerInstance | undefined): void {
    if (before !== undefined && after !== undefined && isSameInstance(before, after)) return;
    this.#changed.add(id);
  }

  /** Must be called when `isStaying` may have changed for any instance. */
  onStayingChange(): void {
    this.logEnd += logLength + 1;
  }

  /** The id of one of the best instances for a task of `request`, drawn with equal probability, or null if it fits nowhere. */
  best(request: PlacementRequest, random: RandomStream): string | null {
    this.settle();
    const slot = this.#laneFor(request).best(random);
    return slot < 0 ? null : must(this.candidates[slot], "the instance of a slot in use").instance.id;
  }

  /** True if a task of `request` fits on some instance. Draws nothing. */
  fits(request: PlacementRequest): boolean {
    this.settle();
    return this.#laneFor(request).fits();
  }

  #laneFor(request: PlacementRequest): PlacementLane {
    const known = this.#laneOfRequest.get(request);
    if (known !== undefined && this.#lanes.get(known.key) === known) return known;
    const key = laneKey(request);
    let lane = this.#lanes.get(key);
    // Moved to the end: the lane at the front is the least recently used.
    if (lane !== undefined) this.#lanes.delete(key);
    else lane = new PlacementLane(this, key, request);
    const slots = Math.max(64, this.candidates.length);
    while (this.#lanes.size > 0 && (this.#lanes.size + 1) * slots > laneSlotsMax) {
      this.#lanes.delete(this.#lanes.keys().next().value as string);
    }
    this.#lanes.set(key, lane);
    this.#laneOfRequest.set(request, lane);
    return lane;
  }

  /** Applies recorded changes. Must be called before any question. */
  settle(): void {
    if (this.#changed.size > 0) this.#settleInstances();
    if (this.logEnd - this.#settledTo > logLength) {
      for (let slot = 0; slot < this.candidates.length; slot++) this.#refresh(slot);
    } else {
      for (let at = this.#settledTo; at < this.logEnd; at++) this.#refresh(this.logged(at));
    }
    this.#settledTo = this.logEnd;
  }

  slotOf(instanceId: string): number | undefined {
    return this.#slotOf.get(instanceId);
  }

  /** The slot of a log entry. Only the newest entries are kept: see `isLogged`. */
  logged(at: number): number {
    return this.#log[at % logLength] as number;
  }

  isLogged(at: number): boolean {
    return this.logEnd - at <= logLength;
  }

  sieveOf(request: PlacementRequest): Sieve {
    return kept(this.#sieves, sieveKey(request), () => new Sieve(this, request));
  }

  districtsOf(attributes: readonly string[]): Districts {
    const districts = kept(this.#districts, attributes.join("\n"), () => new Districts(this, attributes));
    districts.settle();
    return districts;
  }

  /** How many tasks with a spread key count in a slot. Zero on an instance that is about to empty. */
  tasksCounted(key: string, slot: number): number {
    const instance = this.candidates[slot]?.instance;
    if (instance === undefined || !this.#isStaying(instance)) return 0;
    return this.#spread.get(key)?.get(instance.id) ?? 0;
  }

  /** As `tasksCounted`, by instance. */
  tasksCountedOn(key: string, instanceId: string): number {
    const instance = this.#instances.get(instanceId);
    if (instance === undefined || !this.#isStaying(instance)) return 0;
    return this.#spread.get(key)?.get(instanceId) ?? 0;
  }

  /** Calls back for each slot with tasks that count for a spread key, with their number. */
  eachWithTasksOf(key: string, use: (slot: number, tasks: number) => void): void {
    for (const [instanceId, tasks] of this.#spread.get(key) ?? []) {
      const slot = this.#slotOf.get(instanceId);
      const instance = slot === undefined ? undefined : this.candidates[slot]?.instance;
      if (slot !== undefined && instance !== undefined && this.#isStaying(instance)) use(slot, tasks);
    }
  }

  #count(task: Task, by: 1 | -1): void {
    const { instanceId } = task;
    if (instanceId === null || !countsInSpread(task)) return;
    const key = spreadKeyOf(task);
    let tasks = this.#spread.get(key);
    if (tasks === undefined) {
      tasks = new Map();
      this.#spread.set(key, tasks);
    }
    const count = (tasks.get(instanceId) ?? 0) + by;
    if (count > 0) tasks.set(instanceId, count);
    else if (tasks.delete(instanceId) && tasks.size === 0) this.#spread.delete(key);
  }

  #touch(instanceId: string): void {
    const slot = this.#slotOf.get(instanceId);
    // Hosts for Fargate have no slot, and an instance created in this step is read when it gets one.
    if (slot !== undefined) this.#note(slot);
  }

  #note(slot: number): void {
    // Created late, because most clusters of a large account are empty.
    if (this.#log.length === 0) this.#log = new Int32Array(logLength);
    this.#log[this.logEnd % logLength] = slot;
    this.logEnd += 1;
    this.taskVersions[slot] = (this.taskVersions[slot] as number) + 1;
  }

  /** Recomputes what the tasks leave on the instance. */
  #refresh(slot: number): void {
    const candidate = this.candidates[slot] ?? null;
    if (candidate === null) return;
    const usage = this.#book.usageOf(candidate.instance.id);
    const { instance } = candidate;
    if (usage !== candidate.usage) this.candidates[slot] = this.#candidate(instance, usage);
    this.cpuLeft[slot] = amountOf(instance.registeredResources, "CPU") - usage.cpu;
    this.memoryLeft[slot] = amountOf(instance.registeredResources, "MEMORY") - usage.memoryMiB;
  }

  #settleInstances(): void {
    const arrived: ContainerInstance[] = [];
    for (const id of this.#changed) {
      const instance = this.#instances.get(id);
      const slot = this.#slotOf.get(id);
      if (slot !== undefined) this.#replace(slot, instance);
      else if (instance !== undefined) arrived.push(instance);
    }
    this.#changed.clear();
    if (arrived.length === 0) return;
    arrived.sort(byRegistration);
    const first = arrived[0] as ContainerInstance;
    if (byRegistration(first, this.#lastRegistered) <= 0) this.#numberAnew();
    else for (const instance of arrived) this.#append(instance);
  }

  #replace(slot: number, instance: ContainerInstance | undefined): void {
    const before = this.candidates[slot]?.instance;
    if (before === undefined) return;
    if (instance === undefined) {
      this.#slotOf.delete(before.id);
      this.candidates[slot] = null;
    } else {
      this.candidates[slot] = this.#candidate(instance);
    }
    this.versions[slot] = (this.versions[slot] as number) + 1;
    const hasSameAttributes =
      before.platformAttributes === instance?.platformAttributes &&
      before.customAttributes === instance.customAttributes &&
      before.availabilityZone === instance.availabilityZone;
    if (!hasSameAttributes && instance !== undefined) this.attributesVersion += 1;
    this.#note(slot);
  }

  #candidate(instance: ContainerInstance, usage = this.#book.usageOf(instance.id)): Candidate {
    return { instance, usage, selections: this.selections };
  }

  #append(instance: ContainerInstance): void {
    const slot = this.candidates.length;
    if (slot >= this.versions.length) this.#grow();
    this.#slotOf.set(instance.id, slot);
    this.candidates.push(this.#candidate(instance));
    this.#lastRegistered = instance;
    this.layout += 1;
    this.#refresh(slot);
  }

  #grow(): void {
    const room = Math.max(64, 2 * this.versions.length);
    const larger = (array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const copy = new Float64Array(room);
      copy.set(array);
      return copy;
    };
    this.cpuLeft = larger(this.cpuLeft);
    this.memoryLeft = larger(this.memoryLeft);
    const longer = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(room);
      copy.set(array);
      return copy;
    };
    this.versions = longer(this.versions);
    this.taskVersions = longer(this.taskVersions);
  }

  /** A new instance sorts before others (two registered in the same millisecond), so all slots are renumbered. */
  #numberAnew(): void {
    this.candidates.length = 0;
    this.#slotOf.clear();
    this.#sieves.clear();
    this.selections.clear();
    this.#districts.clear();
    this.versions.fill(0);
    this.taskVersions.fill(0);
    this.numbering += 1;
    for (const instance of [...this.#instances.values()].sort(byRegistration)) this.#append(instance);
    // The slots in the log are no longer valid.
    this.logEnd += logLength + 1;
  }
}

const isActive = ({ status }: ContainerInstance): boolean => status === "ACTIVE";

/** The order of slots: stable while instances come and go, and the same after a restart. */
type Registered = { readonly registeredAt: number; readonly id: string };
const byRegistration = (a: Registered, b: Registered): number =>
  a.registeredAt - b.registeredAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** The value of `key`, created if missing; if there are too many, the oldest is dropped. */
function kept<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (map.size >= keptMax) map.delete(map.keys().next().value as string);
  const made = make();
  map.set(key, made);
  return made;
}

function isSameInstance(a: ContainerInstance, b: ContainerInstance): boolean {
  return (
    a.status === b.status &&
    a.agentConnected === b.agentConnected &&
    a.platformAttributes === b.platformAttributes &&
    a.customAttributes === b.customAttributes &&
    a.registeredResources === b.registeredResources &&
    a.platformDevices === b.platformDevices &&
    a.capacityProviderName === b.capacityProviderName &&
    a.versionInfo === b.versionInfo &&
    a.external === b.external &&
    a.instanceType === b.instanceType &&
    a.availabilityZone === b.availabilityZone &&
    a.ec2InstanceId === b.ec2InstanceId &&
    a.registeredAt === b.registeredAt
  );
}

function isSameToPlacement(a: Task, b: Task): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.reservation === b.reservation &&
    a.desiredStatus === b.desiredStatus &&
    countsInSpread(a) === countsInSpread(b) &&
    a.group === b.group &&
    a.attachments.length === b.attachments.length &&
    (a.containers === b.containers ||
      a.containers.every((container, index) => container.networkBindings === b.containers[index]?.networkBindings))
  );
}
