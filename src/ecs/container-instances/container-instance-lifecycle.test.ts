import assert from "node:assert/strict";
import { test } from "node:test";
import { containerInstanceStatuses } from "../documents/container-instance.ts";
import { instanceSignals, instanceTransition } from "./container-instance-lifecycle.ts";

// Every cell: a row per status, in the order of `instanceSignals`; `=` stays, `x` is refused, `.` is ignored.
const table: Readonly<Record<string, string>> = {
  //                    re  re+t at failed rem  act drain dereg +trunk connect
  REGISTERING: "=   =   A  F      F    x   x     I     D      =",
  REGISTRATION_FAILED: "A   R   .  .      .    x   x     I     D      =",
  ACTIVE: "=   =   .  .      .    =   DR    I     D      =",
  DRAINING: "=   =   .  .      .    A   =     I     D      =",
  DEREGISTERING: "x   x   .  .      I    x   x     .     .      x",
  INACTIVE: "x   x   .  .      .    x   x     x     x      x",
};
const names: Readonly<Record<string, string>> = {
  A: "ACTIVE",
  R: "REGISTERING",
  F: "REGISTRATION_FAILED",
  DR: "DRAINING",
  D: "DEREGISTERING",
  I: "INACTIVE",
  x: "refused",
  ".": "ignored",
};

for (const status of containerInstanceStatuses) {
  test(`every signal to an instance that is ${status}`, () => {
    const cells = (table[status] ?? "").split(/ +/);
    assert.equal(cells.length, instanceSignals.length);
    for (const [i, signal] of instanceSignals.entries()) {
      const cell = cells[i] ?? "";
      assert.equal(instanceTransition(status, signal), cell === "=" ? status : names[cell], `${status} and ${signal}`);
    }
  });
}

test("INACTIVE is final, and only a re-registration makes a REGISTRATION_FAILED instance ACTIVE", () => {
  const nexts = (status: (typeof containerInstanceStatuses)[number]) =>
    new Set(instanceSignals.map((signal) => instanceTransition(status, signal)));
  assert.deepEqual(nexts("INACTIVE"), new Set(["refused", "ignored"]));
  assert.equal(instanceTransition("REGISTRATION_FAILED", "trunk-attached"), "ignored");
});
