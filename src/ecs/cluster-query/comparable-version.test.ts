import assert from "node:assert/strict";
import { test } from "node:test";
import { comparableVersion, compareVersions } from "./comparable-version.ts";

test("versions are ordered by their numbers, not by their letters", () => {
  const inOrder = ["0.9", "1.9.9", "1.10.0-rc1", "1.10.0-rc2", "1.10.0", "1.10.1", "1.97.0", "1.100.0", "2"];
  const versions = inOrder.map((text) => comparableVersion(text));
  for (const [i, a] of versions.entries()) {
    for (const [j, b] of versions.entries()) {
      assert.ok(a !== null && b !== null);
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${inOrder[i]} and ${inOrder[j]}`);
    }
  }
});

test("a version may leave out zeros, begin with v and have build metadata", () => {
  for (const [one, other] of [
    ["1.14", "1.14.0"],
    ["v1.14.5", "1.14.5"],
    ["1.14.5+abc", "1.14.5"],
  ] as const) {
    const [a, b] = [comparableVersion(one), comparableVersion(other)];
    assert.ok(a !== null && b !== null);
    assert.equal(compareVersions(a, b), 0);
  }
});

test("invalid versions are null", () => {
  for (const text of ["", "v", "latest", "1.", "1..2", ".1", "1.x", "1 2", "1".repeat(10)]) {
    assert.equal(comparableVersion(text), null, text);
  }
});
