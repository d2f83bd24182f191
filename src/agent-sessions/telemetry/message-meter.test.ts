import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageMeters } from "./message-meter.ts";

const burst = 5_000;

/** How many empty messages a new connection of the agent may send at once. */
function sendsAtOnce(meters: MessageMeters, agent: string, now: number): number {
  const meter = meters.opened(agent, now);
  let sent = 0;
  while (sent <= burst && meter.take(0, now)) sent += 1;
  return sent;
}

test("an agent that reconnects, or opens a second connection, gets no new allowance", () => {
  const meters = new MessageMeters();
  assert.equal(sendsAtOnce(meters, "a", 0), burst);
  assert.equal(sendsAtOnce(meters, "a", 0), 0);
  assert.equal(sendsAtOnce(meters, "b", 0), burst, "another agent's is its own");
  meters.closed("a", 0);
  meters.closed("a", 0);
  assert.equal(sendsAtOnce(meters, "a", 0), 0);
  meters.closed("a", 0);
  // Those that were one too many count, too.
  assert.equal(sendsAtOnce(meters, "a", 2_000), 997, "it refills meanwhile");
});

test("agents that have gone are forgotten when their allowance is full again, and beyond a number at once", () => {
  const meters = new MessageMeters();
  for (let agent = 0; agent < 50_000; agent++) {
    meters.opened(String(agent), 0);
    meters.closed(String(agent), 0);
  }
  assert.equal(meters.size, 20_000);
  meters.opened("last", 10_000);
  meters.closed("last", 10_000);
  assert.equal(meters.size, 1);
});
