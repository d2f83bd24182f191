import { type CharacterSet, contains, isWordCharacter } from "./character-set.ts";
import type { Anchor } from "./parse-pattern.ts";

export type Instruction =
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  /** Continues with the next instruction and with `to` (`both`), or with `to` alone. */
  | { readonly kind: "branch"; readonly both: boolean; to: number }
  | { readonly kind: "accept" };

/** Marks the positions before the first and after the last character. */
export const noCharacter = -1;

const accept = 0;
const character = 1;
const anchor = 2;
const branch = 3;
const asciiCharacters = 128;

/**
 * Runs a text through the instructions of a pattern, following all alternatives at once. Instructions are stored as numbers in arrays,
 * because a slow pattern spends its time here.
 */
export class PatternWalk {
  /** Instructions visited since this was last set to 0. */
  visits = 0;
  readonly #kinds: Uint8Array;
  /** The target of a branch; 0 for other instructions. */
  readonly #targets: Uint16Array;
  /** 1 for branches that also continue with the next instruction. */
  readonly #both: Uint8Array;
  readonly #sets: (CharacterSet | null)[];
  /** By instruction and ASCII character: 1 if its set contains the character. */
  readonly #ascii: Uint8Array;
  readonly #anchors: (Anchor | null)[];
  /** By instruction: the round in which it was last reached, so it is reached once per round. */
  readonly #reached: Uint32Array;
  /** The instructions that wait for a character, at the beginning of the array. */
  readonly #waiting: Uint16Array;
  /** The instructions to visit. A branch adds two, and each is visited once per round. */
  readonly #open: Uint16Array;
  #opened = 0;
  #round = 0;
  #accepted = false;

  constructor(instructions: readonly Instruction[]) {
    const { length } = instructions;
    this.#kinds = Uint8Array.from(instructions, ({ kind }) => ({ accept, character, anchor, branch })[kind]);
    this.#targets = Uint16Array.from(instructions, (each) => (each.kind === "branch" ? each.to : 0));
    this.#both = Uint8Array.from(instructions, (each) => (each.kind === "branch" && each.both ? 1 : 0));
    this.#sets = instructions.map((each) => (each.kind === "character" ? each.set : null));
    this.#anchors = instructions.map((each) => (each.kind === "anchor" ? each.anchor : null));
    this.#ascii = new Uint8Array(length * asciiCharacters);
    for (const [place, set] of this.#sets.entries()) {
      for (let code = 0; set !== null && code < asciiCharacters; code++) {
        if (contains(set, code)) this.#ascii[place * asciiCharacters + code] = 1;
      }
    }
    this.#reached = new Uint32Array(length);
    this.#waiting = new Uint16Array(length);
    this.#open = new Uint16Array(3 * length + 1);
  }

  /** Starts at the instructions `places`. */
  begin(places: ArrayLike<number>): void {
    for (let i = 0; i < places.length; i++) this.#open[i] = places[i] ?? 0;
    this.#opened = places.length;
  }

  /** Reads the character `code`, which follows `before`. False if no alternative is left. */
  take(before: number, code: number): boolean {
    const waiting = this.#reach(before, code);
    let passed = 0;
    for (let i = 0; i < waiting; i++) {
      const place = this.#waiting[i] ?? 0;
      const taken =
        code < asciiCharacters
          ? this.#ascii[place * asciiCharacters + code] === 1
          : contains(this.#sets[place] ?? [], code);
      if (taken) this.#open[passed++] = place + 1;
    }
    this.#opened = passed;
    return passed > 0;
  }

  /** True if the text may end here. Read nothing after this call. */
  accepts(before: number): boolean {
    this.#reach(before, noCharacter);
    return this.#accepted;
  }

  /** The current instructions, in order. */
  places(): Uint16Array {
    return this.#open.slice(0, this.#opened).sort();
  }

  /** Follows the open instructions, between two characters, to those that wait for a character; returns how many there are. */
  #reach(before: number, after: number): number {
    const [kinds, reached, open] = [this.#kinds, this.#reached, this.#open];
    // The round counter has 32 bits.
    if (this.#round === 0xffff_ffff) {
      this.#reached.fill(0);
      this.#round = 0;
    }
    const round = ++this.#round;
    this.#accepted = false;
    let waiting = 0;
    let left = this.#opened;
    let visits = 0;
    while (left > 0) {
      const place = open[--left] ?? 0;
      visits += 1;
      if (reached[place] === round) continue;
      reached[place] = round;
      const kind = kinds[place];
      if (kind === character) this.#waiting[waiting++] = place;
      else if (kind === branch) {
        open[left++] = this.#targets[place] ?? 0;
        if (this.#both[place] === 1) open[left++] = place + 1;
      } else if (kind === accept) this.#accepted = true;
      else if (anchorHolds(this.#anchors[place] ?? "start", before, after)) open[left++] = place + 1;
    }
    this.visits += visits;
    return waiting;
  }
}

/** Whether the anchor holds between two characters. */
function anchorHolds(kind: Anchor, before: number, after: number): boolean {
  if (kind === "start") return before === noCharacter;
  if (kind === "end") return after === noCharacter;
  return (isWordCharacter(before) !== isWordCharacter(after)) === (kind === "boundary");
}
