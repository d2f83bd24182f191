import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "../lib/assert.ts";
import type { InputLogEvent } from "../logs/accept-log-events.ts";
import { behind, comparePositions, type EventPosition, eventIdOf, positionOf } from "../logs/event-position.ts";
import { dayMs } from "../logs/log-limits.ts";
import type {
  FollowedEvents,
  GroupQuestion,
  GroupText,
  LogGroupReference,
  StreamQuestion,
  StreamsPage,
  StreamText,
} from "../logs/log-questions.ts";
import { LogEngine } from "./log-engine.ts";
import type { AnswerValue, LogRequest } from "./log-requests.ts";

const now = 1_800_000_000_000;
const web: LogGroupReference = { id: "web-1", name: "web", retentionDays: null };

type ReadEvent = { readonly timestamp: number; readonly message: string };
type StreamRead = readonly ReadEvent[] & Pick<StreamText, "first" | "last">;
type GroupRead = {
  readonly events: readonly (ReadEvent & { readonly logStreamName: string })[];
  readonly next: EventPosition | null;
};

/** An engine in memory, asked one thing at a time. */
class SmallEngine {
  readonly followed: FollowedEvents[] = [];
  elapsedMs = 0;
  readonly engine: LogEngine;
  #id = 0;

  constructor({ bytesMax = 1e9, file = null as string | null } = {}) {
    const deliver = (_follower: number, followed: FollowedEvents) => this.followed.push(followed);
    this.engine = new LogEngine({ file, bytesMax, stopwatch: () => this.elapsedMs, deliver });
  }

  ask(request: LogRequest): AnswerValue {
    const id = ++this.#id;
    const answer = must(this.engine.answer([{ id, request }])[0], "an answer");
    if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
    return answer.value;
  }

  stream(name: string, group = web): void {
    this.ask({ type: "create-stream", group, name, now });
  }

  put(logStreamName: string, logEvents: readonly InputLogEvent[], { group = web, at = now } = {}): AnswerValue {
    const ticket = ++this.#id;
    const body = Buffer.from(JSON.stringify({ logGroupName: group.name, logStreamName, logEvents }));
    this.ask({ type: "receive", ticket, body });
    return this.ask({ type: "append", ticket, group, now: at });
  }

  /** The events, and where the first and the last are. */
  stream1(question: Partial<StreamQuestion>, group = web, at = now): StreamRead {
    const all: StreamQuestion = {
      ...{ streamName: "a", direction: "forward", from: null },
      ...{ startTime: null, endTime: null, limit: 10_000 },
    };
    const asked = { type: "read-stream", group, question: { ...all, ...question }, now: at } as const;
    const { text, first, last } = this.ask(asked) as StreamText;
    return Object.assign(JSON.parse(text) as ReadEvent[], { first, last });
  }

  group(question: Partial<GroupQuestion>, group = web, at = now): GroupRead {
    const all = {
      streamNames: null,
      streamNamePrefix: null,
      filterPattern: null,
      after: null,
      startTime: null,
      endTime: null,
      limit: 10_000,
    };
    const { text, next } = this.ask({
      type: "read-group",
      group,
      question: { ...all, ...question },
      now: at,
    }) as GroupText;
    return { events: JSON.parse(text) as (ReadEvent & { logStreamName: string })[], next };
  }
}

const messages = (events: readonly { readonly message: string }[]): string[] => events.map(({ message }) => message);
const at = (offset: number, message = String(offset)): InputLogEvent => ({ timestamp: now + offset, message });

test("a stream is read in order of time from both ends, page by page, without gaps or repeats", () => {
  // Times are close together, so batches overlap and many events share a millisecond.
  const batch = fc.array(fc.integer({ min: -200_000, max: 0 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), fc.integer({ min: 1, max: 7 }), (batches, limit) => {
      const small = new SmallEngine();
      small.stream("a");
      small.stream("b");
      const expected: { key: EventPosition; message: string }[] = [];
      for (const [number, offsets] of batches.entries()) {
        const events = offsets.sort((a, b) => a - b).map((offset, index) => at(offset, `${number}.${index}`));
        small.put("a", events);
        small.put("b", [at(-1, "other")]);
        expected.push(
          ...events.map(({ timestamp, message }, index) => ({ key: { timestamp, batch: number, index }, message })),
        );
      }
      expected.sort((a, b) => comparePositions(a.key, b.key));
      const all = expected.map(({ message }) => message);
      assert.deepEqual(messages(small.stream1({})), all);
      const found = { forward: [] as string[], backward: [] as string[] };
      for (let from: EventPosition | null = null; ; ) {
        const page = small.stream1({ from, limit });
        found.forward.push(...messages(page));
        if (page.length === 0) break;
        from = must(positionOf(eventIdOf(must(page.last, "an event"))), "a position");
      }
      for (let from: EventPosition | null = null; ; ) {
        const page = small.stream1({ from, limit, direction: "backward" });
        found.backward.unshift(...messages(page));
        if (page.length === 0) break;
        from = must(page.first, "an event");
      }
      assert.deepEqual(found, { forward: all, backward: all });
      const grouped: string[] = [];
      for (let after: EventPosition | null = null; ; ) {
        const { events, next } = small.group({ after, limit, streamNamePrefix: "a" });
        grouped.push(...messages(events));
        if (next === null) break;
        after = next;
      }
      assert.deepEqual(grouped, all);
    }),
    { numRuns: 60 },
  );
});

test("a time range has its start; a stream's end is exclusive and a group's inclusive", () => {
  const small = new SmallEngine();
  small.stream("a");
  small.put("a", [at(-3), at(-2), at(-1)]);
  const range = { startTime: now - 2, endTime: now - 1 };
  assert.deepEqual(messages(small.stream1(range)), ["-2"]);
  assert.deepEqual(messages(small.stream1({ ...range, direction: "backward" })), ["-2"]);
  assert.deepEqual(messages(small.group(range).events), ["-2", "-1"]);
  const { first } = small.stream1({ limit: 1 });
  assert.deepEqual(messages(small.stream1({ from: behind(must(first, "an event")), direction: "backward" })), ["-3"]);
});

test("a group's events are interleaved, filtered by stream, prefix and pattern", () => {
  const small = new SmallEngine();
  for (const name of ["web/1", "web/2", "db/1"]) small.stream(name);
  small.put("web/1", [at(-4, "GET a"), at(-1, "PUT b")]);
  small.put("db/1", [at(-3, "GET c")]);
  small.put("web/2", [at(-2, "GET d")]);
  assert.deepEqual(messages(small.group({}).events), ["GET a", "GET c", "GET d", "PUT b"]);
  assert.deepEqual(messages(small.group({ filterPattern: "GET" }).events), ["GET a", "GET c", "GET d"]);
  assert.deepEqual(messages(small.group({ streamNamePrefix: "web/" }).events), ["GET a", "GET d", "PUT b"]);
  assert.deepEqual(messages(small.group({ streamNames: ["db/1"] }).events), ["GET c"]);
  assert.deepEqual(messages(small.group({ streamNames: ["db/1", "web/2"], filterPattern: "GET" }).events), [
    "GET c",
    "GET d",
  ]);
  assert.deepEqual(small.group({ limit: 1 }).events[0]?.logStreamName, "web/1");
  assert.throws(
    () => small.group({ streamNames: ["no"] }),
    /ResourceNotFoundException: The specified log stream does not exist\./,
  );
  assert.throws(() => small.group({ filterPattern: "a-b" }), /InvalidParameterException: Invalid character/);
  assert.deepEqual(small.group({}, { ...web, id: "empty" }), { events: [], next: null });
});

test("a long search gives what it has found and goes on where it stopped", () => {
  const small = new SmallEngine();
  small.stream("a");
  for (let minute = 0; minute < 50; minute += 1) small.put("a", [at(-minute * 60_000 - 1, `m${minute}`)]);
  // Each look at the stopwatch takes 20 ms, so a page ends after a few rows.
  const { engine } = small;
  Object.defineProperty(small, "elapsedMs", { get: () => (ticks += 20) });
  let ticks = 0;
  const found: string[] = [];
  let pages = 0;
  for (let after: EventPosition | null = null; ; pages += 1) {
    const page = small.group({ after, filterPattern: "m1" });
    found.push(...messages(page.events));
    if (page.next === null) break;
    after = page.next;
  }
  assert.deepEqual(found, [..."9876543210"].map((digit) => `m1${digit}`).concat("m1"));
  assert.ok(pages > 5, `${pages} pages`);
  assert.ok(engine.condition().storedEvents === 50);
});

test("what retention no longer keeps is not shown, is deleted by the sweep, and frees its bytes", () => {
  const small = new SmallEngine();
  small.stream("a");
  small.put("a", [at(-10 * dayMs, "old")]);
  small.put("a", [at(0, "new")]);
  const kept = { ...web, retentionDays: 7 };
  assert.deepEqual(messages(small.stream1({}, kept)), ["new"]);
  assert.deepEqual(messages(small.group({}, kept).events), ["new"]);
  small.put("a", [at(0, "newer")], { group: kept });
  const { bytes } = small.engine.condition();
  small.ask({ type: "sweep", now, streamsToo: true });
  assert.deepEqual(messages(small.stream1({}, web)), ["new", "newer"]);
  assert.ok(small.engine.condition().bytes < bytes);
  small.ask({ type: "sweep", now: now + 8 * dayMs, streamsToo: true });
  assert.deepEqual(
    [small.engine.condition().bytes, small.ask({ type: "stored-bytes", groupIds: ["web-1", "x"] })],
    [0, [0, 0]],
  );
  small.ask({ type: "sweep", now: now + 15 * dayMs, streamsToo: true });
  assert.throws(() => small.stream1({}), /log stream does not exist/);
});

test("a full store deletes its oldest events and counts them", () => {
  const small = new SmallEngine({ bytesMax: 100_000 });
  small.stream("a");
  const noise = (seed: number): string =>
    Array.from({ length: 800 }, (_, i) => ((seed * 31 + i * i * 7) % 9973).toString(36)).join("");
  for (let n = 0; n < 200; n += 1) small.put("a", [at(n, `${n} ${noise(n)}`)]);
  const { bytes, storedEvents, evictedEvents } = small.engine.condition();
  assert.ok(bytes <= 100_000 && bytes > 50_000, `${bytes} bytes`);
  const left = small.stream1({});
  assert.equal(left.length + evictedEvents, 200);
  assert.equal(storedEvents, 200);
  assert.match(must(left.at(-1), "the newest").message, /^199 /);
});

test("deleted streams and groups are gone at once, and their rows soon", () => {
  const small = new SmallEngine();
  small.stream("a");
  small.put("a", [at(0)]);
  assert.throws(() => small.stream("a"), /ResourceAlreadyExistsException/);
  small.ask({ type: "delete-stream", group: web, name: "a", now });
  assert.deepEqual(small.group({}), { events: [], next: null });
  assert.throws(() => small.put("a", [at(0)]), /log stream does not exist/);
  small.stream("a");
  assert.deepEqual(messages(small.stream1({})), []);
  small.put("a", [at(1)]);
  small.ask({ type: "delete-group", groupId: web.id });
  assert.deepEqual(small.group({}), { events: [], next: null });
  for (let n = 0; n < 3; n += 1) small.ask({ type: "sweep", now, streamsToo: false });
  assert.equal(small.engine.condition().bytes, 0);
});

test("streams are listed by name and by last event, page by page", () => {
  const small = new SmallEngine();
  for (const [index, name] of ["b", "a/1", "a/2", "c"].entries()) {
    small.stream(name);
    if (name !== "c") small.put(name, [at(-index)]);
  }
  const list = (
    orderBy: "LogStreamName" | "LastEventTime",
    descending: boolean,
    prefix: string | null = null,
  ): string[] => {
    const names: string[] = [];
    for (let after = null as { name: string; lastEventTimestamp: number } | null; ; ) {
      const question = { prefix, orderBy, descending, after, limit: 2 };
      const { streams, more } = small.ask({ type: "describe-streams", group: web, question, now }) as StreamsPage;
      names.push(...streams.map(({ name }) => name));
      const last = streams.at(-1);
      if (!more || last === undefined) return names;
      after = { name: last.name, lastEventTimestamp: last.lastEventTimestamp ?? 0 };
    }
  };
  assert.deepEqual(list("LogStreamName", false), ["a/1", "a/2", "b", "c"]);
  assert.deepEqual(list("LogStreamName", true), ["c", "b", "a/2", "a/1"]);
  assert.deepEqual(list("LogStreamName", false, "a/"), ["a/1", "a/2"]);
  assert.deepEqual(list("LastEventTime", true), ["b", "a/1", "a/2", "c"]);
  assert.deepEqual(list("LastEventTime", false), ["c", "a/2", "a/1", "b"]);
});

test("followers get new events that they want; those who are slow get some, and are told", () => {
  const small = new SmallEngine();
  small.stream("a");
  small.stream("b");
  const question = { groups: [web], streamNames: ["a"], streamNamePrefixes: null, filterPattern: "yes" };
  small.ask({ type: "follow", follower: 1, question });
  small.put("b", [at(0, "yes")]);
  small.put("a", [at(0, "no"), at(1, "yes 1")]);
  small.put(
    "a",
    Array.from({ length: 600 }, (_, index) => at(index, `yes ${index}`)),
  );
  assert.deepEqual(
    small.followed.map(({ events }) => messages(events)),
    [["yes 1"]],
  );
  small.engine.answer([{ id: 0, request: { type: "taken", follower: 1 } }]);
  const second = must(small.followed[1], "a second delivery");
  assert.deepEqual([second.events.length, second.sampled], [500, true]);
  small.engine.answer([{ id: 0, request: { type: "unfollow", follower: 1 } }]);
  small.put("a", [at(5, "yes")]);
  assert.equal(small.followed.length, 2);
});

test("messages come back as they were: surrogates without a partner, a megabyte, newlines", () => {
  const small = new SmallEngine();
  small.stream("a");
  const texts = [
    "\ud800 alone",
    "end \udfff",
    "x".repeat(1_000_000),
    "y".repeat(100_000),
    "two\nlines\u0000",
    "größe 😀",
  ];
  for (const [index, text] of texts.entries()) small.put("a", [at(index, text)]);
  assert.deepEqual(messages(small.stream1({ limit: 2 })), texts.slice(0, 2));
  // A page has a megabyte at most.
  assert.equal(small.stream1({}).length, 3);
  const from = must(small.stream1({}).last, "an event");
  assert.deepEqual(messages(small.stream1({ from })), texts.slice(3));
});

test("a body that is not a request of PutLogEvents is refused", () => {
  const small = new SmallEngine();
  const refused: readonly (readonly [string, RegExp])[] = [
    ["{", /SerializationException/],
    ["[]", /SerializationException/],
    ["{}", /Value null at 'logGroupName'/],
    ['{"logGroupName":"a","logStreamName":1}', /Value null at 'logStreamName'/],
    ['{"logGroupName":"a","logStreamName":"b","logEvents":[{"timestamp":1}]}', /'logEvents\.1\.member\.message'/],
    [
      '{"logGroupName":"a","logStreamName":"b","logEvents":[{"timestamp":1.5,"message":"x"}]}',
      /SerializationException/,
    ],
  ];
  for (const [body, text] of refused) {
    assert.throws(() => small.ask({ type: "receive", ticket: 1, body: Buffer.from(body) }), text, body);
  }
});
