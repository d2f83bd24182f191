import type { PlacementRequest } from "../documents/placement-request.ts";
import type { PlacementFilter } from "./candidate.ts";
import { filtersOf, isEligible } from "./placement-filters.ts";
import type { Slots } from "./slots.ts";

const staticFilters = (request: PlacementRequest): readonly PlacementFilter[] =>
  filtersOf(request).filter(({ looksAt }) => looksAt === "instance");

/** Equal for requests whose sieves pass the same instances. */
export function sieveKey({ need, launchType, capacityProvider, constraints }: PlacementRequest): string {
  const expressions = constraints.flatMap((each) => (each.type === "memberOf" ? [each.expression] : []));
  return JSON.stringify([launchType, capacityProvider, need.requiresAttributes, expressions]);
}

/** Which instances a request may use, as far as that depends only on the instances. Each is evaluated once until it changes. */
export class Sieve {
  readonly #slots: Slots;
  readonly #request: PlacementRequest;
  readonly #filters: readonly PlacementFilter[];
  /** By slot: 0 if not evaluated, otherwise twice the instance's version plus 2, plus 1 if it passes. */
  #answers = new Int32Array(0);

  constructor(slots: Slots, request: PlacementRequest) {
    this.#slots = slots;
    this.#request = request;
    this.#filters = staticFilters(request);
  }

  passes(slot: number): boolean {
    const version = 2 * (this.#slots.versions[slot] as number) + 2;
    const known = slot < this.#answers.length ? (this.#answers[slot] as number) : 0;
    if (known >> 1 === version >> 1) return known !== version;
    return this.#ask(slot, version);
  }

  #ask(slot: number, version: number): boolean {
    if (slot >= this.#answers.length) {
      const answers = new Int32Array(this.#slots.versions.length);
      answers.set(this.#answers);
      this.#answers = answers;
    }
    const candidate = this.#slots.candidates[slot] ?? null;
    const passes =
      candidate !== null &&
      isEligible(this.#request, candidate.instance) &&
      this.#filters.every((filter) => filter.lacks(candidate) === 0);
    this.#answers[slot] = passes ? version + 1 : version;
    return passes;
  }
}
