/**
 * Keys with a moment each, and which of them is the oldest; an index that follows a table. Moments mostly come in order, so that a map in the
 * order of insertion is sorted by itself.
 */
export class OldestFirst {
  #moments = new Map<string, number>();
  #newest = Number.NEGATIVE_INFINITY;
  #isSorted = true;

  get size(): number {
    return this.#moments.size;
  }

  /** The key with the earliest moment, or undefined when there is none. */
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

  /** A document has changed: `before` and `after` are its moments (epoch milliseconds), null when it has none. */
  onChange(key: string, before: number | null, after: number | null): void {
    if (before === after) return;
    if (before !== null) this.#moments.delete(key);
    if (after === null) return;
    if (after < this.#newest) this.#isSorted = false;
    else this.#newest = after;
    this.#moments.set(key, after);
  }
}
