// The tables are in scripts/architecture.ts; tests/violations.test.ts shows that each rule can fail.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  architectureViolations,
  homes,
  mayImport,
  rulebookFolderOf,
  rulebookMayImport,
  testSupport,
} from "../scripts/architecture.ts";
import { importsOf, isTest, readSources } from "../scripts/sources.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = readSources(root);
const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const packages = Object.keys({ ...dependencies, ...devDependencies });

test("imports go down, each package stays in its home, and there are no cycles", () => {
  assert.deepEqual(architectureViolations(sources, packages), []);
});

test("the import reader sees every import of the sources", () => {
  for (const [file, text] of sources) {
    const written = text.match(/^import\b/gm)?.length ?? 0;
    const seen = importsOf(file, text).filter(({ dynamic }) => !dynamic).length;
    assert.ok(seen >= written, `${file}: ${written} imports are written, ${seen} were read`);
  }
});

test("the rulebook has layers: each row imports only rows above it, and all that it lists", () => {
  const used = new Map<string, Set<string>>();
  for (const [file, text] of sources) {
    if (!file.startsWith("src/ecs/") || isTest(file) || testSupport.includes(file)) continue;
    const from = rulebookFolderOf(file);
    const folders = used.get(from) ?? new Set();
    used.set(from, folders);
    for (const { target } of importsOf(file, text)) {
      if (target.startsWith("src/ecs/") && rulebookFolderOf(target) !== from) folders.add(rulebookFolderOf(target));
    }
  }
  const rows = Object.keys(rulebookMayImport);
  assert.deepEqual(new Set(rows), new Set(used.keys()));
  for (const [folder, imported] of Object.entries(rulebookMayImport)) {
    assert.deepEqual([...imported].sort(), [...(used.get(folder) ?? [])].sort(), folder);
    for (const other of imported) assert.ok(rows.indexOf(other) < rows.indexOf(folder), `${folder} above ${other}`);
  }
});

test("the drawing of the rulebook shows its folders, none below what it imports", () => {
  const page = readFileSync(`${root}docs/architecture.md`, "utf8");
  const drawing = /## Inside the rulebook\n+```text\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const layerOf = new Map<string, number>();
  for (const [layer, lines] of drawing.split(/ -{20,}\n/).entries()) {
    for (const [, folder = ""] of lines.replace("src/ecs/", "").matchAll(/([a-z-]+)\/|\bground\b/g)) {
      layerOf.set(folder === "" ? "ground" : folder, layer);
    }
  }
  assert.deepEqual(new Set(layerOf.keys()), new Set(Object.keys(rulebookMayImport)));
  for (const [folder, imported] of Object.entries(rulebookMayImport)) {
    const layer = layerOf.get(folder) ?? 0;
    for (const other of imported) assert.ok((layerOf.get(other) ?? 0) >= layer, `${folder} is drawn below ${other}`);
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
