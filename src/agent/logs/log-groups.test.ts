import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventStart } from "./event-start.ts";
import { eventTextBytesMax } from "./log-event.ts";
import { LogGroups } from "./log-groups.ts";

const line = (text: string, timestamp = 1) => ({ timestamp, text, resumeAt: { at: `t${timestamp}`, count: 1 } });

describe("events of several lines", () => {
  it("begin with a line that matches, and have its time", () => {
    const groups = new LogGroups(eventStart({ pattern: "^(?i:info|error)" }));
    assert.equal(groups.add(line("  a rest from before", 1)), null);
    assert.deepEqual(groups.add(line("ERROR boom", 2)), line("  a rest from before\n", 1));
    assert.equal(groups.add(line("  at a", 3)), null);
    const ended = groups.add(line("info next", 4));
    assert.deepEqual(ended, { timestamp: 2, text: "ERROR boom\n  at a\n", resumeAt: { at: "t3", count: 1 } });
    assert.deepEqual(groups.end()?.text, "info next\n");
    assert.equal(groups.end(), null);
  });

  it("end when they would be too long", () => {
    const groups = new LogGroups(() => false);
    const text = "x".repeat(200_000);
    assert.equal(groups.add(line(text)), null);
    assert.equal(groups.add(line(text))?.text.length, 200_001);
    assert.ok(200_001 <= eventTextBytesMax);
  });
});

describe("the start of an event", () => {
  it("is recognised by a time in the form of strftime", () => {
    const isStart = eventStart({ datetime: "\\[%b %d, %Y %H:%M:%S\\]" });
    assert.ok(isStart("[May 01, 2017 19:00:01] A message was logged"));
    assert.ok(!isStart("Another multiline message was logged"));
    assert.ok(eventStart({ datetime: "%Y-%m-%dT%H:%M:%S%L%z" })("2026-01-02T03:04:05.678+0100 x"));
  });

  it("takes the time of the line, whatever the pattern", () => {
    const isStart = eventStart({ pattern: "^(a*)*b$" });
    assert.ok(!isStart("a".repeat(100_000)));
  });

  it("is refused with Docker's text if the pattern is wrong", () => {
    assert.throws(
      () => eventStart({ pattern: "(a" }),
      /could not parse awslogs-multiline-pattern key "\(a": .*missing closing \)/,
    );
    assert.throws(() => eventStart({ datetime: "[%Y" }), /could not parse awslogs-datetime-format key/);
    assert.throws(() => eventStart({ pattern: "a".repeat(5_000) }), /more than 4096 characters/);
  });
});
