import { anyCharacter, bothCases, type CharacterSet, complement, namedSets } from "./character-set.ts";
import { Cursor } from "./cursor.ts";
import { queryLimits } from "./query-limits.ts";

/** The conditions on a position between two characters. */
export type Anchor = "start" | "end" | "boundary" | "no-boundary";

/** The syntax tree of a regular expression. */
export type Pattern =
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Pattern[] }
  | { readonly kind: "repeat"; readonly part: Pattern; readonly min: number; readonly max: number | null };

type Reading = { readonly cursor: Cursor; readonly ignoreCase: boolean };

/**
 * Parses a regular expression in Java's syntax, which begins at `offset` of the caller's text. Throws QueryError for what Java refuses and,
 * with its name, for what Berth doesn't support.
 * DIFFERS: patterns have no backreferences, lookahead or lookbehind, no possessive quantifiers, no flags except a leading `(?i)`, no `\p{...}`, no `&&` and no nested classes; the first three can't be matched in one pass over the value, and a pattern that takes exponential time would stop the cluster.
 */
export function parsePattern(text: string, offset = 0): Pattern {
  const cursor = new Cursor(text, offset);
  const ignoreCase = cursor.takes("(?i)");
  const pattern = choice({ cursor, ignoreCase }, 0);
  if (!cursor.ended) cursor.fail('")" without "(" in the pattern');
  return pattern;
}

function choice(reading: Reading, depth: number): Pattern {
  const { cursor } = reading;
  if (depth > queryLimits.nestingDepth) {
    cursor.fail(`The pattern is nested more than ${queryLimits.nestingDepth} levels deep`);
  }
  const parts = [sequence(reading, depth)];
  while (cursor.takes("|")) parts.push(sequence(reading, depth));
  return parts.length === 1 ? (parts[0] as Pattern) : { kind: "choice", parts };
}

function sequence(reading: Reading, depth: number): Pattern {
  const { cursor } = reading;
  const parts: Pattern[] = [];
  while (!cursor.ended && !cursor.sees("|") && !cursor.sees(")")) {
    if (cursor.takes("\\Q")) parts.push(...quoted(reading));
    else parts.push(quantified(cursor, atom(reading, depth)));
  }
  return parts.length === 1 ? (parts[0] as Pattern) : { kind: "sequence", parts };
}

function atom(reading: Reading, depth: number): Pattern {
  const { cursor } = reading;
  if (cursor.sees("*") || cursor.sees("+") || cursor.sees("?") || cursor.sees("{")) {
    cursor.fail(
      `"${cursor.text[cursor.at]}" repeats nothing in the pattern; put a backslash before it to match the character`,
    );
  }
  if (cursor.sees("(")) return group(reading, depth);
  if (cursor.sees("[")) return { kind: "character", set: characterClass(reading) };
  if (cursor.takes(".")) return { kind: "character", set: anyCharacter };
  if (cursor.takes("^")) return { kind: "anchor", anchor: "start" };
  if (cursor.takes("$")) return { kind: "anchor", anchor: "end" };
  if (cursor.sees("\\")) return escaped(reading);
  return characters(reading, single(cursor.takeCodePoint()));
}

const single = (code: number): CharacterSet => [[code, code]];

const characters = ({ ignoreCase }: Reading, set: CharacterSet): Pattern => ({
  kind: "character",
  set: ignoreCase ? bothCases(set) : set,
});

/** The unsupported groups that begin with `(?`, by their next characters. */
const refusedGroups: readonly (readonly [string, string])[] = [
  ["(?=", "looking ahead"],
  ["(?!", "looking ahead"],
  ["(?<=", "looking behind"],
  ["(?<!", "looking behind"],
  ["(?>", "a group that is not tried again"],
];

function group(reading: Reading, depth: number): Pattern {
  const { cursor } = reading;
  const start = cursor.at;
  const refused = refusedGroups.find(([opening]) => cursor.sees(opening));
  if (refused !== undefined) cursor.fail(`Patterns do not support ${refused[1]}: "${refused[0]}"`);
  // A group's name only matters to backreferences.
  const plain = cursor.takes("(?:") || cursor.takeAll(/\(\?<[A-Za-z][A-Za-z0-9]*>/y) !== "";
  if (!plain && cursor.sees("(?")) {
    cursor.fail('Patterns support no flags but "(?i)" at their beginning');
  }
  if (!plain) cursor.takes("(");
  const part = choice(reading, depth + 1);
  if (!cursor.takes(")")) cursor.fail('"(" without ")" in the pattern', start);
  return part;
}

function quoted(reading: Reading): Pattern[] {
  const { cursor } = reading;
  const parts: Pattern[] = [];
  while (!cursor.ended && !cursor.takes("\\E")) parts.push(characters(reading, single(cursor.takeCodePoint())));
  const last = parts.pop();
  return last === undefined ? [] : [...parts, quantified(cursor, last)];
}

function quantified(cursor: Cursor, part: Pattern): Pattern {
  const start = cursor.at;
  const range = repetitions(cursor);
  if (range === null) return part;
  if (cursor.sees("+"))
    cursor.fail(`Patterns do not support possessive quantifiers: "${cursor.text.slice(start, cursor.at)}+"`);
  // Whether a quantifier is greedy doesn't affect whether the whole value matches.
  cursor.takes("?");
  if (/[*+?{]/.test(cursor.text[cursor.at] ?? "")) cursor.fail("The pattern has a quantifier after a quantifier");
  return { kind: "repeat", part, ...range };
}

function repetitions(cursor: Cursor): { min: number; max: number | null } | null {
  if (cursor.takes("*")) return { min: 0, max: null };
  if (cursor.takes("+")) return { min: 1, max: null };
  if (cursor.takes("?")) return { min: 0, max: 1 };
  const start = cursor.at;
  if (!cursor.takes("{")) return null;
  const min = cursor.takeAll(/\d+/y);
  const comma = min !== "" && cursor.takes(",");
  const max = comma ? cursor.takeAll(/\d+/y) : min;
  if (min === "" || !cursor.takes("}")) {
    cursor.fail(
      'Expected "{n}", "{n,}" or "{n,m}" in the pattern; to mean the character, write a backslash before it',
      start,
    );
  }
  if (max !== "" && Number(max) < Number(min))
    cursor.fail("A repetition in the pattern has its larger number first", start);
  return { min: repetition(min), max: max === "" ? null : repetition(max) };
}

// LIMIT: far more than any pattern may repeat, and small enough to calculate with.
const repetitionsMax = 1_000_000;

const repetition = (digits: string): number => Math.min(Number(digits), repetitionsMax);

const anchors: ReadonlyMap<string, Anchor> = new Map([
  ["A", "start"],
  ["z", "end"],
  ["Z", "end"],
  ["b", "boundary"],
  ["B", "no-boundary"],
]);

function escaped(reading: Reading): Pattern {
  const { cursor } = reading;
  const anchor = anchors.get(cursor.text[cursor.at + 1] ?? "");
  if (anchor === undefined) return characters(reading, escapedSet(cursor));
  cursor.at += 2;
  return { kind: "anchor", anchor };
}

const controls: ReadonlyMap<string, number> = new Map([
  ["t", 9],
  ["n", 10],
  ["r", 13],
  ["f", 12],
  ["a", 7],
  ["e", 27],
]);

/** The characters that an escape matches. */
function escapedSet(cursor: Cursor): CharacterSet {
  const start = cursor.at;
  cursor.takes("\\");
  if (cursor.ended) cursor.fail("The pattern ends in a backslash", start);
  const hex = cursor.takeAll(/x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}/y);
  if (hex !== "") return single(Number.parseInt(hex.slice(1), 16));
  const code = cursor.takeCodePoint();
  const letter = String.fromCodePoint(code);
  const named = namedSets.get(letter);
  if (named !== undefined) return named;
  const control = controls.get(letter);
  if (control !== undefined) return single(control);
  if (/[1-9k]/.test(letter)) cursor.fail(`Patterns do not support backreferences: "\\${letter}"`, start);
  if (/[A-Za-z0]/.test(letter)) cursor.fail(`Patterns do not support "\\${letter}"`, start);
  return single(code);
}

function characterClass({ cursor, ignoreCase }: Reading): CharacterSet {
  const start = cursor.at;
  cursor.takes("[");
  const negated = cursor.takes("^");
  if (cursor.sees("]"))
    cursor.fail('An empty "[]" in the pattern; to mean the character, write a backslash before it', start);
  const ranges: (readonly [number, number])[] = [];
  while (!cursor.takes("]")) {
    if (cursor.ended) cursor.fail('"[" without "]" in the pattern', start);
    ranges.push(...classItem(cursor));
  }
  // Case first: the complement `[^a]` excludes both `a` and `A`.
  const set = ignoreCase ? bothCases(ranges) : ranges;
  return negated ? complement(set) : set;
}

function classItem(cursor: Cursor): CharacterSet {
  const start = cursor.at;
  const low = classCharacters(cursor);
  // A hyphen at the end of a class is literal.
  if (!cursor.sees("-") || cursor.sees("-]")) return low;
  cursor.takes("-");
  if (cursor.ended) cursor.fail('"[" without "]" in the pattern', start);
  const high = classCharacters(cursor);
  const [first, last] = [onlyOne(low), onlyOne(high)];
  if (first === null || last === null || first > last) {
    cursor.fail(`The pattern has an invalid range: "${cursor.text.slice(start, cursor.at)}"`, start);
  }
  return [[first, last]];
}

function classCharacters(cursor: Cursor): CharacterSet {
  if (cursor.sees("["))
    cursor.fail('Patterns do not support "[" inside "[]"; to mean the character, write a backslash before it');
  if (cursor.sees("&&")) cursor.fail('Patterns do not support "&&" inside "[]"');
  return cursor.sees("\\") ? escapedSet(cursor) : single(cursor.takeCodePoint());
}

/** The only character of a set, or null if the set has another size. */
function onlyOne(set: CharacterSet): number | null {
  const [first] = set;
  return set.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : null;
}
