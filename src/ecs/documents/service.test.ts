import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceKind } from "./service.ts";

test("what was in the way of a service in an earlier version, as a text, is left for the next look to find out", () => {
  const stored = {
    name: "web",
    impediment: { message: "was unable to place a task.", isOfBalance: false, since: 5 },
    impedimentsTold: [{ message: "was unable to place a task.", at: 5 }],
  };
  assert.deepEqual(serviceKind.upgrade?.(stored, 1), { name: "web", impediment: null, impedimentsTold: [] });
});

test("a service of today is taken as it is", () => {
  const impediment = { reason: { type: "no-instances" }, isOfBalance: false, since: 5 };
  const stored = { name: "web", impediment, impedimentsTold: [{ news: "no-instances", at: 5 }] };
  assert.deepEqual(serviceKind.upgrade?.(stored, 1), stored);
});
