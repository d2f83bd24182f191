// A regular expression becomes a list of instructions, and a text walks through all ways at once, one character at a time: the
// work for a text is at most its length times the number of instructions, whatever the pattern. No way is ever tried again.
import { assert } from "../../lib/assert.ts";
import { type CharacterSet, contains, isWordCharacter } from "./character-set.ts";
import type { Anchor, Pattern } from "./parse-pattern.ts";
import { queryLimits } from "./query-limits.ts";

type Instruction =
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  /** Goes on with the next instruction and with `to` (`both`), or with `to` alone. */
  | { readonly kind: "branch"; readonly both: boolean; to: number }
  | { readonly kind: "accept" };

/** How many instructions a pattern needs; counted before they are made, since `{n}` nests. */
export function patternStates(pattern: Pattern): number {
  switch (pattern.kind) {
    case "character":
    case "anchor":
      return 1;
    case "sequence":
      return pattern.parts.reduce((sum, part) => sum + patternStates(part), 0);
    case "choice":
      return pattern.parts.reduce((sum, part) => sum + patternStates(part) + 2, -2);
    case "repeat":
      return repeatStates(patternStates(pattern.part), pattern.min, pattern.max);
  }
}

function repeatStates(part: number, min: number, max: number | null): number {
  // What is empty counts all the same: making it takes time.
  const always = min * Math.max(part, 1);
  return always + (max === null ? part + 2 : (max - min) * (part + 1));
}

/** A function that tells whether the whole of a text matches the pattern. It remembers a bounded number of answers. */
export function patternMatcher(pattern: Pattern): (text: string) => boolean {
  const instructions: Instruction[] = [];
  emit(pattern, instructions);
  assert(instructions.length <= patternStates(pattern), "a pattern takes no more than was counted");
  instructions.push({ kind: "accept" });
  const walk = new Walk(instructions);
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = walk.matches(text);
    if (answers.size >= queryLimits.answersPerPattern) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}

function emit(pattern: Pattern, into: Instruction[]): void {
  switch (pattern.kind) {
    case "character":
    case "anchor":
      into.push(pattern);
      return;
    case "sequence":
      for (const part of pattern.parts) emit(part, into);
      return;
    case "choice":
      emitChoice(pattern.parts, into);
      return;
    case "repeat":
      emitRepeat(pattern.part, pattern.min, pattern.max, into);
  }
}

function emitChoice(parts: readonly Pattern[], into: Instruction[]): void {
  const exits: { to: number }[] = [];
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1) {
      emit(part, into);
      break;
    }
    const fork = { kind: "branch" as const, both: true, to: 0 };
    const exit = { kind: "branch" as const, both: false, to: 0 };
    into.push(fork);
    emit(part, into);
    into.push(exit);
    exits.push(exit);
    fork.to = into.length;
  }
  for (const exit of exits) exit.to = into.length;
}

function emitRepeat(part: Pattern, min: number, max: number | null, into: Instruction[]): void {
  for (let i = 0; i < min; i++) emit(part, into);
  if (max === null) {
    const fork = { kind: "branch" as const, both: true, to: 0 };
    const start = into.length;
    into.push(fork);
    emit(part, into);
    into.push({ kind: "branch", both: false, to: start });
    fork.to = into.length;
    return;
  }
  const exits: { to: number }[] = [];
  for (let i = min; i < max; i++) {
    const fork = { kind: "branch" as const, both: true, to: 0 };
    into.push(fork);
    exits.push(fork);
    emit(part, into);
  }
  for (const exit of exits) exit.to = into.length;
}

const accept = 0;
const character = 1;
const anchor = 2;
const branch = 3;
const asciiCharacters = 128;

/** A text's way through the instructions. They are kept as numbers in rows, since this is what a slow pattern spends its time on. */
class Walk {
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

  matches(text: string): boolean {
    this.#reached.fill(0);
    this.#round = 0;
    let before = -1;
    let here = text.codePointAt(0) ?? -1;
    let at = here > 0xffff ? 2 : 1;
    this.#open[0] = 0;
    let waiting = this.#reach(1, before, here);
    while (here >= 0) {
      const passed = this.#pass(waiting, here);
      if (passed === 0) return false;
      before = here;
      here = text.codePointAt(at) ?? -1;
      at += here > 0xffff ? 2 : 1;
      waiting = this.#reach(passed, before, here);
    }
    return this.#accepted;
  }

  /** Opens what follows the waiting instructions that take the character `code`; gives their number. */
  #pass(waiting: number, code: number): number {
    let passed = 0;
    for (let i = 0; i < waiting; i++) {
      const place = this.#waiting[i] ?? 0;
      const taken =
        code < asciiCharacters
          ? this.#ascii[place * asciiCharacters + code] === 1
          : contains(this.#sets[place] ?? [], code);
      if (taken) this.#open[passed++] = place + 1;
    }
    return passed;
  }

  /** Goes on from the first `count` open instructions, between two characters, to those that wait for one; gives their number. */
  #reach(count: number, before: number, after: number): number {
    const [kinds, reached, open] = [this.#kinds, this.#reached, this.#open];
    const round = ++this.#round;
    this.#accepted = false;
    let waiting = 0;
    for (let left = count; left > 0; ) {
      const place = open[--left] ?? 0;
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
    return waiting;
  }
}

/** Whether the anchor holds between two characters; -1 stands for the ends of the text. */
function anchorHolds(kind: Anchor, before: number, after: number): boolean {
  if (kind === "start") return before < 0;
  if (kind === "end") return after < 0;
  return (isWordCharacter(before) !== isWordCharacter(after)) === (kind === "boundary");
}
