import assert from "node:assert/strict";
import { test } from "node:test";
import { ecsTimeline } from "../src/ecs/timeline.ts";
import { durationText, withTimeline } from "./timeline-section.ts";

test("times are given in their largest unit", () => {
  const said = [200, 15_000, 900_000, 3_600_000, 7_776_000_000, 1_500].map(durationText);
  assert.deepEqual(said, ["200 ms", "15 s", "15 min", "1 h", "90 d", "1500 ms"]);
});

test("the table has every time with its value and meaning, and replaces only what is between the markers", () => {
  const begin = "<!-- timeline: made by scripts/generate.ts, do not edit -->";
  const page = withTimeline(`before\n${begin}\nold\n<!-- end of timeline -->\nafter\n`);
  assert.match(page, /^before\n/);
  assert.match(page, /\nafter\n$/);
  assert.doesNotMatch(page, /\nold\n/);
  for (const name of Object.keys(ecsTimeline))
    assert.match(page, new RegExp(`\\| \`${name}\` \\| [\\d,]+ \\| .+ \\| \\S`));
  assert.match(page, /\| `healthyHoldMs` \| 40,000 \| 40 s \| AWS: /);
  assert.match(page, /\| `inactiveInstanceRetentionMs` \| 3,600,000 \| 1 h \| AWS: INACTIVE container instances /);
});
