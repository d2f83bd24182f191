import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { behind, comparePositions, eventIdOf, positionOf } from "./event-position.ts";

const positions = fc.record({
  timestamp: fc.integer({ min: 0, max: 99_999_999_999_999 }),
  batch: fc.maxSafeNat(),
  index: fc.nat(1_000_000),
});

test("event ids have 56 digits, are in the order of their positions, and lead back to them", () => {
  fc.assert(
    fc.property(positions, positions, (a, b) => {
      assert.match(eventIdOf(a), /^\d{56}$/);
      assert.deepEqual(positionOf(eventIdOf(a)), { ...a });
      const order = Math.sign(comparePositions(a, b));
      assert.equal(eventIdOf(a) < eventIdOf(b) ? -1 : eventIdOf(a) > eventIdOf(b) ? 1 : 0, order);
      assert.ok(comparePositions(a, behind(a)) < 0);
    }),
  );
  for (const text of ["", "7", "x".repeat(56), "9".repeat(57), `${"0".repeat(14)}${"9".repeat(42)}`]) {
    assert.equal(positionOf(text), null);
  }
});
