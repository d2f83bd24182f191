import { SortedKeys } from "./sorted-keys.ts";

/** Keys in the order of a moment that belongs to each; an index that follows a table. */
export class OldestFirst {
  readonly #keys = new SortedKeys();

  get size(): number {
    return this.#keys.size;
  }

  /** The key with the earliest moment, or undefined when there is none. */
  oldest(): string | undefined {
    return this.#keys.first()?.slice(momentDigits + 1);
  }

  /** A document has changed: `before` and `after` are its moments (epoch milliseconds), null when it has none. */
  onChange(key: string, before: number | null, after: number | null): void {
    if (before === after) return;
    if (before !== null) this.#keys.remove(sorted(key, before));
    if (after !== null) this.#keys.add(sorted(key, after));
  }
}

/** LIMIT: digits of a moment in milliseconds, good for thirty thousand years. */
const momentDigits = 15;

const sorted = (key: string, at: number): string => `${String(at).padStart(momentDigits, "0")} ${key}`;
