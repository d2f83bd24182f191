import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isoTime } from "./iso-time.ts";

test("isoTime agrees with Date for four thousand years", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 64_092_211_200_000 }), (ms) => {
      assert.equal(isoTime(ms), new Date(ms).toISOString());
    }),
    { numRuns: 2_000 },
  );
});
