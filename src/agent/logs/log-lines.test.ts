import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { eventOverheadBytes, eventsOf, eventTextBytesMax, type LogLine } from "./log-event.ts";
import { LogLines } from "./log-lines.ts";

const at = (second: number): string => `2026-01-01T00:00:0${second}.123456789Z`;
const piece = (source: "stdout" | "stderr", second: number, text: string | Uint8Array) => ({
  source,
  at: at(second),
  bytes: typeof text === "string" ? Buffer.from(text) : text,
});
const textsOf = (lines: readonly LogLine[]): readonly string[] => lines.map(({ text }) => text);

describe("lines of output", () => {
  it("end with a line feed, and have the time of their first piece", () => {
    const lines = new LogLines();
    assert.deepEqual(lines.add(piece("stdout", 1, "half ")), []);
    assert.deepEqual(lines.add(piece("stdout", 1, "a line\n")), [
      { timestamp: Date.UTC(2026, 0, 1, 0, 0, 1, 123), text: "half a line", resumeAt: { at: at(1), count: 2 } },
    ]);
    assert.deepEqual(textsOf(lines.add(piece("stdout", 2, "\n"))), [""]);
  });

  it("of the two sources do not mix, and a line that is unfinished is read again after a restart", () => {
    const lines = new LogLines();
    lines.add(piece("stdout", 1, "before\n"));
    lines.add(piece("stdout", 2, "out "));
    const [error] = lines.add(piece("stderr", 3, "err\n"));
    assert.deepEqual([error?.text, error?.resumeAt], ["err", { at: at(1), count: 1 }]);
    const [out] = lines.add(piece("stdout", 2, "put\n"));
    assert.deepEqual([out?.text, out?.resumeAt], ["out put", { at: at(2), count: 1 }]);
  });

  it("without an end come at the end of the output", () => {
    const lines = new LogLines();
    lines.add(piece("stderr", 1, "last words"));
    assert.deepEqual(textsOf(lines.end()), ["last words"]);
    assert.deepEqual(lines.end(), []);
  });

  it("that are not UTF-8 keep what is", () => {
    const [line] = new LogLines().add(piece("stdout", 1, Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x0a])));
    assert.equal(line?.text, "a\ufffdb\ufffd");
  });

  it("of any length are held only up to the size of an event", () => {
    const lines = new LogLines();
    const chunk = "x".repeat(16_384);
    const found = Array.from({ length: 64 }, () => lines.add(piece("stdout", 1, chunk))).flat();
    assert.equal(found.length, 4);
    assert.ok(found.every(({ text }) => text.length === 262_144));
  });
});

describe("events", () => {
  const line = (text: string): LogLine => ({ timestamp: 1, text, resumeAt: { at: at(1), count: 1 } });

  it("are none for an empty line", () => {
    assert.deepEqual(eventsOf(line("")), []);
  });

  it("fit into CloudWatch Logs, join to the line, cut no character, and only the last says that the line is shipped", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "ß", "€", "😀"), minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 20_000 }), (unit, times) => {
        const text = unit.repeat(times).slice(0, 400_000).toWellFormed();
        const events = eventsOf(line(text));
        assert.equal(events.map((event) => event.text).join("") === text, true);
        for (const event of events) {
          assert.ok(event.bytes - eventOverheadBytes <= eventTextBytesMax);
          assert.equal(event.bytes, Buffer.byteLength(event.text) + eventOverheadBytes);
        }
        assert.deepEqual(
          events.map(({ resumeAt }) => resumeAt !== null),
          events.map((_, index) => index === events.length - 1),
        );
      }),
      { numRuns: 30 },
    );
  });
});
