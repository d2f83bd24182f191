import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { logEvents } from "../src/lib/log-events.ts";
import { withLogEvents } from "./log-events-section.ts";
import { isTest, readSources } from "./sources.ts";

const events = Object.keys(logEvents);
const sources = [...readSources(fileURLToPath(new URL("..", import.meta.url)))];

test("the table has every event with its level and message", () => {
  const page = withLogEvents(
    "<!-- log events: made by scripts/generate.ts, do not edit -->\n<!-- end of log events -->\n",
  );
  for (const [event, { level, text }] of Object.entries(logEvents)) {
    assert.ok(page.includes(`| \`${event}\` | ${level} | ${text} |`), event);
  }
});

test("names are lower case with hyphens, and messages are sentences, each used once", () => {
  for (const [event, { text }] of Object.entries(logEvents)) {
    assert.match(event, /^[a-z]+(?:-[a-z]+)+$/);
    assert.match(text, /^[A-Z0-9].*\.$/);
  }
  const texts = Object.values(logEvents).map(({ text }) => text);
  assert.equal(new Set(texts).size, events.length);
});

test("each event is written somewhere", () => {
  const written = sources.filter(
    ([file]) => file.startsWith("src/") && !isTest(file) && file !== "src/lib/log-events.ts",
  );
  const never = events.filter((event) => !written.some(([, text]) => text.includes(`"${event}"`)));
  assert.deepEqual(never, []);
});

test("nobody recognises an event by its message", () => {
  // The log's own test compares what is written with the table.
  const readers = sources.filter(([file]) => !["src/lib/log-events.ts", "src/server/log/log.test.ts"].includes(file));
  const texts = Object.values(logEvents).map(({ text }) => text.slice(0, -1));
  const found = readers.flatMap(([file, text]) =>
    text.split("\n").flatMap((line, at) => {
      const isComment = /^\s*(?:\/\/|\/?\*)/.test(line);
      return !isComment && texts.some((message) => line.includes(message)) ? [`${file}:${at + 1}`] : [];
    }),
  );
  assert.deepEqual(found, []);
});
