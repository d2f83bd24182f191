import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Refusal } from "../ecs/refusals.ts";
import { acceptLogEvents, type InputLogEvent, utf8Bytes } from "./accept-log-events.ts";

const now = 1_800_000_000_000;
const hour = 3_600_000;
const day = 24 * hour;
const at = (...timestamps: readonly number[]): InputLogEvent[] =>
  timestamps.map((timestamp) => ({ timestamp, message: "x" }));
const accept = (events: readonly InputLogEvent[], retentionDays: number | null = null) =>
  acceptLogEvents(events, { now, retentionDays });

test("events that are too old, expired or too new are left out and named; the rest is stored", () => {
  assert.deepEqual(accept(at(now - 1, now)), { from: 0, to: 2, rejected: null });
  assert.deepEqual(accept(at(now - 14 * day - 1, now - 14 * day)), {
    from: 1,
    to: 2,
    rejected: { tooOldLogEventEndIndex: 1 },
  });
  assert.deepEqual(accept(at(now - 3 * day - 1, now - 3 * day), 3), {
    from: 1,
    to: 2,
    rejected: { expiredLogEventEndIndex: 1 },
  });
  assert.deepEqual(accept(at(now, now + 2 * hour, now + 2 * hour + 1)), {
    from: 0,
    to: 2,
    rejected: { tooNewLogEventStartIndex: 2 },
  });
  assert.deepEqual(accept(at(now - 20 * day), 30), { from: 1, to: 1, rejected: { tooOldLogEventEndIndex: 1 } });
  assert.deepEqual(accept(at(now + 3 * hour)), { from: 0, to: 0, rejected: { tooNewLogEventStartIndex: 0 } });
});

test("a batch that AWS refuses is refused as a whole, with its text", () => {
  const refused: readonly (readonly [readonly InputLogEvent[], RegExp])[] = [
    [[], /Value '\[\]' at 'logEvents' failed to satisfy constraint: Member must have length greater/],
    [Array.from({ length: 10_001 }, () => ({ timestamp: now, message: "x" })), /less than or equal to 10000/],
    [[{ timestamp: now, message: "" }], /at 'logEvents\.1\.member\.message'/],
    [at(now, now - 1), /must be in chronological order\.$/],
    [at(now - day - 1, now), /cannot span more than 24 hours\.$/],
    [
      [{ timestamp: now, message: "x".repeat(1_048_551) }],
      /^Upload too large: 1048577 bytes exceeds limit of 1048576$/,
    ],
  ];
  for (const [events, text] of refused) {
    assert.throws(
      () => accept(events),
      (error: Error) =>
        error instanceof Refusal && error.code === "InvalidParameterException" && text.test(error.message),
    );
  }
  assert.equal(accept([{ timestamp: now, message: "x".repeat(1_048_550) }]).to, 1);
  assert.equal(accept(at(now - day, now)).to, 2);
});

test("a text has as many bytes in UTF-8 as Node says", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom("", "\ud800", "\udc00", "\ud800x"), (text, end) => {
      assert.equal(utf8Bytes(text + end), Buffer.byteLength(text + end));
    }),
  );
});
