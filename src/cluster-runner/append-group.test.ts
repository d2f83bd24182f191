import assert from "node:assert/strict";
import { test } from "node:test";
import { GroupSize } from "./append-group.ts";

test("groups hold two thousand small writes, or as much text as an append may have", () => {
  const size = new GroupSize();
  assert.equal(size.writesMax, 2_000);
  size.saw(10, 10_000);
  assert.equal(size.writesMax, 2_000);
  size.saw(1, 65_536);
  assert.equal(size.writesMax, 64, "4 MiB of 64 KiB each");
  size.saw(1, 500);
  assert.ok(size.writesMax < 200, "large ones may come again");
  for (let groups = 0; groups < 10; groups++) size.saw(1_000, 500_000);
  assert.equal(size.writesMax, 2_000);
  size.saw(1, 100_000_000);
  assert.equal(size.writesMax, 8);
});
