import assert from "node:assert/strict";
import { it } from "node:test";
import { VirtualClock } from "./virtual-clock.ts";

it("timers fire in the order of their times, then in the order in which they were set", async () => {
  const clock = new VirtualClock(1_000);
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
  clock.setTimer(20, note("c"));
  clock.setTimer(10, note("a"));
  clock.setTimer(10, note("b"));
  clock.setTimer(31, note("too late"));
  await clock.advance(30);
  assert.deepEqual(fired, ["a@1010", "b@1010", "c@1020"]);
  assert.equal(clock.now(), 1_030);
  assert.equal(clock.nextTimerAt(), 1_031);
});

it("promises and deferred work come before the next timer", async () => {
  const clock = new VirtualClock(0);
  const order: string[] = [];
  clock.setTimer(0, () => {
    order.push("timer");
    clock.defer(() => {
      order.push("deferred");
      void Promise.resolve().then(() => clock.defer(() => order.push("deferred by a promise")));
    });
    void Promise.resolve().then(() => order.push("promise"));
  });
  clock.setTimer(0, () => order.push("next timer"));
  await clock.advance(0);
  assert.deepEqual(order, ["timer", "promise", "deferred", "deferred by a promise", "next timer"]);
});

it("a cancelled timer does not fire, and a timer may set timers", async () => {
  const clock = new VirtualClock(0);
  const fired: number[] = [];
  const cancelled = clock.setTimer(5, () => fired.push(-1));
  clock.setTimer(3, () => {
    cancelled.cancel();
    clock.setTimer(4, () => fired.push(clock.now()));
  });
  await clock.advance(100);
  assert.deepEqual(fired, [7]);
  assert.equal(clock.nextTimerAt(), null);
});

it("runUntil stops at the timer that makes the condition true, or says that none did", async () => {
  const clock = new VirtualClock(0);
  let ticks = 0;
  const tick = () => {
    ticks += 1;
    clock.setTimer(10, tick);
  };
  clock.setTimer(10, tick);
  assert.equal(await clock.runUntil(() => ticks === 3, 1_000), true);
  assert.equal(clock.now(), 30);
  assert.equal(await clock.runUntil(() => ticks === 100, 50), false);
  assert.equal(ticks, 8);
});
