import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { ApiError } from "../remote/api-error.ts";
import type { AwslogsOptions } from "./awslogs-options.ts";
import { LogStreamError } from "./cloudwatch-logs.ts";
import type { LogEvent, LogPosition } from "./log-event.ts";
import { LogGroups } from "./log-groups.ts";
import { LogStream } from "./log-stream.ts";

const line = (text: string, count = 1) => ({ timestamp: 1, text, resumeAt: { at: "t", count } });
const cut = new ApiError("ECONNREFUSED", "nobody answers", null);
const invalid = new ApiError("InvalidParameterException", "no", 400);
const missing = new ApiError("ResourceNotFoundException", "The specified log stream does not exist.", 400);

type Answer = "ok" | Error | { readonly rejected: number };

/** A stream whose calls get these answers, then success. */
function open(
  answers: Answer[] = [],
  { buffer = { bytes: 1_000, drops: false }, groups = null as LogGroups | null, canCreate = true } = {},
) {
  const clock = new VirtualClock(1_000_000);
  const sent: string[][] = [];
  const shipped: LogPosition[] = [];
  const warnings: unknown[] = [];
  let created = 0;
  const logs = {
    put: (_place: unknown, _stream: string, batch: readonly LogEvent[]) => {
      const answer = answers.shift() ?? "ok";
      if (answer instanceof Error) return Promise.reject(answer);
      sent.push(batch.map(({ text }) => text));
      return Promise.resolve(answer === "ok" ? { rejected: 0 } : answer);
    },
    createStream: () => {
      created += 1;
      return canCreate ? Promise.resolve() : Promise.reject(new LogStreamError("no"));
    },
  };
  const awslogs = { group: "g", buffer, flushMs: 5_000 } as AwslogsOptions;
  const stream = new LogStream({
    clock,
    random: seededRandom("x").stream("s"),
    log: (event, fields) => void (event !== "log-events-delayed-again" && warnings.push(fields)),
    logs,
    awslogs,
    stream: "s",
    groups,
    onShipped: (position) => shipped.push(position),
  });
  return { clock, stream, sent, shipped, warnings, created: () => created };
}

describe("a log stream", () => {
  it("sends the first line at once, and what comes within a fifth of a second together", async () => {
    const { clock, stream, sent, shipped } = open();
    for (const text of ["a", "b", "c"]) await stream.write(line(text));
    await clock.advance(0);
    assert.deepEqual(sent, [["a"]]);
    await clock.advance(199);
    assert.equal(sent.length, 1);
    await clock.advance(1);
    assert.deepEqual(sent, [["a"], ["b", "c"]]);
    assert.equal(shipped.length, 2);
  });

  it("keeps lines while nobody answers, and sends them in order", async () => {
    const { clock, stream, sent, shipped, warnings } = open([cut, cut, cut]);
    await stream.write(line("a", 1));
    await clock.advance(100);
    await stream.write(line("b", 2));
    assert.deepEqual([sent, shipped], [[], []]);
    await clock.advance(60_000);
    assert.deepEqual(sent, [["a", "b"]]);
    assert.deepEqual(shipped, [{ at: "t", count: 2 }]);
    assert.equal(warnings.length, 1, "said once");
  });

  it("lets its writer wait when it is full, and loses nothing", async () => {
    const { clock, stream, sent } = open(Array<Answer>(5).fill(cut));
    let written = 0;
    const writing = (async () => {
      for (let index = 0; index < 20; index++) {
        await stream.write(line(`${index}`.padEnd(80)));
        written += 1;
      }
    })();
    await clock.advance(1_000);
    assert.ok(written < 12, String(written));
    await clock.advance(600_000);
    await writing;
    assert.deepEqual(
      sent.flat().map((text) => text.trim()),
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    assert.equal(stream.dropped, 0);
  });

  it("drops what does not fit if it must not hold up its writer, counts it, and says so once a minute", async () => {
    const { clock, stream, sent, warnings } = open([cut], { buffer: { bytes: 300, drops: true } });
    for (let index = 0; index < 10; index++) await stream.write(line(`${index}`.padEnd(74)));
    assert.equal(stream.dropped, 7);
    assert.equal(warnings.filter((fields) => "dropped" in Object(fields)).length, 1);
    await clock.advance(60_000);
    assert.deepEqual(
      sent.flat().map((text) => text.trim()),
      ["0", "1", "2"],
    );
  });

  it("drops a batch that is refused for good, and goes on", async () => {
    const { clock, stream, sent, shipped } = open([invalid]);
    await stream.write(line("bad"));
    await clock.advance(1_000);
    await stream.write(line("good", 2));
    await clock.advance(1_000);
    assert.deepEqual([sent, stream.dropped, shipped.length], [[["good"]], 1, 2]);
  });

  it("counts events that CloudWatch Logs takes no more", async () => {
    const { clock, stream } = open([{ rejected: 1 }]);
    await stream.write(line("old"));
    await clock.advance(0);
    assert.equal(stream.dropped, 1);
  });

  it("makes a stream again that somebody deleted, and gives up if that is no longer possible", async () => {
    const again = open([missing]);
    await again.stream.write(line("a"));
    await again.clock.advance(0);
    assert.deepEqual([again.sent, again.created()], [[["a"]], 1]);
    const gone = open([missing], { canCreate: false });
    await gone.stream.write(line("a"));
    await gone.clock.advance(0);
    assert.deepEqual([gone.sent, gone.stream.dropped], [[], 1]);
  });

  it("waits for credentials that are missing or expired", async () => {
    const expired = new ApiError("ExpiredTokenException", "expired", 400);
    const { clock, stream, sent } = open([new ApiError("NoCredentials", "not yet", null), expired]);
    await stream.write(line("a"));
    await clock.advance(5_000);
    assert.deepEqual(sent, [["a"]]);
  });

  it("is flushed at once, with the lines of an unfinished event", async () => {
    const { clock, stream, sent } = open([], { groups: new LogGroups((text) => text.startsWith("#")) });
    for (const text of ["# one", "more", "# two"]) await stream.write(line(text));
    const flushed = stream.flush(5_000);
    await clock.advance(0);
    assert.equal(await flushed, true);
    assert.deepEqual(sent.flat(), ["# one\nmore\n", "# two\n"]);
  });

  it("sends an event of several lines when no other line has come for five seconds", async () => {
    const { clock, stream, sent } = open([], { groups: new LogGroups((text) => text.startsWith("#")) });
    await stream.write(line("# one"));
    await clock.advance(4_999);
    assert.deepEqual(sent, []);
    await clock.advance(1);
    assert.deepEqual(sent, [["# one\n"]]);
  });

  it("ends a flush in time although nobody answers, and sends the rest later", async () => {
    const { clock, stream, sent } = open(Array<Answer>(8).fill(cut));
    await stream.write(line("a"));
    const flushed = stream.flush(5_000);
    await clock.advance(5_000);
    assert.equal(await flushed, false);
    await clock.advance(120_000);
    assert.deepEqual(sent, [["a"]]);
  });

  it("sends nothing after its end, and lets go of its writer", async () => {
    const { clock, stream, sent, shipped } = open(Array<Answer>(8).fill(cut));
    for (let index = 0; index < 10; index++) await stream.write(line("x".repeat(70)));
    const waiting = stream.write(line("too much".padEnd(900)));
    stream.close();
    await waiting;
    await clock.advance(120_000);
    assert.deepEqual([sent, shipped, stream.dropped], [[], [], 0]);
  });
});
