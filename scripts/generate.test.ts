import assert from "node:assert/strict";
import { test } from "node:test";
import { stalePages } from "./generate.ts";

test("the generated pages match the source", () => {
  assert.deepEqual(stalePages(), [], "run node scripts/generate.ts");
});
