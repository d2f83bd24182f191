import type { RandomStream } from "../../lib/random.ts";
import type { Need, PlacementRequest } from "../documents/placement-request.ts";
import type { PlacementFilter } from "./candidate.ts";
import { type Districts, noValue } from "./districts.ts";
import { filtersOf } from "./placement-filters.ts";
import { orderingStrategies, spreadAttribute } from "./placement-strategies.ts";
import type { Sieve } from "./sieve.ts";
import type { Slots } from "./slots.ts";
import { spreadKey } from "./spread-key.ts";
import { Tournaments } from "./tournaments.ts";

/** What a lane reads of the slots that it sorts. */
type LaneSlots = Slots & {
  readonly cpuLeft: Float64Array<ArrayBuffer>;
  readonly memoryLeft: Float64Array<ArrayBuffer>;
  /** Rises when slots are renumbered. */
  readonly numbering: number;
  /** How many entries the log of changed slots has had in total. */
  readonly logEnd: number;
  logged(at: number): number;
  isLogged(at: number): boolean;
  sieveOf(request: PlacementRequest): Sieve;
  districtsOf(attributes: readonly string[]): Districts;
  eachWithTasksOf(key: string, each: (slot: number, tasks: number) => void): void;
  tasksCounted(key: string, slot: number): number;
};

/** What a strategy compares: tasks in all districts with a value, tasks on the instance, or what is left there. */
type Level =
  | { readonly kind: "value"; readonly at: number; readonly counts: number[] }
  | { readonly kind: "tasks" | "cpu" | "memory"; readonly worth: { of: Float64Array<ArrayBuffer> } };

const keyOfNeed = new WeakMap<Need, string>();

/** Requests for the tasks of one plan share one need, and often nothing else. */
function needKey(need: Need): string {
  let key = keyOfNeed.get(need);
  if (key === undefined) {
    key = JSON.stringify(need);
    keyOfNeed.set(need, key);
  }
  return key;
}

/** Equal for requests whose tasks go to the same instances. */
export function laneKey(request: PlacementRequest): string {
  const { need, group, launchType, capacityProvider, constraints } = request;
  const strategies = orderingStrategies(request);
  const counts = strategies.some(({ type }) => type === "spread");
  const distinct = constraints.some(({ type }) => type === "distinctInstance");
  const rest = [
    counts ? spreadKey(request) : "",
    distinct ? group : "",
    launchType,
    capacityProvider,
    constraints,
    strategies,
  ];
  return `${needKey(need)}${JSON.stringify(rest)}`;
}

/**
 * The instances for one kind of request, ordered by its strategies: a tournament in each district (instances with equal values of the
 * spread attributes), and one among districts. When asked, it catches up with the index, from the log if it isn't far behind.
 */
export class PlacementLane {
  readonly key: string;
  readonly #index: LaneSlots;
  readonly #request: PlacementRequest;
  readonly #filters: readonly PlacementFilter[];
  readonly #levels: readonly Level[];
  readonly #attributes: readonly string[];
  readonly #counts: boolean;
  readonly #spreadKey: string;
  /** By slot, what is compared inside a district, in order. */
  #worths: readonly Float64Array[] = [];
  #sieve: Sieve;
  #districts: Districts;
  #numbering: number;
  #drawn = -1;
  #seen = 0;
  /** False while it catches up, and if that was interrupted. */
  #isWhole = true;
  /** By slot, the number of the group's tasks when it was last read. */
  #tasks = new Float64Array(0);
  #inDistrict: Tournaments = new Tournaments([], () => 0);
  #amongDistricts: Tournaments = new Tournaments([], () => 0);

  constructor(index: LaneSlots, key: string, request: PlacementRequest) {
    this.key = key;
    this.#index = index;
    this.#request = request;
    this.#spreadKey = spreadKey(request);
    this.#filters = filtersOf(request).filter(({ looksAt }) => looksAt === "tasks");
    const attributes: string[] = [];
    this.#levels = orderingStrategies(request).map((strategy): Level => {
      const worth = { of: new Float64Array(0) };
      if (strategy.type === "binpack") return { kind: strategy.field === "CPU" ? "cpu" : "memory", worth };
      const attribute = spreadAttribute(strategy);
      if (attribute === null) return { kind: "tasks", worth };
      return { kind: "value", at: attributes.push(attribute) - 1, counts: [] };
    });
    this.#attributes = attributes;
    this.#counts = this.#levels.some(({ kind }) => kind === "value" || kind === "tasks");
    this.#sieve = index.sieveOf(request);
    this.#districts = index.districtsOf(attributes);
    this.#numbering = index.numbering;
  }

  /** One of the best slots, each with equal probability, or -1. */
  best(random: RandomStream): number {
    this.#catchUp();
    const ties = this.#amongDistricts.ties(0);
    if (ties === 0) return -1;
    const district = this.#amongDistricts.pick(0, random.below(ties));
    return this.#inDistrict.pick(district, this.#amongDistricts.rest);
  }

  /** True if a slot fits the request. */
  fits(): boolean {
    this.#catchUp();
    return this.#amongDistricts.ties(0) > 0;
  }

  #catchUp(): void {
    const index = this.#index;
    if (this.#numbering !== index.numbering) {
      this.#numbering = index.numbering;
      this.#sieve = index.sieveOf(this.#request);
      this.#districts = index.districtsOf(this.#attributes);
      this.#drawn = -1;
    }
    this.#districts.settle();
    const behind = index.logEnd - this.#seen;
    const wasWhole = this.#isWhole;
    this.#isWhole = false;
    if (!wasWhole || this.#drawn !== this.#districts.version || !index.isLogged(this.#seen)) this.#build();
    else if (behind > 16 + (index.candidates.length >> 4)) this.#build();
    else for (let at = this.#seen; at < index.logEnd; at++) this.#change(index.logged(at));
    this.#seen = index.logEnd;
    this.#isWhole = true;
  }

  #build(): void {
    const { candidates, versions } = this.#index;
    const { sizes, districtsWith, districtOf, placeOf } = this.#districts;
    if (this.#drawn !== this.#districts.version) {
      this.#drawn = this.#districts.version;
      this.#inDistrict = new Tournaments(sizes, (a, b) => this.#compareSlots(a, b));
      this.#amongDistricts = new Tournaments([sizes.length], (a, b) => this.#compareDistricts(a, b));
      this.#tasks = new Float64Array(versions.length);
      for (const level of this.#levels) {
        if (level.kind === "value") level.counts.length = 0;
        else level.worth.of = level.kind === "tasks" ? this.#tasks : new Float64Array(versions.length);
      }
      this.#worths = this.#levels.flatMap((level) => (level.kind === "value" ? [] : [level.worth.of]));
    }
    for (const level of this.#levels) {
      if (level.kind === "value")
        level.counts.splice(0, level.counts.length, ...(districtsWith[level.at] ?? []).map(() => 0));
    }
    this.#tasks.fill(0);
    if (this.#counts) {
      this.#index.eachWithTasksOf(this.#spreadKey, (slot, tasks) => {
        this.#tasks[slot] = tasks;
        this.#count(districtOf[slot] as number, tasks);
      });
    }
    for (let slot = 0; slot < candidates.length; slot++) {
      const district = districtOf[slot] as number;
      const fits = this.#weigh(slot);
      this.#inDistrict.seat(district, placeOf[slot] as number, fits ? slot : -1, fits ? 1 : 0);
    }
    for (let district = 0; district < sizes.length; district++) this.#inDistrict.play(district);
    this.#playAll();
  }

  #playAll(): void {
    const { sizes } = this.#districts;
    for (let district = 0; district < sizes.length; district++) {
      const ties = this.#inDistrict.ties(district);
      this.#amongDistricts.seat(0, district, ties === 0 ? -1 : district, ties);
    }
    this.#amongDistricts.play(0);
  }

  /** Handles a change in a slot. */
  #change(slot: number): void {
    const district = this.#districts.districtOf[slot] as number;
    const tasks = this.#tasksOn(slot);
    const more = tasks - (this.#tasks[slot] as number);
    this.#tasks[slot] = tasks;
    const fits = this.#weigh(slot);
    this.#inDistrict.change(district, this.#districts.placeOf[slot] as number, fits ? slot : -1, fits ? 1 : 0);
    if (more === 0) {
      this.#changeDistrict(district);
      return;
    }
    this.#count(district, more);
    if (this.#attributes.length <= 1) this.#changeDistrict(district);
    else this.#playAll();
  }

  #changeDistrict(district: number): void {
    const ties = this.#inDistrict.ties(district);
    this.#amongDistricts.change(0, district, ties === 0 ? -1 : district, ties);
  }

  #tasksOn(slot: number): number {
    return this.#counts ? this.#index.tasksCounted(this.#spreadKey, slot) : 0;
  }

  /** Adds `more` tasks of the group to a district. */
  #count(district: number, more: number): void {
    for (const level of this.#levels) {
      if (level.kind !== "value") continue;
      const value = this.#districts.values[level.at]?.[district] ?? noValue;
      if (value !== noValue) level.counts[value] = (level.counts[value] ?? 0) + more;
    }
  }

  /** True if the task fits in the slot; records its worth there. */
  #weigh(slot: number): boolean {
    const { need } = this.#request;
    const index = this.#index;
    const cpu = index.cpuLeft[slot] as number;
    const memory = index.memoryLeft[slot] as number;
    if (cpu < need.cpu || memory < need.memoryMiB || !this.#sieve.passes(slot)) return false;
    for (const level of this.#levels) {
      if (level.kind === "cpu") level.worth.of[slot] = cpu;
      else if (level.kind === "memory") level.worth.of[slot] = memory;
    }
    if (this.#filters.length === 0) return true;
    const candidate = index.candidates[slot] ?? null;
    return candidate !== null && this.#filters.every((filter) => filter.lacks(candidate) === 0);
  }

  /** Compares by what differs inside a district. */
  #compareSlots(a: number, b: number): number {
    for (const worth of this.#worths) {
      const difference = (worth[a] as number) - (worth[b] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #compareDistricts(a: number, b: number): number {
    const [slotA, slotB] = [this.#inDistrict.winner(a), this.#inDistrict.winner(b)];
    for (const level of this.#levels) {
      const difference =
        level.kind === "value"
          ? this.#compareValues(level, a, b)
          : (level.worth.of[slotA] as number) - (level.worth.of[slotB] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The value with fewer tasks is better; instances without the attribute come last. */
  #compareValues({ at, counts }: Level & { kind: "value" }, a: number, b: number): number {
    const values = this.#districts.values[at];
    const [valueA, valueB] = [values?.[a] ?? noValue, values?.[b] ?? noValue];
    if (valueA === valueB) return 0;
    if (valueA === noValue) return 1;
    if (valueB === noValue) return -1;
    return (counts[valueA] as number) - (counts[valueB] as number);
  }
}
