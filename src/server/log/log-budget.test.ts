import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "../../lib/log-events.ts";
import { LogBudget, type LogCause } from "./log-budget.ts";

const cause = (kind: string, event: LogEvent = "agent-refused"): LogCause => ({ level: "warn", event, kind });
const at = Date.UTC(2030, 0, 1);

/** How many of `lines` of the cause are written at one moment. */
const written = (budget: LogBudget, of: LogCause, lines: number, now: number): number =>
  Array.from({ length: lines }, () => budget.allows(of, now)).filter(Boolean).length;

test("the first 60 lines of a cause are written, then ten a minute, and the rest are counted", () => {
  const budget = new LogBudget();
  assert.equal(written(budget, cause("refused"), 100_000, at), 60);
  assert.deepEqual(budget.take(at + 30_000), [{ ...cause("refused"), lines: 99_940, seconds: 30 }]);
  assert.deepEqual(budget.take(at + 30_000), []);
  assert.equal(written(budget, cause("refused"), 1_000, at + 60_000), 10);
  assert.equal(written(budget, cause("refused"), 1_000, at + 3_600_000), 60);
});

test("a noisy cause doesn't silence another; kinds and levels are separate causes", () => {
  const budget = new LogBudget();
  written(budget, cause("TypeError"), 1_000, at);
  assert.equal(written(budget, cause("RangeError"), 5, at), 5);
  assert.equal(written(budget, { ...cause("TypeError"), level: "error" }, 5, at), 5);
  assert.equal(written(budget, cause("TypeError", "call-failed"), 5, at), 5);
});

test("made-up causes share one budget, and are forgotten when they are over", () => {
  const budget = new LogBudget();
  for (let made = 0; made < 1_000; made++) written(budget, cause(`made up ${made}`), 1, at);
  const more = Array.from({ length: 5_000 }, (_, made) => written(budget, cause(`more ${made}`), 1, at));
  assert.equal(more.filter((lines) => lines === 1).length, 60);
  assert.deepEqual(budget.take(at), [{ ...cause("", "log-causes-many"), lines: 4_940, seconds: 1 }]);
  budget.take(at + 3_600_000);
  assert.equal(written(budget, cause("another"), 60, at + 3_600_000), 60);
  assert.equal(written(budget, cause("one more"), 60, at + 3_600_000), 60);
});
