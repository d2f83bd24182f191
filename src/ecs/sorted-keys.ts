/** Keys in code-unit order, kept beside a table so that lists need no sorting of everything at each call. */
export class SortedKeys {
  #sorted: string[] = [];
  #added: string[] = [];
  readonly #removed = new Set<string>();

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.push(key);
  }

  remove(key: string): void {
    this.#removed.add(key);
  }

  /** All keys, or those after `after`, in order. Valid until the next change. */
  after(after: string | null): readonly string[] {
    this.#settle();
    return after === null ? this.#sorted : this.#sorted.slice(this.#position(after, 1));
  }

  #settle(): void {
    // LIMIT: up to 32 changes are worth moving the array's tail for; with more, one sort is cheaper.
    if (this.#removed.size > 0) {
      if (this.#removed.size > 32 || this.#added.length > 32) {
        const keep = (key: string) => !this.#removed.has(key);
        this.#sorted = this.#sorted.filter(keep);
        this.#added = this.#added.filter(keep);
      } else {
        for (const key of this.#removed) {
          const at = this.#position(key, 0);
          if (this.#sorted[at] === key) this.#sorted.splice(at, 1);
          else this.#added = this.#added.filter((added) => added !== key);
        }
      }
      this.#removed.clear();
    }
    if (this.#added.length > 32) {
      this.#sorted = this.#sorted.concat(this.#added).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    } else {
      for (const key of this.#added) this.#sorted.splice(this.#position(key, 0), 0, key);
    }
    this.#added.length = 0;
  }

  /** The first position whose key is >= `key` (`past` 0) or > `key` (`past` 1). */
  #position(key: string, past: 0 | 1): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#sorted[middle] as string;
      if (at < key || (past === 1 && at === key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
