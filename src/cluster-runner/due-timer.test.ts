import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "../lib/clock.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { DueTimer } from "./due-timer.ts";

function aTimer() {
  const clock = new VirtualClock(1_000);
  const fired: number[] = [];
  const timer = new DueTimer(clock, () => fired.push(clock.now()));
  return { clock, fired, timer };
}

test("it fires at the moment that it follows last, and not before what it is held to", async () => {
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

test("stopped or moved between its moment and its turn it does not fire for the old one", () => {
  const timers: (() => void)[] = [];
  const deferred: (() => void)[] = [];
  let fired = 0;
  const clock: Clock = {
    now: () => 1_000,
    setTimer: (_, fire) => {
      timers.push(fire);
      return { cancel: () => {} };
    },
    defer: (run) => deferred.push(run),
  };
  const timer = new DueTimer(clock, () => {
    fired += 1;
  });
  timer.follow(900);
  timers.pop()?.();
  timer.stop();
  deferred.pop()?.();
  assert.equal(fired, 0, "it was stopped");
  timer.follow(900);
  timers.pop()?.();
  timer.follow(800);
  deferred.pop()?.();
  assert.equal(fired, 0, "it was moved");
  timers.pop()?.();
  timer.follow(800);
  assert.deepEqual(timers, [], "it is on its way");
  deferred.pop()?.();
  assert.equal(fired, 1);
});

test("two machines that are always due leave turns of the event loop to others", async () => {
  let steps = 0;
  const busy = (): DueTimer => {
    const timer = new DueTimer(systemClock, () => {
      steps += 1;
      // As long as a look at a large service takes. Without an end the test would hang where the machines leave no turns.
      for (const end = performance.now() + 3; performance.now() < end; );
      if (steps > 100) return;
      timer.hold(systemClock.now() + 1);
      timer.follow(0);
    });
    timer.follow(0);
    return timer;
  };
  const timers = [busy(), busy()];
  while (steps === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const stepsPerTurn: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const before = steps;
    await new Promise((resolve) => setImmediate(resolve));
    stepsPerTurn.push(steps - before);
  }
  for (const timer of timers) timer.stop();
  assert.ok(Math.max(...stepsPerTurn) <= timers.length, `steps between turns: ${stepsPerTurn}`);
});
