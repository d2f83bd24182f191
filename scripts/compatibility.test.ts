import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { operations } from "../src/wire/operations.ts";
import { compatibilityPage } from "./compatibility.ts";

test("docs/compatibility.md matches the table of operations and the source", () => {
  const page = readFileSync(new URL("../docs/compatibility.md", import.meta.url), "utf8");
  assert.equal(page, compatibilityPage(), "the page is stale: run node scripts/compatibility.ts");
});

test("every operation has one row", () => {
  const rows = compatibilityPage().split("\n");
  for (const { name, status } of operations) {
    assert.equal(rows.filter((row) => row.startsWith(`| ${name} | ${status} |`)).length, 1, name);
  }
});
