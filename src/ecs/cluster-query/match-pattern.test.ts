// Compares the matcher with JavaScript's where both pattern languages agree, and tries patterns that make JavaScript's slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { patternMatcher, patternStates } from "./match-pattern.ts";
import { parsePattern } from "./parse-pattern.ts";
import { QueryError } from "./query-error.ts";

const matches = (pattern: string, text: string): boolean => patternMatcher(parsePattern(pattern)).matches(text);

const atoms = fc.constantFrom(
  ..."abcA1-_".split(""),
  ...[
    ".",
    "\\d",
    "\\w",
    "\\S",
    "\\W",
    "\\.",
    "\\-",
    "[ab]",
    "[^a]",
    "[a-c1]",
    "[^\\d-]",
    "[\\w.]",
    "^",
    "$",
    "\\b",
    "\\B",
  ],
);
const quantifiers = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "??", "{1,2}?");
const { pattern: patterns } = fc.letrec<{ pattern: string; sequence: string; item: string }>((tie) => ({
  pattern: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((all) => all.join("|")),
  sequence: fc.array(tie("item"), { maxLength: 4 }).map((all) => all.join("")),
  item: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc
      .tuple(atoms, quantifiers)
      .map(([atom, quantifier]) => (/^(\^|\$|\\b|\\B)$/.test(atom) ? atom : atom + quantifier)),
    fc
      .tuple(fc.constantFrom("(", "(?:", "(?<n>"), tie("pattern"), quantifiers)
      .map(([open, inner, quantifier]) => `${open}${inner})${quantifier}`),
  ),
}));
const texts = fc.string({ unit: fc.constantFrom(..."abcA1-._ ö\n😀"), maxLength: 6 });

test("a pattern matches the same whole texts as in JavaScript", () => {
  const random = fc.property(patterns, fc.array(texts, { minLength: 5, maxLength: 5 }), (pattern, values) => {
    const one = pattern.replaceAll("?<n>", "?:");
    const expected = new RegExp(`^(?:${one.replaceAll("\\-", "[-]").replaceAll("[^\\d-]", "[^\\d\\-]")})$`, "u");
    const matcher = patternMatcher(parsePattern(pattern));
    for (const value of values) assert.equal(matcher.matches(value), expected.test(value), `${pattern} on ${value}`);
  });
  fc.assert(random, { numRuns: 500 });
});

test("a pattern with more states than the cache holds matches the same as in JavaScript", () => {
  const manyStates = fc.constantFrom("(a|b)*a(a|b){12}", ".*a.{9}(b|ab).*", "(.*a){6}b?", "(?i)(a|b)*B\\b.{10}");
  const long = fc.string({ unit: fc.constantFrom("a", "b", "b", " "), minLength: 10, maxLength: 60 });
  const random = fc.property(manyStates, fc.array(long, { minLength: 40, maxLength: 40 }), (pattern, values) => {
    const [flags, body] = pattern.startsWith("(?i)") ? ["i", pattern.slice(4)] : ["", pattern];
    const expected = new RegExp(`^(?:${body})$`, flags);
    const matcher = patternMatcher(parsePattern(pattern));
    for (const value of values) assert.equal(matcher.matches(value), expected.test(value), `${pattern} on ${value}`);
  });
  fc.assert(random, { numRuns: 40 });
});

test("a text like earlier ones costs one lookup per character, and the worst one its length times the states", () => {
  const types = patternMatcher(parsePattern("(m5|c5|r5)\\.(large|x?large|[248]xlarge)"));
  for (const type of ["m5.xlarge", "c5.large", "r5.8xlarge"]) types.matches(type);
  const before = types.steps;
  assert.equal(types.matches("m5.8xlarge"), true);
  assert.equal(types.steps - before, "m5.8xlarge".length + 1);

  const worst = patternMatcher(parsePattern(".*a.{110}c.*"));
  const text = Array.from({ length: 128 }, (_, at) => ((at * at) % 7 < 3 ? "a" : "b")).join("");
  worst.matches(text);
  assert.ok(worst.steps <= 128 * 2 * (patternStates(parsePattern(".*a.{110}c.*")) + 1), `${worst.steps} steps`);
});

test("a text generated from a pattern matches it", () => {
  const literal = fc.string({ unit: fc.constantFrom(..."ab.[(*+?{\\^$|)]}-") });
  const escaped = (text: string) => text.replace(/[^a-z]/g, "\\$&");
  fc.assert(fc.property(literal, literal, (a, b) => matches(`${escaped(a)}.*${escaped(b)}`, `${a}anything${b}`)));
  fc.assert(fc.property(literal, (a) => matches(`\\Q${a}\\E`, a) || a.includes("\\")));
});

test("Java's extensions to JavaScript's patterns work", () => {
  const cases: [string, string, boolean][] = [
    ["(?i)M5\\.[A-C]x", "m5.bX", true],
    ["(?i)[^a]", "A", false],
    ["(?i)[^a]", "b", true],
    ["M5", "m5", false],
    ["\\Qa.b\\E+", "a.bb", true],
    ["\\Qa.b", "axb", false],
    ["\\x41\\u0042\\t", "AB\t", true],
    ["\\A\\w+\\z", "abc", true],
    [".", "\u0085", false],
    ["[a\\]]+", "a]a", true],
    ["a]b}", "a]b}", true],
    ["[-a]+", "a-", true],
    ["", "", true],
    ["", "a", false],
    ["a|", "", true],
    ["(a*)*", "aaaa", true],
    ["(a|b|)*c", "abac", true],
    ["x{0}", "", true],
    ["x{3,5}", "xx", false],
    ["t2.*", "xt2.micro", false],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(matches(pattern, text), expected, `${pattern} on ${text}`);
});

test("invalid patterns, and those that can't be matched in one pass, are refused with name and position", () => {
  const cases: [string, string, number][] = [
    ["a(b", '"(" without ")" in the pattern', 1],
    ["ab)", '")" without "(" in the pattern', 2],
    ["a[b", '"[" without "]" in the pattern', 1],
    ["a[b-", '"[" without "]" in the pattern', 2],
    ["a[]", 'An empty "[]"', 1],
    ["[b-a]", 'The pattern has an invalid range: "b-a"', 1],
    ["[a-\\d]", "The pattern has an invalid range", 1],
    ["[a[b]]", 'Patterns do not support "[" inside "[]"', 2],
    ["[a&&b]", 'Patterns do not support "&&" inside "[]"', 2],
    ["*a", '"*" repeats nothing', 0],
    ["a|+", '"+" repeats nothing', 2],
    ["a{", 'Expected "{n}"', 1],
    ["a{,2}", 'Expected "{n}"', 1],
    ["a{2,1}", "A repetition in the pattern has its larger number first", 1],
    ["a**", "The pattern has a quantifier after a quantifier", 2],
    ["a{2}{3}", "The pattern has a quantifier after a quantifier", 4],
    ["a++", 'Patterns do not support possessive quantifiers: "++"', 2],
    ["(a)\\1", 'Patterns do not support backreferences: "\\1"', 3],
    ["\\k<n>", "Patterns do not support backreferences", 0],
    ["\\p{L}", 'Patterns do not support "\\p"', 0],
    ["a(?=b)", 'Patterns do not support looking ahead: "(?="', 1],
    ["(?<!a)b", 'Patterns do not support looking behind: "(?<!"', 0],
    ["(?>a)", "Patterns do not support a group that is not tried again", 0],
    ["a(?i)b", 'Patterns support no flags but "(?i)"', 1],
    ["a\\", "The pattern ends in a backslash", 1],
    ["(".repeat(40), "The pattern is nested more than 32 levels deep", 33],
  ];
  for (const [pattern, message, position] of cases) {
    assert.throws(
      () => parsePattern(pattern, 100),
      (error) => error instanceof QueryError && error.message.startsWith(message) && error.position === 100 + position,
      `${pattern}: ${message}`,
    );
  }
});

test("the size of a pattern is known before it is compiled, however often it repeats", () => {
  assert.equal(patternStates(parsePattern("ab")), 2);
  assert.equal(patternStates(parsePattern("a|b|c")), 7);
  assert.equal(patternStates(parsePattern("a{2,4}b*")), 2 + 4 + 3);
  assert.ok(patternStates(parsePattern("((a{1000}){1000}){1000}")) > 1e8);
  assert.ok(patternStates(parsePattern("(){999999999}")) > 1e5, "nothing, very often");
  assert.ok(patternStates(parsePattern(`a{${"9".repeat(400)}}`)) > 1e5);
});

test("patterns that take other engines forever are answered at once", () => {
  const text = `${"a".repeat(127)}!`;
  const before = performance.now();
  for (const pattern of ["(a+)+", "(a|aa)+", "(a|a?)+", "(.*a){10}", "(a*)*b", ".*.*.*.*.*=", "(a?){100}a{27}"]) {
    assert.equal(matches(pattern, text), false, pattern);
  }
  // The work is a few hundred thousand steps; trying an alternative twice would double it with every character.
  assert.ok(performance.now() - before < 2_000);
});
