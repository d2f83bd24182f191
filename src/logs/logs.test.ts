/** The rules of log groups, and what they ask of the store of streams and events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../lib/assert.ts";
import { seededRandom } from "../lib/random.ts";
import { ServiceMachine } from "../service-machine/service-machine.ts";
import { noPorts } from "../service-machine/small-service.ts";
import type { WrittenReply } from "../service-machine/written-reply.ts";
import { isGroupDeleted } from "./delete-log-group.ts";
import { eventIdOf } from "./event-position.ts";
import { filteredEventsText } from "./filter-log-events.ts";
import { outputEventsText } from "./get-log-events.ts";
import type { StoredEvent, StoredStream, StreamText } from "./log-questions.ts";
import { logs } from "./logs.ts";
import { StorePlan, type StoreWork } from "./store-plan.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const arn = "arn:aws:logs:eu-west-1:123456789012:log-group:";
const now = 1_800_000_000_000;

class SmallLogs {
  readonly #machine = new ServiceMachine(logs, place, noPorts);
  readonly #random = seededRandom("logs");
  readonly deleted: string[] = [];

  call(operation: string, request: object): object {
    const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false } as never;
    const input = { type: "call", operation, request, caller } as const;
    const { reply, effects } = this.#machine.step(input, now, this.#random);
    this.deleted.push(...effects.filter(isGroupDeleted).map(({ groupId }) => groupId));
    if (reply.ok) return reply.value as object;
    throw Object.assign(new Error(`${reply.refusal.code}: ${reply.refusal.message}`));
  }

  work(operation: string, request: object): StoreWork {
    const reply = this.call(operation, request);
    assert.ok(reply instanceof StorePlan, `${operation} asks the store`);
    return reply.work;
  }

  create(...names: readonly string[]): void {
    for (const logGroupName of names) this.call("CreateLogGroup", { logGroupName });
  }

  /** The names of a page of groups, and the token of the next one. */
  list(request: object): [string[], string | undefined] {
    const work = this.work("DescribeLogGroups", request);
    assert.ok(work.type === "stored-bytes");
    const { logGroups, nextToken } = work.reply(work.groupIds.map(() => 7)) as {
      logGroups: { logGroupName: string }[];
      nextToken?: string;
    };
    return [logGroups.map(({ logGroupName }) => logGroupName), nextToken];
  }

  /** What the store would be asked for by one of the operations on streams and events. */
  ask<T extends StoreWork["type"]>(type: T, operation: string, request: object): Extract<StoreWork, { type: T }> {
    const work = this.work(operation, request);
    assert.equal(work.type, type);
    return work as Extract<StoreWork, { type: T }>;
  }
}

test("a group is made once, described with its bytes and retention, and deleted with its rows", () => {
  const small = new SmallLogs();
  small.create("/ecs/web");
  assert.throws(
    () => small.create("/ecs/web"),
    /^Error: ResourceAlreadyExistsException: The specified log group already exists$/,
  );
  small.call("PutRetentionPolicy", { logGroupName: "/ecs/web", retentionInDays: 7 });
  const work = small.ask("stored-bytes", "DescribeLogGroups", {});
  assert.deepEqual(work.reply([42]), {
    logGroups: [
      {
        logGroupName: "/ecs/web",
        creationTime: now,
        retentionInDays: 7,
        metricFilterCount: 0,
        arn: `${arn}/ecs/web:*`,
        storedBytes: 42,
        logGroupClass: "STANDARD",
        logGroupArn: `${arn}/ecs/web`,
        deletionProtectionEnabled: false,
      },
    ],
  });
  small.call("DeleteLogGroup", { logGroupName: "/ecs/web" });
  assert.deepEqual(small.deleted, work.groupIds);
  assert.throws(
    () => small.call("DeleteLogGroup", { logGroupName: "/ecs/web" }),
    /ResourceNotFoundException: The specified log group does not exist\./,
  );
  small.create("/ecs/web");
  assert.notDeepEqual(small.ask("stored-bytes", "DescribeLogGroups", {}).groupIds, work.groupIds);
});

test("groups are listed in order, page by page, by prefix, pattern, identifier and alternatives", () => {
  const small = new SmallLogs();
  small.create("b", "/ecs/web", "a", "/ecs/db", "webhooks");
  assert.deepEqual(small.list({})[0], ["/ecs/db", "/ecs/web", "a", "b", "webhooks"]);
  const [first, nextToken] = small.list({ limit: 3 });
  assert.deepEqual(
    [first, small.list({ limit: 3, nextToken })],
    [
      ["/ecs/db", "/ecs/web", "a"],
      [["b", "webhooks"], undefined],
    ],
  );
  assert.deepEqual(small.list({ logGroupNamePrefix: "/ecs/" })[0], ["/ecs/db", "/ecs/web"]);
  assert.deepEqual(small.list({ logGroupNamePattern: "web" })[0], ["/ecs/web", "webhooks"]);
  assert.deepEqual(small.list({ logGroupIdentifiers: [`${arn}a:*`, "b"] })[0], ["a", "b"]);
  assert.deepEqual(small.call("ListLogGroups", { logGroupNamePattern: "^web|db", limit: 1 }), {
    logGroups: [{ logGroupName: "/ecs/db", logGroupArn: `${arn}/ecs/db`, logGroupClass: "STANDARD" }],
    nextToken: (small.call("ListLogGroups", { logGroupNamePattern: "^web|db", limit: 1 }) as { nextToken: string })
      .nextToken,
  });
  const all = small.call("ListLogGroups", { logGroupNamePattern: "^web|db" }) as {
    logGroups: { logGroupName: string }[];
  };
  assert.deepEqual(
    all.logGroups.map(({ logGroupName }) => logGroupName),
    ["/ecs/db", "webhooks"],
  );
});

test("tags of a group, by both generations of operations", () => {
  const small = new SmallLogs();
  small.call("CreateLogGroup", { logGroupName: "a", tags: { team: "x" } });
  small.call("TagResource", { resourceArn: `${arn}a`, tags: { stage: "prod" } });
  small.call("TagLogGroup", { logGroupName: "a", tags: { team: "y" } });
  assert.deepEqual(small.call("ListTagsForResource", { resourceArn: `${arn}a:*` }), {
    tags: { team: "y", stage: "prod" },
  });
  small.call("UntagResource", { resourceArn: `${arn}a`, tagKeys: ["team"] });
  small.call("UntagLogGroup", { logGroupName: "a", tags: ["nothing"] });
  assert.deepEqual(small.call("ListTagsLogGroup", { logGroupName: "a" }), { tags: { stage: "prod" } });
});

test("what breaks a rule is refused with AWS's text, and changes nothing", () => {
  const small = new SmallLogs();
  small.create("a");
  const before = small.list({});
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["CreateLogGroup", {}, /Value null at 'logGroupName' failed to satisfy constraint: Member must not be null/],
    [
      "CreateLogGroup",
      { logGroupName: "a b" },
      /Value 'a b' at 'logGroupName' .* regular expression pattern: \[\.\\-_\/#A-Za-z0-9\]\+/,
    ],
    ["CreateLogGroup", { logGroupName: "x".repeat(513) }, /length less than or equal to 512/],
    ["CreateLogGroup", { logGroupName: "aws/x" }, /reserved/],
    ["CreateLogGroup", { logGroupName: "b", kmsKeyId: "k" }, /no KMS keys/],
    ["CreateLogGroup", { logGroupName: "b", logGroupClass: "INFREQUENT_ACCESS" }, /STANDARD only/],
    ["CreateLogGroup", { logGroupName: "b", deletionProtectionEnabled: true }, /deletion protection/],
    ["CreateLogGroup", { logGroupName: "b", tags: { "aws:x": "y" } }, /reserved/],
    ["PutRetentionPolicy", { logGroupName: "a", retentionInDays: 2 }, /enum value set: \[1, 3, 5, /],
    ["PutRetentionPolicy", { logGroupName: "no", retentionInDays: 1 }, /ResourceNotFoundException/],
    [
      "TagResource",
      { resourceArn: "arn:aws:logs:eu-west-1:999999999999:log-group:a", tags: {} },
      /InvalidParameterException/,
    ],
    [
      "TagResource",
      { resourceArn: `${arn}a`, tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""])) },
      /TooManyTagsException/,
    ],
    ["CreateLogStream", { logGroupName: "a", logStreamName: "x:y" }, /pattern: \[\^:\*\]\*/],
    ["CreateLogStream", { logGroupName: "no", logStreamName: "x" }, /The specified log group does not exist\./],
    [
      "DescribeLogStreams",
      { logGroupName: "a", orderBy: "LastEventTime", logStreamNamePrefix: "x" },
      /Cannot order by LastEventTime/,
    ],
    ["DescribeLogStreams", { logGroupName: "a", logGroupIdentifier: "a" }, /mutually exclusive/],
    ["DescribeLogStreams", { logGroupName: "a", limit: 51 }, /less than or equal to 50/],
    ["DescribeLogStreams", { logGroupName: "a", nextToken: "x" }, /nextToken is invalid/],
    ["DescribeLogGroups", { logGroupNamePrefix: "a", logGroupNamePattern: "a" }, /mutually exclusive/],
    ["DescribeLogGroups", { accountIdentifiers: ["999999999999"] }, /no linked accounts/],
    ["GetLogEvents", { logGroupName: "a", logStreamName: "s", nextToken: "f/1/s" }, /nextToken is invalid/],
    ["GetLogEvents", { logGroupName: "a", logStreamName: "s", limit: 0 }, /greater than or equal to 1/],
    ["FilterLogEvents", { logGroupName: "a", filterPattern: "a-b" }, /Invalid character\(s\) in term 'a-b'/],
    ["FilterLogEvents", { logGroupName: "a", logStreamNames: [] }, /greater than or equal to 1/],
    ["FilterLogEvents", { logGroupName: "a", startFromHead: false }, /from the head only/],
    [
      "FilterLogEvents",
      { logGroupIdentifier: "arn:aws:logs:us-east-1:123456789012:log-group:a" },
      /Invalid log group identifier/,
    ],
  ];
  for (const [operation, request, text] of refused)
    assert.throws(() => small.call(operation, request), text, JSON.stringify(request));
  assert.deepEqual(small.list({}), before);
});

/** A reply that was written already. */
const read = ({ text }: WrittenReply): Record<string, string> => JSON.parse(text) as Record<string, string>;
const nothing: StreamText = { text: "[]", first: null, last: null };
/** A page of events as the store's thread makes it. */
const pageOf = (...events: readonly StoredEvent[]): StreamText => ({
  text: outputEventsText(events),
  first: must(events[0], "an event"),
  last: must(events.at(-1), "an event"),
});

const event = (timestamp: number): StoredEvent => ({
  timestamp,
  batch: 9,
  index: 0,
  message: `m${timestamp}`,
  ingestionTime: now,
  streamName: "s",
});

test("GetLogEvents gives tokens for both ways; at the end of a stream a token leads to itself", () => {
  const small = new SmallLogs();
  small.create("a");
  const get = (request: object) =>
    small.ask("read-stream", "GetLogEvents", { logGroupName: "a", logStreamName: "s", ...request });
  assert.deepEqual(
    [get({}).question.direction, get({ startFromHead: true }).question.direction],
    ["backward", "forward"],
  );
  const reply = read(get({ startFromHead: true }).reply(pageOf(event(1), event(2))));
  assert.deepEqual(reply, {
    events: [1, 2].map((timestamp) => ({ timestamp, message: `m${timestamp}`, ingestionTime: now })),
    nextForwardToken: `f/${eventIdOf(event(2))}/s`,
    nextBackwardToken: `b/${eventIdOf(event(1))}/s`,
  });
  for (const nextToken of [reply.nextForwardToken, reply.nextBackwardToken]) {
    const next = get({ nextToken, startFromHead: true });
    assert.equal(next.question.direction, nextToken === reply.nextForwardToken ? "forward" : "backward");
    const end = read(next.reply(nothing));
    assert.ok(Object.values(end).includes(must(nextToken, "a token")), "the same token again");
  }
  // From the end, the other token leads back over the last event.
  const end = read(get({ nextToken: reply.nextForwardToken }).reply(nothing));
  assert.deepEqual(get({ nextToken: end.nextBackwardToken }).question.from, { timestamp: 2, batch: 9, index: 1 });
  const empty = read(get({ startFromHead: true }).reply(nothing));
  assert.deepEqual(get({ nextToken: empty.nextForwardToken }).question.from, { timestamp: 0, batch: 0, index: 0 });
});

test("FilterLogEvents and DescribeLogStreams go on behind the last of a page", () => {
  const small = new SmallLogs();
  small.create("a");
  const filter = (request: object) => small.ask("read-group", "FilterLogEvents", { logGroupName: "a", ...request });
  const text = filteredEventsText([event(1)]);
  const page = read(filter({ filterPattern: "x", limit: 1 }).reply({ text, next: event(3) }));
  assert.deepEqual(filter({ nextToken: page.nextToken }).question.after, { timestamp: 3, batch: 9, index: 0 });
  assert.deepEqual(read(filter({}).reply({ text, next: null })), {
    events: [{ logStreamName: "s", timestamp: 1, message: "m1", ingestionTime: now, eventId: eventIdOf(event(1)) }],
    searchedLogStreams: [],
  });
  const describe = (request: object) =>
    small.ask("describe-streams", "DescribeLogStreams", { logGroupName: "a", ...request });
  const stream: StoredStream = {
    name: "s/1",
    creationTime: 1,
    firstEventTimestamp: 2,
    lastEventTimestamp: 3,
    lastIngestionTime: 4,
  };
  const streams = describe({ orderBy: "LastEventTime" }).reply({ streams: [stream], more: true }) as {
    nextToken: string;
  };
  const after = describe({ orderBy: "LastEventTime", nextToken: streams.nextToken }).question.after;
  assert.deepEqual(after, { name: "s/1", lastEventTimestamp: 3 });
  assert.throws(() => describe({ nextToken: streams.nextToken }), /nextToken is invalid/);
  assert.deepEqual(describe({}).reply({ streams: [stream], more: false }), {
    logStreams: [
      {
        logStreamName: "s/1",
        creationTime: 1,
        firstEventTimestamp: 2,
        lastEventTimestamp: 3,
        lastIngestionTime: 4,
        arn: `${arn}a:log-stream:s/1`,
        storedBytes: 0,
      },
    ],
  });
});

test("StartLiveTail follows groups, and tells of their events as AWS does", () => {
  const small = new SmallLogs();
  small.create("a");
  const request = { logGroupIdentifiers: [`${arn}a:*`], logStreamNamePrefixes: ["s"], logEventFilterPattern: "x" };
  const { question, started, update } = small.ask("follow", "StartLiveTail", request);
  const groupId = must(question.groups[0], "a group").id;
  assert.deepEqual(question, {
    groups: [{ id: groupId, name: "a", retentionDays: null }],
    streamNames: null,
    streamNamePrefixes: ["s"],
    filterPattern: "x",
  });
  assert.deepEqual(started("session", "request"), {
    requestId: "request",
    sessionId: "session",
    logGroupIdentifiers: [`${arn}a`],
    logStreamNames: [],
    logStreamNamePrefixes: ["s"],
    logEventFilterPattern: "x",
  });
  const followed = { groupId, streamName: "s1", timestamp: 1, ingestionTime: 2, message: "x" };
  assert.deepEqual(update({ events: [followed], sampled: true }), {
    sessionMetadata: { sampled: true },
    sessionResults: [
      { logStreamName: "s1", logGroupIdentifier: "123456789012:a", message: "x", timestamp: 1, ingestionTime: 2 },
    ],
  });
});
