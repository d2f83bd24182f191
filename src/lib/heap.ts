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

  /** Adds an item and returns its position, for `unpush`. */
  push(at: number, item: T): number {
    let i = this.#at.length;
    this.#at.push(at);
    this.#items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#at[parent] as number) <= at) break;
      this.#swap(i, parent);
      i = parent;
    }
    return i;
  }

  /** Removes and returns the item with the smallest number, or undefined if empty. */
  pop(): T | undefined {
    return this.#at.length === 0 ? undefined : this.take().item;
  }

  /** As `pop` of a heap that is not empty; also gives the place that the last item moved to, for `untake`. */
  take(): { readonly item: T; readonly place: number } {
    const last = this.#at.length - 1;
    this.#swap(0, last);
    this.#at.pop();
    const item = this.#items.pop() as T;
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
    return { item, place: i };
  }

  /** Undoes the `push` that gave `place`; every later change has been undone. The heap is then as it was before. */
  unpush(place: number): void {
    const down: number[] = [];
    for (let i = this.#at.length - 1; i > place; i = (i - 1) >> 1) down.push(i);
    let at = place;
    for (const next of down.reverse()) {
      this.#swap(at, next);
      at = next;
    }
    this.#at.pop();
    this.#items.pop();
  }

  /** Undoes the `take` of `item` with the number `at` that gave `place`; every later change has been undone. */
  untake(at: number, item: T, place: number): void {
    for (let i = place; i > 0; ) {
      const parent = (i - 1) >> 1;
      this.#swap(i, parent);
      i = parent;
    }
    this.#at.push(at);
    this.#items.push(item);
    this.#swap(0, this.#at.length - 1);
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
