import assert from "node:assert/strict";
import { test } from "node:test";
import { PaceWatch } from "./pace-watch.ts";

test("a transfer has its grace, must then keep its pace on average, and is ended once", () => {
  let now = 1_000;
  const ended: string[] = [];
  const watch = new PaceWatch({ graceMs: 5_000, bytesPerSecond: 100 }, () => now);
  const still = watch.start(() => ended.push("still"));
  const quick = watch.start(() => ended.push("quick"));
  const over = watch.start(() => ended.push("over"));
  watch.end(over);
  now += 5_000;
  watch.look();
  assert.deepEqual(ended, []);
  quick.bytes = 150;
  now += 1_000;
  watch.look();
  assert.deepEqual(ended, ["still"]);
  now += 501;
  watch.look();
  assert.deepEqual(ended, ["still", "quick"]);
  now += 60_000;
  watch.look();
  assert.deepEqual(ended, ["still", "quick"]);
  watch.end(still);
});
