import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSources } from "../scripts/sources.ts";
import { pageViolations, tidyViolations } from "../scripts/tidy.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, "utf8");
const pageFiles = globSync(["*.md", "docs/**/*.md"], { cwd: root }).sort();
const pages = new Map(pageFiles.map((file) => [file, read(file)]));

test("the sources are tidy", () => {
  assert.deepEqual(tidyViolations(readSources(root), read("package.json")), []);
});

test("the pages have one title each, their links lead somewhere, and decisions are dated", () => {
  assert.deepEqual(
    pageViolations(pages, (path) => existsSync(`${root}${path}`)),
    [],
  );
});

test("docs/decisions/0002-dependencies.md names every package with its version and licence, and no other", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const { packages } = JSON.parse(read("package-lock.json"));
  const wanted = Object.entries<string>({ ...dependencies, ...devDependencies })
    .map(([name, version]) => `${name} ${version} ${packages[`node_modules/${name}`]?.license}`)
    .sort();
  const rows = [...read("docs/decisions/0002-dependencies.md").matchAll(/^\| `([^`]+)` \| ([\d.]+) \| ([^|]+?) \|/gm)];
  assert.deepEqual(rows.map(([, name, version, licence]) => `${name} ${version} ${licence}`).sort(), wanted);
});

test("versions of packages are exact", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const loose = Object.entries<string>({ ...dependencies, ...devDependencies }).filter(
    ([, v]) => !/^\d+\.\d+\.\d+$/.test(v),
  );
  assert.deepEqual(loose, []);
});
