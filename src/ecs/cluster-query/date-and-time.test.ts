import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dateAndTime, secondsOf } from "./date-and-time.ts";

test("the documented forms are read", () => {
  const seconds = Date.UTC(2018, 5, 18, 22, 28, 28) / 1_000;
  for (const form of ["2018-06-18T22:28:28+00:00", "2018-06-18T22:28:28Z", "2018-06-18T22:28:28"]) {
    assert.equal(secondsOf(form), seconds, form);
  }
  assert.equal(secondsOf("2018-06-18"), Date.UTC(2018, 5, 18) / 1_000);
  assert.equal(secondsOf("2018-06-18T22:28:28+02:30"), seconds - 9_000);
  assert.equal(secondsOf("2018-06-18T22:28:28-02:30"), seconds + 9_000);
  assert.equal(secondsOf("2024-02-29"), Date.UTC(2024, 1, 29) / 1_000);
});

test("every second is read and written as in JavaScript", () => {
  const seconds = fc.integer({ min: Date.UTC(1970) / 1_000, max: Date.UTC(2399, 11, 31) / 1_000 });
  const agrees = fc.property(seconds, (second) => {
    const text = `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
    assert.equal(secondsOf(text), second);
    assert.equal(dateAndTime(second), text);
  });
  fc.assert(agrees, { numRuns: 2_000 });
});

test("invalid dates are null", () => {
  const wrong = [
    "2018-6-18",
    "2018-02-29",
    "1900-02-29",
    "2018-13-01",
    "2018-00-01",
    "2018-01-00",
    "2018-06-31",
    "0000-01-01",
  ];
  const times = [
    "T24:00:00Z",
    "T00:60:00Z",
    "T00:00:60Z",
    "T00:00",
    "T00:00:00+1:00",
    "T00:00:00+24:00",
    "T00:00:00.5Z",
    "Z",
  ];
  for (const text of [...wrong, ...times.map((time) => `2018-06-18${time}`), "", "now", "1529360908"]) {
    assert.equal(secondsOf(text), null, text);
  }
});
