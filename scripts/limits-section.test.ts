import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsInSource, reasonsOfTable, withLimits } from "./limits-section.ts";

test("a LIMIT comment is read with the constant that follows, over one line or more", () => {
  const source = [
    "/** LIMIT: short. */",
    "const callsMax = 1_000;",
    "",
    "// LIMIT: a longer reason,",
    "// on two lines.",
    "export const waitMs = 5 * 60_000;",
    "",
    "  // LIMIT: inside a function.",
    "  if (calls.length > 32) return;",
  ].join("\n");
  assert.deepEqual(limitsInSource(source, "src/a.ts"), [
    { name: "callsMax", value: "1,000", reason: "short.", file: "src/a.ts" },
    { name: "waitMs", value: "300,000", reason: "a longer reason, on two lines.", file: "src/a.ts" },
    { name: "", value: "", reason: "inside a function.", file: "src/a.ts" },
  ]);
});

test("only what is between the markers is replaced", () => {
  const begin = "<!-- limits: made by scripts/generate.ts, do not edit -->";
  const page = withLimits(`before\n${begin}\nold\n<!-- end of limits -->\nafter\n`);
  assert.match(page, /^before\n/);
  assert.match(page, /\nafter\n$/);
  assert.doesNotMatch(page, /\nold\n/);
  assert.match(page, /\| `tasksPerRunTask` \| 10 \| AWS: /);
  assert.equal(withLimits(page), page);
});

test("a page without the markers is refused", () => {
  assert.throws(() => withLimits("nothing here"), /lacks the lines/);
});

test("a doc comment is for the member below it, a line comment for its group", () => {
  const source = [
    "/** The table. */",
    "export const limits = {",
    "  // AWS: quotas.",
    "  a: 1,",
    "  /** LIMIT: enough. */",
    "  b: 2,",
    "  c: 3,",
    "  // Others.",
    "  d: 4,",
    "  /**",
    "   * LIMIT: a reason",
    "   * on two lines.",
    "   */",
    "  e: 5,",
  ].join("\n");
  assert.deepEqual(
    [...reasonsOfTable(source)],
    [
      ["a", "AWS: quotas."],
      ["b", "enough."],
      ["c", "AWS: quotas."],
      ["d", "Others."],
      ["e", "a reason on two lines."],
    ],
  );
});
