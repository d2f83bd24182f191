import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceKind } from "./service.ts";

test("an impediment that an earlier version stored as text is dropped, and the next look finds out again", () => {
  const stored = {
    name: "web",
    impediment: { message: "was unable to place a task.", isOfBalance: false, since: 5 },
    impedimentsTold: [{ message: "was unable to place a task.", at: 5 }],
  };
  assert.deepEqual(serviceKind.upgrade?.(stored, 1), { name: "web", impediment: null, impedimentsTold: [] });
});

test("a service of today is loaded unchanged", () => {
  const impediment = { reason: { type: "no-instances" }, isOfBalance: false, since: 5 };
  const stored = { name: "web", impediment, impedimentsTold: [{ news: "no-instances", at: 5 }] };
  assert.deepEqual(serviceKind.upgrade?.(stored, 1), stored);
});
