/** Characters (code points) as inclusive ranges. */
export type CharacterSet = readonly (readonly [number, number])[];

const lastCodePoint = 0x10_ffff;
const [upperA, upperZ, lowerA, lowerZ] = [65, 90, 97, 122];
const caseDistance = lowerA - upperA;

const digits: CharacterSet = [[48, 57]];
const wordCharacters: CharacterSet = [...digits, [upperA, upperZ], [95, 95], [lowerA, lowerZ]];
const spaces: CharacterSet = [
  [9, 13],
  [32, 32],
];
// Java: what `.` does not match.
const lineTerminators: CharacterSet = [
  [10, 10],
  [13, 13],
  [0x85, 0x85],
  [0x2028, 0x2029],
];

export const anyCharacter: CharacterSet = complement(lineTerminators);

/** The sets of escapes such as `\d`. Java: ASCII only. */
export const namedSets: ReadonlyMap<string, CharacterSet> = new Map([
  ["d", digits],
  ["D", complement(digits)],
  ["w", wordCharacters],
  ["W", complement(wordCharacters)],
  ["s", spaces],
  ["S", complement(spaces)],
]);

/** Every character that isn't in `set`. */
export function complement(set: CharacterSet): CharacterSet {
  const found: [number, number][] = [];
  let next = 0;
  for (const [low, high] of set.toSorted(([a], [b]) => a - b)) {
    if (low > next) found.push([next, low - 1]);
    next = Math.max(next, high + 1);
  }
  if (next <= lastCodePoint) found.push([next, lastCodePoint]);
  return found;
}

/** `set` plus the other case of its ASCII letters. */
export function bothCases(set: CharacterSet): CharacterSet {
  return set.flatMap(([low, high]) => [
    [low, high] as const,
    ...overlap(low, high, upperA, upperZ, caseDistance),
    ...overlap(low, high, lowerA, lowerZ, -caseDistance),
  ]);
}

function overlap(low: number, high: number, from: number, to: number, shift: number): CharacterSet {
  const [first, last] = [Math.max(low, from), Math.min(high, to)];
  return first > last ? [] : [[first + shift, last + shift]];
}

export function contains(set: CharacterSet, code: number): boolean {
  for (const [low, high] of set) if (code >= low && code <= high) return true;
  return false;
}

/** True for the characters that `\b` treats as part of a word. */
export const isWordCharacter = (code: number): boolean => contains(wordCharacters, code);
