// LIMIT: how many added keys are sorted at a time: a millisecond each time, instead of a tenth of a second at the end.
const addedMax = 4_096;

/** Keys of a table in code-unit order, so lists don't sort everything at each call. */
export class SortedKeys {
  #sorted: string[] = [];
  #added: string[] = [];
  readonly #removed = new Set<string>();

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.push(key);
    if (this.#added.length >= addedMax) this.#settle();
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
    // LIMIT: up to 32 removals, moving the rest of the array is cheaper than one sort.
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
      this.#sorted = merged(this.#sorted, this.#added.sort(byCodeUnit));
      this.#added = [];
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

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Two sorted lists as one. */
function merged(a: readonly string[], b: readonly string[]): string[] {
  const all = new Array<string>(a.length + b.length);
  let atA = 0;
  let atB = 0;
  for (let at = 0; at < all.length; at++) {
    const fromA = atB >= b.length || (atA < a.length && (a[atA] as string) <= (b[atB] as string));
    all[at] = (fromA ? a[atA++] : b[atB++]) as string;
  }
  return all;
}
