import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SortedKeys } from "./sorted-keys.ts";

const inOrder = (keys: Iterable<string>) => [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

test("keys come in code-unit order, all or those after a key that needn't exist", () => {
  const keys = new SortedKeys();
  for (const key of ["b", "a", "Z", "é", "c"]) keys.add(key);
  assert.deepEqual(keys.after(null), ["Z", "a", "b", "c", "é"]);
  assert.deepEqual(keys.after("b"), ["c", "é"]);
  assert.deepEqual(keys.after("aa"), ["b", "c", "é"]);
  assert.deepEqual(keys.after("é"), []);
});

test("keys that come and go between two reads leave nothing behind, however many they are", () => {
  for (const count of [3, 40]) {
    const keys = new SortedKeys();
    const names = Array.from({ length: count }, (_, i) => `k${i}`);
    for (const name of names) keys.add(name);
    for (const name of names.slice(1)) keys.remove(name);
    assert.deepEqual(keys.after(null), ["k0"]);
    for (const name of names.slice(1)) keys.add(name);
    assert.deepEqual(keys.after(null), inOrder(names));
  }
});

/** Changes come in batches between two reads, because they are pending there. */
const batches = (size: number) =>
  fc.array(fc.array(fc.record({ key: fc.nat(59), adds: fc.boolean() }), { maxLength: size }), { maxLength: 8 });

for (const size of [5, 150]) {
  test(`always what a sorted set would be, in batches of up to ${size}`, () => {
    fc.assert(
      fc.property(batches(size), (sequence) => {
        const keys = new SortedKeys();
        const expected = new Set<string>();
        for (const batch of sequence) {
          for (const { key, adds } of batch) {
            const name = `k${key}`;
            if (adds && !expected.has(name)) {
              keys.add(name);
              expected.add(name);
            } else if (!adds && expected.delete(name)) keys.remove(name);
          }
          assert.deepEqual(keys.after(null), inOrder(expected));
          assert.deepEqual(
            keys.after("k15"),
            inOrder(expected).filter((key) => key > "k15"),
          );
        }
      }),
    );
  });
}

test("thousands of keys are sorted, in whatever order they were added", () => {
  const keys = new SortedKeys();
  const names = Array.from({ length: 10_000 }, (_, at) => `k${(at * 7_919) % 10_007}`);
  for (const [at, name] of names.entries()) {
    keys.add(name);
    if (at === 5_000) keys.remove("k0");
  }
  assert.deepEqual(keys.after(null), inOrder(names.filter((name) => name !== "k0")));
});
