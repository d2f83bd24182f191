// A regular expression becomes a list of instructions, and a text walks through all ways at once, one character at a time: the
// work for a text is at most its length times the number of instructions, whatever the pattern. No way is ever tried again.
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
      return pattern.parts.reduce((sum, part) => sum + patternStates(part) + 2, 0);
    case "repeat":
      return Math.max(pattern.min + 1, pattern.max ?? 0) * (patternStates(pattern.part) + 2);
  }
}

/** A function that tells whether the whole of a text matches the pattern. It remembers a bounded number of answers. */
export function patternMatcher(pattern: Pattern): (text: string) => boolean {
  const instructions: Instruction[] = [];
  emit(pattern, instructions);
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

/** A text's way through the instructions. */
class Walk {
  readonly #instructions: readonly Instruction[];
  /** By instruction: the round in which it was last reached, so that none is reached twice in a round. */
  readonly #reached: Uint32Array;
  readonly #open: number[] = [];
  #round = 0;
  #accepted = false;

  constructor(instructions: readonly Instruction[]) {
    this.#instructions = instructions;
    this.#reached = new Uint32Array(instructions.length);
  }

  matches(text: string): boolean {
    this.#reached.fill(0);
    this.#round = 0;
    let before = -1;
    let here = text.codePointAt(0) ?? -1;
    let at = here > 0xffff ? 2 : 1;
    let waiting = this.#reach([0], before, here);
    while (here >= 0) {
      const passed: number[] = [];
      for (const place of waiting) {
        const instruction = this.#instructions[place];
        if (instruction?.kind === "character" && contains(instruction.set, here)) passed.push(place + 1);
      }
      if (passed.length === 0) return false;
      before = here;
      here = text.codePointAt(at) ?? -1;
      at += here > 0xffff ? 2 : 1;
      waiting = this.#reach(passed, before, here);
    }
    return this.#accepted;
  }

  /** The instructions that wait for a character, reached from `places` between the characters `before` and `after`. */
  #reach(places: readonly number[], before: number, after: number): number[] {
    this.#round += 1;
    this.#accepted = false;
    const waiting: number[] = [];
    const open = this.#open;
    open.push(...places);
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (this.#reached[place] === this.#round) continue;
      this.#reached[place] = this.#round;
      const instruction = this.#instructions[place];
      if (instruction?.kind === "character") waiting.push(place);
      else if (instruction?.kind === "accept") this.#accepted = true;
      else if (instruction?.kind === "anchor") {
        if (anchorHolds(instruction.anchor, before, after)) open.push(place + 1);
      } else if (instruction !== undefined) {
        open.push(instruction.to);
        if (instruction.both) open.push(place + 1);
      }
    }
    return waiting;
  }
}

/** Whether the anchor holds between two characters; -1 stands for the ends of the text. */
function anchorHolds(anchor: Anchor, before: number, after: number): boolean {
  if (anchor === "start") return before < 0;
  if (anchor === "end") return after < 0;
  return (isWordCharacter(before) !== isWordCharacter(after)) === (anchor === "boundary");
}
