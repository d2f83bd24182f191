import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestRate } from "./request-rate.ts";
import { VirtualClock } from "./virtual-clock.ts";

const rate = { perSecond: 2, burst: 3, askersMax: 2 };

function ask(limit: RequestRate, asker: string, times: number): number {
  return Array.from({ length: times }, () => limit.allows(asker)).filter(Boolean).length;
}

test("an asker gets a burst, then a steady rate, whatever others ask", async () => {
  const clock = new VirtualClock(0);
  const limit = new RequestRate(rate, clock);
  assert.equal(ask(limit, "one", 10), 3);
  assert.equal(ask(limit, "other", 10), 3);
  await clock.advance(1_000);
  assert.equal(ask(limit, "one", 10), 2);
  await clock.advance(60_000);
  assert.equal(ask(limit, "one", 10), 3);
});

test("if there are too many askers, the one that has not asked for longest is forgotten", () => {
  const limit = new RequestRate(rate, new VirtualClock(0));
  for (const asker of ["one", "two", "one", "three"]) limit.allows(asker);
  assert.equal(ask(limit, "one", 10), 1, "it is remembered");
  assert.equal(ask(limit, "two", 10), 3, "it was forgotten");
});
