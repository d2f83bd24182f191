import { assert, must } from "../lib/assert.ts";
import type { RandomStream } from "../lib/random.ts";

/** A weighted choice: how often the value comes in comparison, and the value. */
export type Weighted<T> = readonly [weight: number, value: T];

/** The kinds of draws that workload and faults need, from one stream. */
export class Draw {
  readonly #stream: RandomStream;

  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  /** An integer in `low` .. `high`. */
  between(low: number, high: number): number {
    return low + this.#stream.below(high - low + 1);
  }

  chance(p: number): boolean {
    return this.#stream.chance(p);
  }

  hex(digits: number): string {
    return this.#stream.hex(digits);
  }

  pick<T>(values: readonly T[]): T {
    assert(values.length > 0, "something to pick from");
    return values[this.#stream.below(values.length)] as T;
  }

  /** Like `pick`, or null if there is nothing to pick from. */
  pickOrNull<T>(values: readonly T[]): T | null {
    return values.length === 0 ? null : this.pick(values);
  }

  /** Up to `max` of `values`, possibly with repetitions, because callers do that too. */
  some<T>(values: readonly T[], max: number): T[] {
    if (values.length === 0) return [];
    return Array.from({ length: this.between(1, max) }, () => this.pick(values));
  }

  weighted<T>(choices: readonly Weighted<T>[]): T {
    const total = choices.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#stream.below(total);
    for (const [weight, value] of choices) {
      at -= weight;
      if (at < 0) return value;
    }
    return must(choices.at(-1), "a choice")[1];
  }

  /** `members` with probability `p`, otherwise nothing: for the optional members of a request. */
  maybe<T extends object>(p: number, members: () => T): T | Record<never, never> {
    return this.chance(p) ? members() : {};
  }
}
