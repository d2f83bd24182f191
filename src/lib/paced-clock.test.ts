import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "./clock.ts";
import { PacedClock } from "./paced-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A paced clock whose work takes as long as it says. */
function pacedWorld() {
  const clock = new VirtualClock(0);
  let worked = 0;
  const paced = new PacedClock({ clock, stopwatch: () => worked });
  const done: string[] = [];
  const work = (name: string, ms: number) => (): void => {
    worked += ms;
    done.push(name);
  };
  return { clock, paced, done, work };
}

test("what is due together runs in order, and other work gets the event loop every two milliseconds", async () => {
  const { clock, paced, done, work } = pacedWorld();
  for (let n = 0; n < 6; n++) paced.defer(work(`host ${n}`, 1));
  clock.defer(work("another", 0));
  await clock.settle();
  assert.deepEqual(done, ["host 0", "host 1", "another", "host 2", "host 3", "host 4", "host 5"]);
});

test("timers fire at their times and in their order", async () => {
  const { clock, paced, done, work } = pacedWorld();
  for (let n = 0; n < 4; n++) paced.setTimer(20 - n, work(`after ${20 - n}`, 3));
  await clock.advance(18);
  assert.deepEqual(done, ["after 17", "after 18"]);
  await clock.advance(2);
  assert.deepEqual(done.slice(2), ["after 19", "after 20"]);
});

test("a timer that is cancelled while it waits for its round does not fire", () => {
  const fires: (() => void)[] = [];
  const deferred: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    wall: () => 0,
    setTimer: (_delayMs, fire) => {
      fires.push(fire);
      return { cancel: () => {} };
    },
    defer: (run) => void deferred.push(run),
  };
  const paced = new PacedClock({ clock, stopwatch: () => 0 });
  const done: string[] = [];
  paced.setTimer(5, () => {
    done.push("first");
    second.cancel();
  });
  const second = paced.setTimer(5, () => done.push("second"));
  for (const fire of fires) fire();
  for (const run of deferred) run();
  assert.deepEqual(done, ["first"]);
});

test("work that throws does not hold up what waits behind it", async () => {
  const { clock, paced, done, work } = pacedWorld();
  paced.defer(() => {
    throw new Error("broken");
  });
  paced.defer(work("next", 1));
  await assert.rejects(clock.advance(1), /broken/);
  await clock.advance(1);
  assert.deepEqual(done, ["next"]);
});
