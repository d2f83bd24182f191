/**
 * Keys with a time each; finds the oldest. An index that follows a table. Times mostly arrive in order, so a map in insertion order is
 * nearly sorted.
 */
export class OldestFirst {
  #moments = new Map<string, number>();
  #newest = Number.NEGATIVE_INFINITY;
  #isSorted = true;

  get size(): number {
    return this.#moments.size;
  }

  /** The key with the earliest time, or undefined if there are no keys. */
  oldest(): string | undefined {
    if (!this.#isSorted) {
      const sorted = [...this.#moments].sort(([one, at], [other, otherAt]) => at - otherAt || (one < other ? -1 : 1));
      this.#moments = new Map(sorted);
      this.#newest = sorted.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
      this.#isSorted = true;
    }
    for (const key of this.#moments.keys()) return key;
    return undefined;
  }

  /** A document changed: `before` and `after` are its times (epoch milliseconds), or null. */
  onChange(key: string, before: number | null, after: number | null): void {
    if (before === after) return;
    if (before !== null) this.#moments.delete(key);
    if (after === null) return;
    if (after < this.#newest) this.#isSorted = false;
    else this.#newest = after;
    this.#moments.set(key, after);
  }
}
