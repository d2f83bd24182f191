import { type CharacterSet, contains, isWordCharacter } from "./character-set.ts";
import type { Anchor } from "./parse-pattern.ts";

export type Instruction =
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  /** Goes on with the next instruction and with `to` (`both`), or with `to` alone. */
  | { readonly kind: "branch"; readonly both: boolean; to: number }
  | { readonly kind: "accept" };

/** Stands for the character before the first one and for the one after the last. */
export const noCharacter = -1;

const accept = 0;
const character = 1;
const anchor = 2;
const branch = 3;
const asciiCharacters = 128;

/**
 * Follows a text through the instructions of a pattern, on all ways at once. They are kept as numbers in rows, since a slow
 * pattern spends its time here.
 */
export class PatternWalk {
  /** Instructions visited since it was last set to 0. */
  visits = 0;
  readonly #kinds: Uint8Array;
  /** Where a branch goes; 0 for other instructions. */
  readonly #targets: Uint16Array;
  /** 1 for branches that go on with the next instruction as well. */
  readonly #both: Uint8Array;
  readonly #sets: (CharacterSet | null)[];
  /** By instruction and ASCII character: 1 when its set has the character. */
  readonly #ascii: Uint8Array;
  readonly #anchors: (Anchor | null)[];
  /** By instruction: the round in which it was last reached, so that none is reached twice in a round. */
  readonly #reached: Uint32Array;
  /** The instructions that wait for a character, in its first places. */
  readonly #waiting: Uint16Array;
  /** The instructions to look at; a branch adds two, and each is looked at once in a round. */
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

  /** Begins at `places`, which are instructions. */
  begin(places: ArrayLike<number>): void {
    for (let i = 0; i < places.length; i++) this.#open[i] = places[i] ?? 0;
    this.#opened = places.length;
  }

  /** Takes the character `code`, which follows `before`. False when no way goes on. */
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

  /** True when the text may end here. Nothing may be taken after it. */
  accepts(before: number): boolean {
    this.#reach(before, noCharacter);
    return this.#accepted;
  }

  /** The instructions at which it stands now, in order. */
  places(): Uint16Array {
    return this.#open.slice(0, this.#opened).sort();
  }

  /** Goes on from the open instructions, between two characters, to those that wait for one; gives their number. */
  #reach(before: number, after: number): number {
    const [kinds, reached, open] = [this.#kinds, this.#reached, this.#open];
    // The number of a round has 32 bits.
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
