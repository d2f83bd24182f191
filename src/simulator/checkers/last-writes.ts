type Entry<V> = {
  /** The value of the last acknowledged write; undefined while it cannot be known. */
  value: V | undefined;
  underWay: number;
  /** Writes ran beside each other: nobody knows which of them was the last. */
  mixed: boolean;
};

/** What callers were told that they wrote, per key: known when the last write was answered and none ran beside it. */
export class LastWrites<V> {
  readonly #entries = new Map<string, Entry<V>>();

  begin(key: string): void {
    const entry = this.#entries.get(key) ?? { value: undefined, underWay: 0, mixed: false };
    this.#entries.set(key, entry);
    if (entry.underWay > 0) entry.mixed = true;
    entry.underWay += 1;
  }

  /** The write was answered with success. */
  acknowledged(key: string, value: V): void {
    this.#end(key, (entry) => (entry.mixed ? undefined : value));
  }

  /** The write was refused: it changed nothing. */
  refused(key: string): void {
    this.#end(key, (entry) => entry.value);
  }

  /** Nobody knows what became of the write. */
  lost(key: string): void {
    this.#end(key, () => undefined);
  }

  /** Nothing is known of `key` any more. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.value = undefined;
  }

  /** Nothing is known any more of the keys that `applies` to, whatever becomes of the writes to them that are under way. */
  forgetAll(applies: (key: string) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (!applies(key)) continue;
      entry.value = undefined;
      entry.mixed = entry.underWay > 0;
    }
  }

  /** The keys and values that are known. */
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
