/** A binary heap of keys ordered by a number, smallest first. The caller must recognise stale entries. */
export class Heap<T> {
  readonly #at: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#at.length;
  }

  /** The smallest number, or null when empty. */
  peekAt(): number | null {
    return this.#at[0] ?? null;
  }

  /** The item with the smallest number, or undefined when empty. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(at: number, item: T): void {
    let i = this.#at.length;
    this.#at.push(at);
    this.#items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#at[parent] as number) <= at) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** Removes and returns the item with the smallest number, or undefined if empty. */
  pop(): T | undefined {
    const last = this.#at.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    this.#at.pop();
    const item = this.#items.pop();
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= last) break;
      const right = left + 1;
      const child = right < last && (this.#at[right] as number) < (this.#at[left] as number) ? right : left;
      if ((this.#at[i] as number) <= (this.#at[child] as number)) break;
      this.#swap(i, child);
      i = child;
    }
    return item;
  }

  #swap(i: number, j: number): void {
    const at = this.#at[i] as number;
    this.#at[i] = this.#at[j] as number;
    this.#at[j] = at;
    const item = this.#items[i] as T;
    this.#items[i] = this.#items[j] as T;
    this.#items[j] = item;
  }
}
