import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changeText, progressLines, type WatchedDrains } from "./drain-progress.ts";
import type { Drain, DrainPlan } from "./drain-reply.ts";
import { planText, startText } from "./drain-text.ts";

const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:container-instance/default/${id}`;
const task = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:task/default/${id}`;
const names = new Map([1, 2, 3, 4, 5].map((n) => [arn(`${n}`), `i-${n}`]));

const moves = (service: string, to: readonly string[], startsFirst = true) =>
  to.map((target, n) => ({
    taskArn: task(`${service}-${n}`),
    service,
    fromContainerInstanceArn: arn("1"),
    toContainerInstanceArn: arn(target),
    startsFirst,
  }));

describe("a plan", () => {
  const empty: DrainPlan = {
    containerInstances: [arn("1")],
    moves: [],
    stops: [],
    blockers: [],
    stays: [],
    finishes: true,
  };

  test("lists what moves and stops, by service", () => {
    const plan: DrainPlan = {
      ...empty,
      containerInstances: [arn("2"), arn("1")],
      moves: [...moves("web", ["3", "4", "3", "5", "2"]), ...moves("api", ["3"], false)],
      stops: [
        { taskArn: task("s"), service: "logs", containerInstanceArn: arn("1"), reason: "DAEMON", detail: "It goes." },
      ],
    };
    assert.deepEqual(planText(plan, names).split("\n"), [
      "i-1",
      "  moves  api   1 task   to i-3                           stops first",
      "  moves  web   5 tasks  to i-3 (2), i-2, i-4 and 1 more  replacement first",
      "  stops  logs  1 task   DAEMON                           It goes.",
      "",
      "i-2 has no tasks.",
      "",
      "The drain would finish by itself, with 6 tasks moved.",
      "",
    ]);
  });

  test("lists what cannot leave", () => {
    const blocked = (id: string) => ({
      taskArn: task(id),
      service: "db",
      containerInstanceArn: arn("1"),
      reason: "PERCENTAGES",
      detail: "Minimum and maximum are 100.",
    });
    const stays = ["a", "b"].map((id) => ({ taskArn: task(id), containerInstanceArn: arn("1"), reason: "STANDALONE" }));
    const plan = { ...empty, blockers: [blocked("x"), blocked("y")], stays, finishes: false };
    assert.deepEqual(planText(plan, names).split("\n"), [
      "i-1",
      "  blocked  db                 2 tasks  PERCENTAGES  Minimum and maximum are 100.",
      "  stays    without a service  2 tasks  STANDALONE",
      "",
      "The drain would not finish by itself: 2 tasks are blocked, 2 tasks stay until they end.",
      "",
    ]);
    const one = planText({ ...empty, stays: stays.slice(0, 1), finishes: false }, new Map());
    assert.match(
      one,
      /^1\n {2}stays {2}task a {4}STANDALONE\n\nThe drain would not .*: 1 task stays until it ends\.\n$/,
    );
  });
});

const nowMs = 1_800_000_000_000;
const drain = (id: string, more: Partial<Drain> = {}): Drain => ({
  containerInstanceArn: arn(id),
  ec2InstanceId: `i-${id}`,
  status: "DRAINING",
  startedAt: nowMs / 1_000 - 42,
  tasksAtStart: 10,
  tasksRemaining: 5,
  remaining: [],
  blockers: [],
  finished: false,
  ...more,
});
const done = { tasksRemaining: 0, finished: true };

test("the start of a drain says what is left and what to type next", () => {
  const drains = [drain("1", { deadlineAt: nowMs / 1_000 + 600 }), drain("2", done), drain("3", { tasksRemaining: 1 })];
  assert.deepEqual(startText(drains, ["i-1", "i-2"], nowMs).split("\n"), [
    "i-1 is DRAINING: 5 tasks to go; what is left in 10:00 is stopped.",
    "i-2 is DRAINING: it is empty.",
    "i-3 is DRAINING: 1 task to go.",
    "`berth drain i-1 i-2 --watch` follows the drain, --cancel ends it.",
    "",
  ]);
  assert.equal(startText([drain("2", done)], ["i-2"], nowMs), "i-2 is DRAINING: it is empty.\n");
});

describe("progress", () => {
  const progress = (drains: readonly Drain[], more: Partial<WatchedDrains> = {}): WatchedDrains => ({
    drains,
    emptySinceMs: new Map(),
    goneTasks: new Map(),
    problem: null,
    ...more,
  });
  const space = { columns: 100, rows: 24 };
  const blocker = (id: string, since: number) => ({
    taskArn: task(id),
    service: "db",
    reason: "PERCENTAGES",
    detail: "Minimum and maximum are 100.",
    since: nowMs / 1_000 - since,
  });

  test("has a bar for each instance, with its blockers below, and the empty instances last", () => {
    const drains = [
      drain("1", done),
      drain("2", {
        blockers: [blocker("x", 5), blocker("y", 12)],
        remaining: [
          blocker("x", 5),
          blocker("y", 12),
          { ...blocker("z", 3), reason: "STOPPING" },
          { taskArn: task("v") },
        ],
        deadlineAt: nowMs / 1_000 + 60,
      }),
      drain("3", { tasksRemaining: 10, startedAt: nowMs / 1_000 - 3_700 }),
    ];
    const emptySinceMs = new Map([[arn("1"), nowMs - 12_000]]);
    assert.deepEqual(progressLines(progress(drains, { emptySinceMs }), nowMs, space), [
      "Draining 3 container instances: 15 tasks left",
      "i-2  ██████████░░░░░░░░░░  5 of 10 left   0:42     deadline in 1:00",
      "    blocked  db  2 tasks  PERCENTAGES  for 0:12  Minimum and maximum are 100.",
      "    waits    db  1 task   STOPPING     for 0:03  Minimum and maximum are 100.",
      "i-3  ░░░░░░░░░░░░░░░░░░░░  10 of 10 left  1:01:40",
      "i-1  ████████████████████  empty          0:30",
    ]);
  });

  test("shortens the ids of tasks, because there is more to say on a line", () => {
    const id = "0123456789abcdef0123456789abcdef";
    const hold = { taskArn: task(id), reason: "STANDALONE", detail: `It waits for (task ${id}).` };
    assert.equal(
      progressLines(progress([drain("1", { blockers: [hold] })]), nowMs, space)[2],
      "    blocked  task 01234567…    STANDALONE    It waits for (task 01234567…).",
    );
  });

  test("is full only if nothing is left, and allows more tasks than at the start", () => {
    const barOf = (more: Partial<Drain>): string =>
      /[█░]+/.exec(progressLines(progress([drain("1", more)]), nowMs, space)[1] ?? "")?.[0] ?? "";
    assert.equal(barOf({ tasksAtStart: 1_000, tasksRemaining: 1 }), `${"█".repeat(19)}░`);
    assert.equal(barOf({ tasksAtStart: 2, tasksRemaining: 3 }), "░".repeat(20));
    assert.equal(barOf({ tasksAtStart: 0, ...done }), "█".repeat(20));
  });

  test("fits into the terminal", () => {
    const drains = Array.from({ length: 50 }, (_, i) => drain(String(i), { blockers: [blocker("x", 1)] }));
    const lines = progressLines(progress(drains, { problem: "nobody there" }), nowMs, { columns: 30, rows: 10 });
    assert.equal(lines.length, 9);
    assert.ok(
      lines.every((line) => line.length <= 30),
      lines.join("\n"),
    );
    assert.equal(lines.at(-1), "... 94 more lines");
    const small = progressLines(progress([drain("1")], { problem: "nobody there" }), nowMs, space);
    assert.equal(small.at(-1), "No answer: nobody there");
  });

  test("fits on a line, without elapsed times", () => {
    assert.equal(changeText(drain("1")), "i-1: 5 of 10 tasks left");
    assert.equal(changeText(drain("1", done)), "i-1: empty");
    const standalone = { taskArn: task("abc"), reason: "STANDALONE" };
    const blockers = [standalone, blocker("x", 1), blocker("y", 2)];
    assert.equal(
      changeText(drain("1", { blockers, status: "ACTIVE" })),
      "i-1: 5 of 10 tasks left; is ACTIVE; blocked: db, 2 tasks (PERCENTAGES), task abc (STANDALONE)",
    );
  });
});
