import assert from "node:assert/strict";
import { test } from "node:test";
import { allActions, withRoles } from "./roles-section.ts";

test("the table has every action once, with the roles that may call it", () => {
  const page = withRoles(
    "before\n<!-- roles: made by scripts/generate.ts, do not edit -->\nold\n<!-- end of roles -->\n",
  );
  assert.match(page, /^before\n/);
  assert.doesNotMatch(page, /\nold\n/);
  for (const { name } of allActions()) assert.equal(page.split(`\`${name}\``).length, 2, name);
  assert.match(page, /\| admin \| operator \| read-only \| agent \| actions \|\n\|---\|---\|---\|---\|---\|\n/);
  assert.match(page, /\| yes \| {2}\| {2}\| {2}\| .*`ecs:DeleteCluster`/);
  assert.match(page, /\| yes \| {2}\| {2}\| its own \| .*`ecs:Poll`/);
  assert.match(page, /\| yes \| yes \| {2}\| {2}\| .*`ecs:RunTask`/);
});
