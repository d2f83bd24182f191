import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OldestFirst } from "./oldest-first.ts";

test("the oldest is the one with the earliest time, in whatever order they come and go", () => {
  const change = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), at: fc.option(fc.nat(5)) });
  const property = fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    const oldestFirst = new OldestFirst();
    const model = new Map<string, number>();
    for (const { key, at } of changes) {
      oldestFirst.onChange(key, model.get(key) ?? null, at);
      if (at === null) model.delete(key);
      else model.set(key, at);
      assert.equal(oldestFirst.size, model.size);
      const oldest = oldestFirst.oldest();
      if (model.size === 0) assert.equal(oldest, undefined);
      else assert.equal(model.get(oldest ?? ""), Math.min(...model.values()));
    }
  });
  fc.assert(property);
});
