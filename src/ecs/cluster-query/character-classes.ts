import { type CharacterSet, isWordCharacter } from "./character-set.ts";

const asciiCharacters = 128;

/** Characters in classes: no set of a pattern, and no `\b`, distinguishes two characters of one class. */
export class CharacterClasses {
  /** The number of classes. */
  readonly count: number;
  /** The first character of each range. */
  readonly #starts: readonly number[];
  readonly #ascii: Uint16Array;

  constructor(sets: readonly CharacterSet[]) {
    const starts = new Set<number>([0]);
    for (const set of sets) {
      for (const [low, high] of set) starts.add(low).add(high + 1);
    }
    for (let code = 1; code < asciiCharacters + 1; code++) {
      if (isWordCharacter(code) !== isWordCharacter(code - 1)) starts.add(code);
    }
    this.#starts = [...starts].sort((a, b) => a - b);
    this.count = this.#starts.length;
    this.#ascii = Uint16Array.from({ length: asciiCharacters }, (_, code) => this.#search(code));
  }

  /** The number of the class that `code` belongs to. */
  of(code: number): number {
    return code < asciiCharacters ? (this.#ascii[code] as number) : this.#search(code);
  }

  #search(code: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= code) low = middle;
      else high = middle;
    }
    return low;
  }
}
