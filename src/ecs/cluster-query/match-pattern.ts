// A regular expression becomes a list of instructions. A text follows all alternatives at once, one character at a time, without
// backtracking. The work for a text is at most its length times the number of instructions, whatever the pattern.
import { assert } from "../../lib/assert.ts";
import type { Pattern } from "./parse-pattern.ts";
import { PatternAutomaton } from "./pattern-automaton.ts";
import type { Instruction } from "./pattern-walk.ts";

/** How many instructions a pattern needs. Counted before any is created, because `{n}` nests. */
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
  // An empty part counts too, because creating it takes time.
  const always = min * Math.max(part, 1);
  return always + (max === null ? part + 2 : (max - min) * (part + 1));
}

/** Compiles the pattern into a matcher of whole texts. */
export function patternMatcher(pattern: Pattern): PatternAutomaton {
  const instructions: Instruction[] = [];
  emit(pattern, instructions);
  assert(instructions.length <= patternStates(pattern), "a pattern takes no more than was counted");
  instructions.push({ kind: "accept" });
  return new PatternAutomaton(instructions);
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
