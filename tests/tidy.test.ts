import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { testSupport } from "../scripts/architecture.ts";
import { plainCommentViolations, plainEnglishViolations, plainFolders, telltales } from "../scripts/plain-english.ts";
import { readSources } from "../scripts/sources.ts";
import { testsWithoutAssertion } from "../scripts/test-assertions.ts";
import { pageViolations, tidyViolations } from "../scripts/tidy.ts";
import { timedWaits, timedWaitViolations } from "../scripts/timed-waits.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, "utf8");
const pageFiles = globSync(["*.md", "docs/**/*.md"], { cwd: root }).sort();
const pages = new Map(pageFiles.map((file) => [file, read(file)]));

test("the sources are tidy", () => {
  assert.deepEqual(tidyViolations(readSources(root), read("package.json")), []);
});

test("every test asserts something", () => {
  const isHelper = (file: string): boolean => testSupport.includes(file) || file === "src/lib/assert.ts";
  assert.deepEqual(testsWithoutAssertion(readSources(root), isHelper), []);
});

test("a test whose body asserts nothing is found, and one that asserts by a helper is not", () => {
  const text = `import assert from "node:assert/strict";
 import { checks, does as acts, World } from "./world.ts";
const doubled = (n: number): number => n * 2;
const expectTwo = (n: number): void => assert.equal(doubled(n), 2);
test("asserts itself", () => { assert.ok(true); });
test("says assert in a comment", () => {
  // assert.ok(true)
  doubled(1);
});
test("asserts by a function", () => expectTwo(1));
it("asserts by an import", async () => { await checks(1); });
it("only acts", async () => { await acts(); log("assert.ok"); });
test("asserts by a method", () => new World().expectRest());
test("only calls", () => { new World().run(\`\${doubled(2)} throw\`); });
test("is not for here", { skip: "no engine" }, () => {});
test("is empty", () => {});`;
  const world = `export async function checks(n: number): Promise<void> { deep(n); }
function deep(n: number): { readonly n: number } {
  if (n > 1) throw new Error(/throw "x"/.source);
  return { n };
}
export function does(): void {}
export class World {
  run(text: string): string {
    return text;
  }
  async expectRest(): Promise<void> {
    await checks(1);
  }
}`;
  const sources = new Map([
    // An import in the first column would be one of this file.
    ["tests/a.test.ts", text.replace("\n import", "\nimport")],
    ["tests/world.ts", world],
  ]);
  assert.deepEqual(
    testsWithoutAssertion(sources, () => false),
    [6, 12, 14, 16].map((line) => `tests/a.test.ts:${line}: the test asserts nothing`),
  );
});

test("tests wait for states, and real time has a reason where it is used", () => {
  assert.deepEqual(timedWaitViolations(readSources(root), timedWaits), []);
});

test("a timer that is new, one that is gone and a file that is gone are found", () => {
  const calls = ["setTimeout(go, 5)", "await sleep(50)", "setInterval(go, 5)", "AbortSignal.timeout(5)"];
  const text = `${calls.join(";\n")};\nclock.setTimeout(go); asleep(2);`;
  const sources = new Map([
    ["tests/a.test.ts", text],
    ["src/b.test.ts", "setImmediate(go)"],
    ["src/c.ts", text],
  ]);
  const allowed = { "src/b.test.ts": { uses: 1, why: "" }, "bench/d.ts": { uses: 1, why: "" } };
  assert.deepEqual(timedWaitViolations(sources, allowed), [
    "tests/a.test.ts: 4 timers, 0 of them allowed; wait for a state instead",
    "src/b.test.ts: 0 timers; scripts/timed-waits.ts says 1",
    "bench/d.ts: there is no such file",
  ]);
});

test("the pages have one title each, their links lead somewhere, and decisions are dated", () => {
  assert.deepEqual(
    pageViolations(pages, (path) => existsSync(`${root}${path}`)),
    [],
  );
});

test("the pages are in plain English", () => {
  assert.deepEqual(plainEnglishViolations(pages), []);
});

test("comments and test names are in plain English", () => {
  assert.deepEqual(plainCommentViolations(readSources(root), plainFolders), []);
});

test("docs/style.md lists every phrase that the rule finds, and no other", () => {
  const rows = /## Telltale phrases\n[\s\S]*?\n\|---\|---\|\n([\s\S]*)/.exec(read("docs/style.md"))?.[1] ?? "";
  const listed = [...rows.matchAll(/^\| (.*?) \| /gm)].map(([, phrase]) => phrase);
  assert.deepEqual(
    listed,
    telltales.map(({ phrase }) => phrase),
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
