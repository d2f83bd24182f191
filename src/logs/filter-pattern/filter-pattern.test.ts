import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFilterPattern } from "./filter-pattern.ts";
import { FilterPatternError } from "./filter-pattern-error.ts";

/** Each pattern with messages that match it, and messages that do not. */
type Row = readonly [pattern: string, matching: readonly string[], others: readonly string[]];

function check(rows: readonly Row[]): void {
  for (const [pattern, matching, others] of rows) {
    const matches = parseFilterPattern(pattern);
    for (const message of matching) assert.equal(matches(message), true, `${pattern} on ${message}`);
    for (const message of others) assert.equal(matches(message), false, `${pattern} on ${message}`);
  }
}

test("terms: all plain ones, none with a minus, any of those with a question mark", () => {
  check([
    ["", ["", "anything"], []],
    ["  ", ["anything"], []],
    ["order", ["order 17 paid", "reordered"], ["Order 17", ""]],
    ["order paid", ["paid: order 17"], ["order 17", "paid"]],
    ['"order 17"', ["the order 17 is paid"], ["order  17", "order 1 7"]],
    ['"say \\"hi\\""', ['they say "hi"'], ["they say hi"]],
    ["?late ?lost", ["late", "lost", "lost and late"], ["on time"]],
    ["-debug", ["info x", ""], ["a debug line"]],
    ["order -debug", ["order 1"], ["order 1 debug", "info"]],
    ['-"not found" GET', ["GET / 200"], ["GET / not found", "POST /"]],
    // AWS: among other terms, those with a question mark do not count.
    ["order ?late ?lost", ["order on time"], ["late"]],
    ["größe", ["die größe"], ["die grosse"]],
    ["a_1", ["a_1"], ["a1"]],
  ]);
});

test("regular expressions are found anywhere, and may stand among terms", () => {
  check([
    ["%5\\d\\d%", ["status 503!"], ["status 403"]],
    ["%^order%", ["order 1"], ["an order"]],
    ["%paid$%", ["order paid"], ["paid order"]],
    ["%la[st]e|lo{2}p%", ["lase", "loop"], ["lap", "lop"]],
    ["%a.c% order", ["abc order"], ["abc", "ac order", "a\nc order"]],
    ["-%time-?out%", ["fine"], ["timeout", "a time-out"]],
    ["%\\x41b%", ["Ab"], ["ab"]],
    ["%o+k%", ["line one\nook"], ["line one\nkay"]],
  ]);
});

test("JSON: comparisons, wildcards, existence, arrays, and and or", () => {
  check([
    ['{ $.level = "error" }', ['{"level":"error"}'], ['{"level":"errors"}', '{"level":null}', "error", "{}", "{bad"]],
    ["{ $.level = error }", ['{"level":"error"}'], ['{"level":"info"}']],
    ["{$.level=err*}", ['{"level":"error"}'], ['{"level":"an error"}']],
    ['{ $.path = "/api/*/items*" }', ['{"path":"/api/7/items?x"}'], ['{"path":"/api/items"}']],
    ["{ $.ip != 10.0.* }", ['{"ip":"11.0.0.1"}'], ['{"ip":"10.0.0.1"}', "{}"]],
    ["{ $.n = 5 }", ['{"n":5}', '{"n":5.0}', '{"n":"5"}'], ['{"n":55}', '{"n":true}']],
    ["{ $.n = 4* }", ['{"n":404}'], ['{"n":504}']],
    ["{ $.n >= 5 }", ['{"n":5}', '{"n":1e3}'], ['{"n":4.9}', '{"n":"6"}', '{"n":null}']],
    ["{ $.n < -1.5e2 }", ['{"n":-151}'], ['{"n":-150}']],
    ["{ $.x IS NULL }", ['{"x":null}'], ["{}", '{"x":0}']],
    ["{ $.x NOT EXISTS }", ["{}", '{"y":1}'], ['{"x":null}']],
    ["{ $.x EXISTS }", ['{"x":null}'], ["{}"]],
    ['{ $.x = "*" }', ['{"x":1}', '{"x":"a"}', '{"x":{}}'], ["{}"]],
    ["{ $.x IS TRUE }", ['{"x":true}'], ['{"x":"true"}', '{"x":false}', "{}"]],
    ["{ $.x IS FALSE }", ['{"x":false}'], ["{}", '{"x":0}']],
    ["{ $.a.b[1].c = 2 }", ['{"a":{"b":[{"c":1},{"c":2}]}}'], ['{"a":{"b":[{"c":2}]}}', '{"a":{"b":{"1":{"c":2}}}}']],
    ["{ $.a[*].c = 2 }", ['{"a":[{"c":1},{"c":2}]}'], ['{"a":[]}', '{"a":[{"c":1}]}']],
    ["{ $.a.* = 2 }", ['{"a":{"x":2}}'], ['{"a":{"x":3}}']],
    ["{ $['log.level'] = warn }", ['{"log.level":"warn"}'], ['{"log":{"level":"warn"}}']],
    ['{ $.["a b"] = 1 }', ['{"a b":1}'], ["{}"]],
    ["{ $.user-id = 7 }", ['{"user-id":7}'], ['{"user":7}']],
    ["{ $.a = 1 && $.b = 2 || $.c = 3 }", ['{"a":1,"b":2}', '{"c":3}'], ['{"a":1}', '{"b":2}']],
    ["{ $.a = 1 && ($.b = 2 || $.c = 3) }", ['{"a":1,"c":3}'], ['{"c":3}', '{"a":1}']],
    ["{ ($.a = 1) && ($.b != 2) }", ['{"a":1,"b":3}'], ['{"a":1,"b":2}']],
    ["{ $.m = %time[ -]?out% }", ['{"m":"a timeout"}', '{"m":"time out"}'], ['{"m":"time"}', '{"n":"timeout"}']],
    ["{ $[0] = 1 }", ["[1,2]"], ["[2]", "{}"]],
    ["{ $.__proto__ NOT EXISTS }", ["{}"], []],
  ]);
});

test("fields: names, conditions, empty places, and three dots for any number of fields", () => {
  const line = '10.0.0.7 - ann [28/Nov/2026:15:40:00 +0000] "GET /a.html HTTP/1.1" 404 1534';
  const other = '10.0.0.8 - bob [28/Nov/2026:15:40:01 +0000] "PUT /b HTTP/1.1" 200 20';
  check([
    ["[ip, id, user, time, request, status, bytes]", [line, other], ["only three words"]],
    ["[ip, id, user, time, request, status = 4*, bytes]", [line], [other]],
    ["[ip, id, user, time, request = *.html*, status, bytes]", [line], [other]],
    ["[..., status = 404, bytes > 1000]", [line, "404 1001"], [other, "404", "404 1000"]],
    ["[ip = 10.0.0.7, ...]", [line, "10.0.0.7"], [other]],
    ["[ip = 10.*, ..., bytes <= 20]", [other], [line]],
    ["[..., status = 4* && status != 403, bytes]", [line], [other, "403 1"]],
    ["[level = WARN || level = ERROR, ...]", ["WARN x", "ERROR"], ["INFO WARN"]],
    ["[(w1 = A || w1 = %^B%), w2]", ["A x", "BC x"], ["C x", "A"]],
    ['[w1 = "A", , w3]', ["A b c"], ["A b"]],
    ["[, status = 200]", ["x 200"], ["200 x"]],
    ["[time = %15:4\\d%, ...]", ["[at 15:40] x", '"15:41"'], ["15:30"]],
    ["[...]", ["", "a b c"], []],
  ]);
});

test("what is not a filter pattern is refused, with the reason", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["request-id", /Invalid character\(s\) in term 'request-id'/],
    ["a.b", /Invalid character\(s\) in term 'a\.b'/],
    ['"open', /without its second one/],
    ['"a"b', /Expected a space/],
    ["%a", /without a closing/],
    ["%%", /empty/],
    ["%(a)%", /Invalid character\(s\) in the regular expression/],
    ["%a!%", /Invalid character/],
    ["%é%", /Invalid character/],
    ["%\\ba%", /Invalid character/],
    ["%a% %b% %c%", /at most 2 regular expressions/],
    ["%a{1000}%", /too large/],
    ["{ $.a }", /Expected one of = !=/],
    ["{ a = 1 }", /selector/],
    ["{ $ = 1 }", /name/],
    ["{ $.a = }", /Expected a value/],
    ["{ $.a = 1", /"}"/],
    ["{ $.a = 1 } x", /nothing after/],
    ["{ $.a > x }", /Expected a number/],
    ["{ ($.a = 1 }", /"\(" without/],
    ["{ $.a[x] = 1 }", /index/],
    [`{ ${"(".repeat(40)}$.a = 1${")".repeat(40)} }`, /nested more than 32/],
    ["[a, b", /"," or "]"/],
    ["[..., a, ...]", /at most one/],
    ["[a = 1 && b = 2]", /A condition on b where the field is a/],
    ["[a] b", /nothing after/],
    ["x".repeat(1_025), /at most 1024 characters/],
  ];
  for (const [pattern, reason] of refused) {
    assert.throws(
      () => parseFilterPattern(pattern),
      (error: Error) => error instanceof FilterPatternError && reason.test(error.message),
      pattern,
    );
  }
});

test("any text is a pattern or a FilterPatternError", () => {
  const alphabet = fc.constantFrom(..."ab1 \"%?-{}[]()$.*=!<>&|,\\'~", "IS NULL", "...", "$.a", "&&", "||");
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 24 }), fc.string(), (parts, message) => {
      try {
        assert.equal(typeof parseFilterPattern(parts.join(""))(message), "boolean");
      } catch (error) {
        assert.ok(error instanceof FilterPatternError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a megabyte of the worst text takes each kind of pattern time that grows with its length only", () => {
  const worst = ["[ ".repeat(500_000), '" ['.repeat(300_000), "a".repeat(1_000_000), "{".repeat(1_000_000)];
  const patterns = ["[..., x = 1]", "%a*a*b|[ab]{8}c%", '{ $.x = "*a*b*" }', "-b a", '[x = "*a*a*b", ...]'];
  for (const pattern of patterns) {
    const matches = parseFilterPattern(pattern);
    for (const message of worst) assert.equal(typeof matches(message), "boolean");
  }
});
