import assert from "node:assert/strict";
import { test } from "node:test";
import { stalePages } from "./generate.ts";

test("the generated pages are what the source says", () => {
  assert.deepEqual(stalePages(), [], "run node scripts/generate.ts");
});
