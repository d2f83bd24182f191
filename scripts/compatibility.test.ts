import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { apiOperations, ecs } from "../src/wire/services.ts";
import { compatibilityPage, statusOf } from "./compatibility.ts";

test("docs/compatibility.md matches the table of operations and the source", () => {
  const page = readFileSync(new URL("../docs/compatibility.md", import.meta.url), "utf8");
  assert.equal(page, compatibilityPage(), "the page is stale: run node scripts/compatibility.ts");
});

test("every operation has one row", () => {
  // The sections of other services come behind, and have operations of the same names.
  const [ofEcs = ""] = compatibilityPage().split("\n## AWS ");
  const lines = ofEcs.split("\n");
  for (const { name, row } of apiOperations(ecs).values()) {
    assert.equal(lines.filter((line) => line.startsWith(`| ${name} | ${statusOf(row)} |`)).length, 1, name);
  }
});
