import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Clock } from "../../lib/clock.ts";
import { CallFailedError } from "../call-failed-error.ts";
import type { Drain, DrainsReply } from "./drain-reply.ts";
import { type DrainScreen, jsonScreen, lineScreen, terminalScreen } from "./drain-screen.ts";
import { watchDrains } from "./drain-watch.ts";

const startMs = 1_800_000_000_000;
const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:container-instance/default/${id}`;
const drain = (id: string, tasksRemaining: number, more: Partial<Drain> = {}): Drain => ({
  containerInstanceArn: arn(id),
  ec2InstanceId: `i-${id}`,
  status: "DRAINING",
  startedAt: startMs / 1_000,
  tasksAtStart: 4,
  tasksRemaining,
  remaining: [],
  blockers: [],
  finished: tasksRemaining === 0,
  ...more,
});
const reply = (...drains: readonly Drain[]): DrainsReply => ({ drains, failures: [] });

/** A clock whose timers fire at once, at the time that they were set for. */
function leapingClock(): Clock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    wall: () => nowMs,
    setTimer(delayMs, fire) {
      let isSet = true;
      setImmediate(() => {
        if (!isSet) return;
        nowMs += delayMs;
        fire();
      });
      return {
        cancel: () => {
          isSet = false;
        },
      };
    },
    defer: () => assert.fail("not used"),
  };
}

type Look = DrainsReply | Error | (() => DrainsReply);

/** Watches with these answers, repeating the last one. Returns the end and the output. */
async function watched(
  looks: readonly Look[],
  screenOf: (write: (text: string) => void) => DrainScreen,
  { timeoutMs = null, abort }: { readonly timeoutMs?: number | null; readonly abort?: AbortController } = {},
) {
  let written = "";
  let at = 0;
  const end = await watchDrains({
    describe: async () => {
      const look = looks[Math.min(at++, looks.length - 1)];
      assert.ok(look !== undefined);
      if (look instanceof Error) throw look;
      return typeof look === "function" ? look() : look;
    },
    screen: screenOf((text) => {
      written += text;
    }),
    clock: leapingClock(),
    timeoutMs,
    signal: (abort ?? new AbortController()).signal,
  });
  return { end, written, looks: at };
}

const asLines = (write: (text: string) => void): DrainScreen => lineScreen(write, startMs, ["i-1"]);

test("a line for each change, until all are empty", async () => {
  const blockers = [{ taskArn: "t/1", service: "web", reason: "CAPACITY", detail: "No room.", since: startMs / 1_000 }];
  const { end, written, looks } = await watched(
    [
      reply(drain("2", 2), drain("1", 4)),
      reply(drain("2", 2), drain("1", 4)),
      reply(drain("2", 0), drain("1", 3, { blockers })),
      reply(drain("2", 0), drain("1", 0)),
    ],
    asLines,
  );
  assert.deepEqual([end, looks], ["finished", 4]);
  assert.deepEqual(written.split("\n"), [
    "0:00  i-1: 4 of 4 tasks left",
    "0:00  i-2: 2 of 4 tasks left",
    "0:02  i-1: 3 of 4 tasks left; blocked: web, 1 task (CAPACITY)",
    "0:02  i-2: empty",
    "0:03  i-1: empty",
    "All 2 drains are finished.",
    "",
  ]);
});

test("the last frame says what moved and what ended", async () => {
  const web = (id: string) => ({ taskArn: `t/${id}`, service: "web" });
  const looks = [
    reply(drain("1", 4, { remaining: [web("1"), web("2"), { taskArn: "t/3" }, web("4")] })),
    // One arrives while it drains, as StartTask allows.
    reply(drain("1", 3, { remaining: [web("2"), { taskArn: "t/3" }, web("5")] })),
    reply(drain("1", 0)),
  ];
  assert.match(
    (await watched(looks, asLines)).written,
    /i-1: empty \(moved web 4 tasks, ended task 3\)\nThe drain is finished\.\n$/,
  );
  const onTerminal = (write: (text: string) => void) =>
    terminalScreen(write, () => ({ columns: 80, rows: 24 }), ["i-1"]);
  const frames = (await watched(looks, onTerminal)).written.split("\u001b[3A");
  const last = stripVTControlCharacters(frames.at(-1) ?? "");
  assert.match(
    last,
    /i-1 {2}█{20} {2}empty .*\n {4}moved {2}web {5}4 tasks\n {4}ended {2}task 3\nThe drain is finished\.\n$/,
  );
});

test("when the time is up, the end says what is left and that the drain continues", async () => {
  const { end, written, looks } = await watched([reply(drain("1", 1))], asLines, { timeoutMs: 2_500 });
  assert.deepEqual([end, looks], ["timed-out", 4]);
  assert.match(written, /Not empty in time: i-1\. The drain goes on: `berth drain i-1 --watch`/);
});

test("to stop watching stops nothing else, either between two looks or within one", async () => {
  const between = new AbortController();
  const lines = (write: (text: string) => void): DrainScreen => {
    const screen = asLines(write);
    return {
      ...screen,
      show(...shown) {
        screen.show(...shown);
        between.abort();
      },
    };
  };
  const one = await watched([reply(drain("1", 1))], lines, { abort: between });
  assert.deepEqual([one.end, one.looks], ["interrupted", 1]);
  assert.match(
    one.written,
    /The drain goes on without you: `berth drain i-1 --watch` follows it again, --cancel ends it\.\n$/,
  );
  const within = new AbortController();
  const look = (): DrainsReply => {
    within.abort();
    throw new Error("cut off");
  };
  const other = await watched([look], asLines, { abort: within });
  assert.equal(other.end, "interrupted");
});

test("a server that is away is waited for; a wrong call is not repeated", async () => {
  const away = new CallFailedError("nobody there", { mayPass: true });
  const { end, written } = await watched([reply(drain("1", 2)), away, away, reply(drain("1", 0))], asLines);
  assert.equal(end, "finished");
  assert.deepEqual(written.split("\n").slice(0, -2), [
    "0:00  i-1: 2 of 4 tasks left",
    "0:01  No answer: nobody there",
    "0:03  i-1: empty",
  ]);
  const wrong = new CallFailedError("no such cluster", { mayPass: false });
  await assert.rejects(watched([reply(drain("1", 2)), wrong], asLines), /no such cluster/);
});

test("a drain ends if somebody cancels it or removes its instance before it is empty", async () => {
  const cancelled = await watched([reply(drain("1", 2)), reply(drain("1", 2, { status: "ACTIVE" }))], asLines);
  assert.equal(cancelled.end, "cancelled");
  assert.match(cancelled.written, /Not empty, and no longer draining: i-1 \(ACTIVE\)\.\n$/);
  const missing: DrainsReply = { drains: [], failures: [{ arn: arn("1"), reason: "MISSING" }] };
  const taken = await watched([reply(drain("1", 2)), missing], asLines);
  assert.equal(taken.end, "cancelled");
  assert.match(taken.written, /i-1 \(MISSING\)/);
  assert.equal((await watched([missing], asLines)).end, "cancelled");
});

test("an instance that is deregistered once it is empty counts as drained", async () => {
  const gone: DrainsReply = { drains: [drain("2", 0)], failures: [{ arn: arn("1"), reason: "MISSING" }] };
  const { end, written } = await watched([reply(drain("1", 0), drain("2", 1)), gone], asLines);
  assert.equal(end, "finished");
  assert.equal(written.match(/i-1: empty/g)?.length, 1);
});

test("for programs: JSON for each change in the form of DescribeDrain, and an end", async () => {
  const looks = [reply(drain("1", 2)), reply(drain("1", 2)), reply(drain("1", 0))];
  const { written } = await watched(looks, jsonScreen);
  const lines = written.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { event: "drain", ...drain("1", 2) },
      { event: "drain", ...drain("1", 0) },
      { event: "end", why: "finished", unfinished: [] },
    ],
  );
});

test("on a terminal the new lines replace the old ones", async () => {
  const screen = (write: (text: string) => void) => terminalScreen(write, () => ({ columns: 80, rows: 24 }), ["i-1"]);
  const { written } = await watched([reply(drain("1", 2), drain("2", 1)), reply(drain("1", 0), drain("2", 0))], screen);
  // What a terminal does with it: up, over the old line, and cleared below.
  const rows: string[] = [];
  let row = 0;
  const parts = written.replaceAll("\u001b", "~").match(/~\[\d*[AKJ]|\r|\n|[^~\r\n]+/g) ?? [];
  for (const part of parts) {
    const [, count, command] = /^~\[(\d*)([AKJ])$/.exec(part) ?? [];
    if (command === "A") row -= Number(count);
    else if (command === "J") rows.length = row;
    else if (part === "\n") row += 1;
    else if (command === undefined && part !== "\r") rows[row] = part;
  }
  assert.deepEqual(rows, [
    "Draining 2 container instances: no tasks left",
    `i-1  ${"█".repeat(20)}  empty  0:01`,
    `i-2  ${"█".repeat(20)}  empty  0:01`,
    "All 2 drains are finished.",
  ]);
});
