type Entry<V> = {
  /** The value of the last acknowledged write. Undefined while it cannot be known. */
  value: V | undefined;
  underWay: number;
  /** Writes ran concurrently: nobody knows which of them was the last. */
  mixed: boolean;
};

/** The values that callers know they wrote, per key. Known if the last write was answered and no other ran at the same time. */
export class LastWrites<V> {
  readonly #entries = new Map<string, Entry<V>>();

  begin(key: string): void {
    const entry = this.#entries.get(key) ?? { value: undefined, underWay: 0, mixed: false };
    this.#entries.set(key, entry);
    if (entry.underWay > 0) entry.mixed = true;
    entry.underWay += 1;
  }

  /** The write succeeded. */
  acknowledged(key: string, value: V): void {
    this.#end(key, (entry) => (entry.mixed ? undefined : value));
  }

  /** The write was refused and changed nothing. */
  refused(key: string): void {
    this.#end(key, (entry) => entry.value);
  }

  /** Nobody knows the outcome of the write. */
  lost(key: string): void {
    this.#end(key, () => undefined);
  }

  /** Forgets all about `key`. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.value = undefined;
  }

  /** Forgets the keys that `applies` selects, whatever the outcome of the writes to them that are under way. */
  forgetAll(applies: (key: string) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (!applies(key)) continue;
      entry.value = undefined;
      entry.mixed = entry.underWay > 0;
    }
  }

  /** The known keys and values. */
  *known(): Iterable<readonly [key: string, value: V]> {
    for (const [key, { value, underWay }] of this.#entries) {
      if (value !== undefined && underWay === 0) yield [key, value];
    }
  }

  #end(key: string, next: (entry: Entry<V>) => V | undefined): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.value = next(entry);
    entry.underWay -= 1;
    if (entry.underWay === 0) entry.mixed = false;
  }
}
