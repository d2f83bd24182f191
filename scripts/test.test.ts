import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { groups, testFiles } from "./test.ts";

test("every test file is in exactly one group", () => {
  const grouped = Object.values(groups).flatMap(({ files }) => testFiles(files));
  const all = testFiles(["{src,tests,bench,scripts}/**/*.test.ts"]);
  assert.deepEqual(grouped.sort(), all);
});

test("failures, deaths, empty files and skipped tests are counted and named, and the last line counts them", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "berth-tests-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const files = {
    "fails.test.ts": `import { describe, it } from "node:test";
describe("a group", () => {
  it("holds", () => {});
  it("breaks", () => { console.log("what it printed"); throw new Error("what broke"); });
  it("waits", { skip: "for a reason" }, () => {});
});`,
    "dies.test.ts": `process.exit(3);`,
    "empty.test.ts": `export {};`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const script = fileURLToPath(new URL("test.ts", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, `${folder}/*.test.ts`], { encoding: "utf8", env });
  assert.match(stdout, /^FAIL {2}\S+fails\.test\.ts:4: breaks\n {6}Error: what broke/m);
  assert.match(stdout, /^skip {2}\S+fails\.test\.ts: waits \(for a reason\)$/m);
  assert.match(stdout, /what it printed/);
  assert.match(stdout, /^FAIL {2}\S+dies\.test\.ts: the process ended with code 3$/m);
  assert.match(stdout, /^FAIL {2}\S+empty\.test\.ts: holds no test$/m);
  assert.match(stdout, /\n1 skipped, named above\n1 passed, 3 failed\n$/);
  assert.equal(status, 1);
});
