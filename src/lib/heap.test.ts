import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heap } from "./heap.ts";

test("the smallest comes first, whatever is pushed and popped in between", () => {
  const step = fc.option(fc.integer({ min: 0, max: 20 }), { nil: null });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const heap = new Heap<string>();
      const expected: number[] = [];
      const left = new Map<string, number>();
      for (const [index, at] of steps.entries()) {
        if (at === null) {
          const smallest = expected.sort((a, b) => a - b).shift();
          assert.equal(heap.peekAt(), smallest ?? null);
          const item = heap.pop();
          assert.equal(item === undefined ? undefined : left.get(item), smallest);
          if (item !== undefined) assert.ok(left.delete(item), "each item comes once");
        } else {
          heap.push(at, `item ${index}`);
          left.set(`item ${index}`, at);
          expected.push(at);
        }
        assert.equal(heap.size, expected.length);
      }
    }),
  );
});

test("an empty heap returns nothing", () => {
  const heap = new Heap<string>();
  assert.deepEqual([heap.peekAt(), heap.pop(), heap.size], [null, undefined, 0]);
});
