// The tables stand in scripts/architecture.ts; tests/violations.test.ts shows that each rule can fail.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { architectureViolations, homes, mayImport, testSupport } from "../scripts/architecture.ts";
import { importsOf, readSources } from "../scripts/sources.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = readSources(root);
const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const packages = Object.keys({ ...dependencies, ...devDependencies });

test("imports go down, each package stays in its home, and nothing runs in a circle", () => {
  assert.deepEqual(architectureViolations(sources, packages), []);
});

test("every import of the sources is seen by the reader of imports", () => {
  for (const [file, text] of sources) {
    const written = text.match(/^import\b/gm)?.length ?? 0;
    const seen = importsOf(file, text).filter(({ dynamic }) => !dynamic).length;
    assert.ok(seen >= written, `${file}: ${written} imports are written, ${seen} were read`);
  }
});

test("the tables name only what exists", () => {
  const folders = new Set(
    [...sources.keys()].filter((file) => file.startsWith("src/")).map((file) => file.split("/")[1]),
  );
  assert.deepEqual(new Set(Object.keys(mayImport)), folders);
  for (const file of testSupport) assert.ok(sources.has(file), file);
  const outside = Object.keys(homes).filter((name) => !name.startsWith("node:") && !packages.includes(name));
  assert.deepEqual(outside, []);
});
