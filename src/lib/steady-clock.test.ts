import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SteadyClock } from "./steady-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

const hour = 3_600_000;
const start = 1_800_000_000_000;

/** A machine whose clock can be set, and which may sleep. */
function aMachine() {
  const machine = { wall: start, elapsed: 5_000, uptime: 90_000 };
  const source = { wall: () => Math.floor(machine.wall), elapsed: () => machine.elapsed, uptime: () => machine.uptime };
  const clock = new SteadyClock(source, new VirtualClock(0));
  const pass = (ms: number) => {
    machine.wall += ms;
    machine.elapsed += ms;
    machine.uptime += ms;
    return clock.now();
  };
  return {
    clock,
    pass,
    set: (byMs: number) => {
      machine.wall += byMs;
    },
    sleep: (ms: number) => {
      machine.wall += ms;
      machine.uptime += ms;
    },
    wall: () => Math.floor(machine.wall),
  };
}

test("it shows the machine's clock as long as nobody sets that", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100_000, noNaN: true })), (pauses) => {
      const { pass, wall } = aMachine();
      for (const ms of pauses) assert.equal(pass(ms), wall());
    }),
  );
});

test("it never goes back, and runs within a tenth of real time, however the machine's clock is set", () => {
  const step = fc.record({
    passed: fc.integer({ min: 0, max: 600_000 }),
    set: fc.oneof(fc.constant(0), fc.integer({ min: -48 * hour, max: 48 * hour })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const { clock, pass, set } = aMachine();
      let before = clock.now();
      for (const { passed, set: by } of steps) {
        set(by);
        const now = pass(passed);
        const took = now - before;
        assert.ok(took >= Math.floor(passed * 0.9) - 1, `${took} of ${passed} ms`);
        assert.ok(took <= Math.ceil(passed * 1.1) + 21, `${took} of ${passed} ms`);
        before = now;
      }
    }),
  );
});

test("it agrees with a clock that was set by an hour after ten hours", () => {
  for (const by of [hour, -hour]) {
    const { clock, pass, set, wall } = aMachine();
    set(by);
    assert.ok(Math.abs(clock.offsetMs() - by) <= 20, "the difference is known at once");
    for (let minutes = 0; minutes < 599; minutes++) pass(60_000);
    assert.ok(Math.abs(clock.offsetMs()) > 1_000);
    pass(120_000);
    assert.ok(Math.abs(pass(1) - wall()) <= 1);
    assert.ok(Math.abs(clock.offsetMs()) < 2);
  }
});

test("time that the machine slept counts as passed", () => {
  const { clock, pass, sleep, set, wall } = aMachine();
  pass(1_000);
  sleep(8 * hour);
  assert.equal(pass(10), wall());
  // If a clock is set while the machine sleeps, the change beyond the sleep itself is followed slowly.
  sleep(hour);
  set(hour);
  const now = pass(10);
  assert.ok(Math.abs(wall() - now - hour) < 50, `${wall() - now}`);
  assert.equal(clock.wall(), wall());
});

test("it starts no earlier than what an earlier process stored", () => {
  const { clock, pass } = aMachine();
  clock.startAtLeast(start - hour);
  assert.equal(clock.now(), start);
  clock.startAtLeast(start + hour);
  assert.equal(clock.now(), start + hour);
  assert.equal(clock.offsetMs(), -hour);
  assert.ok(pass(1_000) >= start + hour + 900);
});
