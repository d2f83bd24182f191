import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { LogEvent } from "./log-event.ts";
import { inOrder, LogQueue } from "./log-queue.ts";

const event = (timestamp: number, bytes = 100, text = "x"): LogEvent => ({ timestamp, bytes, text, resumeAt: null });

describe("the queue of events", () => {
  it("gives batches within the limits of a call, in which all events come once and in order", () => {
    const some = fc.array(
      fc.record({ hours: fc.integer({ min: 0, max: 60 }), bytes: fc.integer({ min: 27, max: 262_144 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(some, (wanted) => {
        const queue = new LogQueue(Number.MAX_SAFE_INTEGER);
        const events = wanted.map(({ hours, bytes }, index) => event(hours * 3_600_000, bytes, String(index)));
        for (const one of events) queue.add(one);
        const seen: LogEvent[] = [];
        while (!queue.isEmpty) {
          const batch = queue.batch();
          const times = batch.map(({ timestamp }) => timestamp);
          assert.ok(batch.length > 0);
          assert.ok(batch.reduce((sum, { bytes }) => sum + bytes, 0) <= 1_048_576);
          assert.ok(Math.max(...times) - Math.min(...times) < 86_400_000);
          const sent = inOrder(batch).map(({ timestamp }) => timestamp);
          assert.deepEqual(
            sent,
            times.toSorted((a, b) => a - b),
          );
          seen.push(...batch);
          queue.drop(batch);
        }
        assert.deepEqual(seen, events);
      }),
    );
  });

  it("puts at most 10,000 events into a batch", () => {
    const queue = new LogQueue(Number.MAX_SAFE_INTEGER);
    for (let index = 0; index < 10_001; index++) queue.add(event(1, 27));
    assert.equal(queue.batch().length, 10_000);
  });

  it("has room up to its bound, and always for one event", () => {
    const queue = new LogQueue(250);
    assert.ok(queue.hasRoomFor(event(1, 1_000)));
    queue.add(event(1));
    queue.add(event(1));
    assert.ok(!queue.hasRoomFor(event(1)));
    queue.drop(queue.batch().slice(0, 1));
    assert.ok(queue.hasRoomFor(event(1)));
  });

  it("keeps the order of events of one time", () => {
    const texts = inOrder([event(2, 1, "c"), event(1, 1, "a"), event(1, 1, "b")]).map(({ message }) => message);
    assert.deepEqual(texts, ["a", "b", "c"]);
  });
});
