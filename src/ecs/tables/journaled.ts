/**
 * Collections for notes: what no document says, such as what is due, who waits, what was announced last. They undo themselves with the
 * step. While a journal restores documents, indexes may keep writing here; it has no effect.
 */
import { Heap } from "../../lib/heap.ts";
import type { Journal } from "./journal.ts";

/** One value. */
export class JournaledValue<T> {
  readonly #journal: Journal;
  #value: T;

  constructor(journal: Journal, value: T) {
    this.#journal = journal;
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    const before = this.#value;
    if (this.#journal.isUndoing || value === before) return;
    this.#value = value;
    this.#journal.recordNote(() => {
      this.#value = before;
    });
  }
}

/** Values by key, unordered. A value is never undefined. */
export class JournaledMap<V> {
  readonly #journal: Journal;
  readonly #values = new Map<string, V>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (this.#journal.isUndoing) return;
    const before = this.#values.get(key);
    if (before === value) return;
    this.#values.set(key, value);
    this.#journal.recordNote(() => this.#restore(key, before));
  }

  /** True if it existed. */
  delete(key: string): boolean {
    const before = this.#values.get(key);
    if (this.#journal.isUndoing || before === undefined) return false;
    this.#values.delete(key);
    this.#journal.recordNote(() => this.#restore(key, before));
    return true;
  }

  #restore(key: string, before: V | undefined): void {
    if (before === undefined) this.#values.delete(key);
    else this.#values.set(key, before);
  }
}

/** Keys, each once, in the order they were added. */
export class JournaledQueue {
  readonly #journal: Journal;
  /** Key -> its number in the order, usually also the order of insertion. */
  #numbers = new Map<string, number>();
  #last = 0;
  #isSorted = true;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#numbers.size;
  }

  has(key: string): boolean {
    return this.#numbers.has(key);
  }

  /** Adds a key at the end, unless it is already there. */
  add(key: string): void {
    if (this.#journal.isUndoing || this.#numbers.has(key)) return;
    this.#last += 1;
    this.#numbers.set(key, this.#last);
    this.#journal.recordNote(() => this.#numbers.delete(key));
  }

  /** True if it existed. */
  delete(key: string): boolean {
    const number = this.#numbers.get(key);
    if (this.#journal.isUndoing || number === undefined) return false;
    this.#numbers.delete(key);
    this.#journal.recordNote(() => {
      this.#numbers.set(key, number);
      this.#isSorted = false;
    });
    return true;
  }

  clear(): void {
    for (const key of [...this.#numbers.keys()]) this.delete(key);
  }

  /** The keys, the earliest added first. */
  keys(): IterableIterator<string> {
    if (!this.#isSorted) {
      this.#numbers = new Map([...this.#numbers].sort(([, one], [, other]) => one - other));
      this.#isSorted = true;
    }
    return this.#numbers.keys();
  }
}

/** As `Heap`. Undoing a change restores the heap exactly, including the order of items with equal numbers. */
export class JournaledHeap<T> {
  readonly #journal: Journal;
  readonly #heap = new Heap<T>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  peekAt(): number | null {
    return this.#heap.peekAt();
  }

  peek(): T | undefined {
    return this.#heap.peek();
  }

  push(at: number, item: T): void {
    if (this.#journal.isUndoing) return;
    const place = this.#heap.push(at, item);
    this.#journal.recordNote(() => this.#heap.unpush(place));
  }

  pop(): T | undefined {
    const at = this.#heap.peekAt();
    if (this.#journal.isUndoing || at === null) return undefined;
    const { item, place } = this.#heap.take();
    this.#journal.recordNote(() => this.#heap.untake(at, item, place));
    return item;
  }
}
