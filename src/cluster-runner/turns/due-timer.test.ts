import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { DueTimer } from "./due-timer.ts";

function aTimer() {
  const clock = new VirtualClock(1_000);
  const fired: number[] = [];
  const timer = new DueTimer(clock, () => fired.push(clock.now()));
  return { clock, fired, timer };
}

test("it fires at the latest time it was given, and not before its hold", async () => {
  const { clock, fired, timer } = aTimer();
  timer.follow(1_500);
  timer.follow(1_200);
  timer.follow(1_200);
  await clock.advance(300);
  assert.deepEqual(fired, [1_200]);
  timer.hold(1_400);
  timer.follow(1_350);
  await clock.advance(1_000);
  assert.deepEqual(fired, [1_200, 1_400]);
});
