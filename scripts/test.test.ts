import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("a file that goes silent is ended and fails, and no process that a file started outlives it", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "berth-tests-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const leaves = `import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
child.unref();
writeFileSync(new URL(import.meta.url + ".pid"), String(child.pid));
`;
  const files = {
    "fails.test.ts": `${leaves}import { test } from "node:test";
test("breaks", () => { throw new Error("broken"); });`,
    "silent.test.ts": `${leaves}import { test } from "node:test";
test("never ends", () => new Promise((resolve) => { setInterval(() => {}, 1_000); }));`,
    "main.ts": `import { runTestFiles } from ${JSON.stringify(new URL("run-test-files.ts", import.meta.url).href)};
const files = ["fails.test.ts", "silent.test.ts"];
const counts = await runTestFiles(files, { root: import.meta.dirname, concurrency: 1, verbose: false, silenceMs: 3_000 });
console.log(JSON.stringify(counts));`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, [join(folder, "main.ts")], { encoding: "utf8", env });
  for (const name of ["fails", "silent"]) {
    // The silent file's own process may still be ending when its leftovers are counted.
    assert.match(stdout, new RegExp(`${name}\\.test\\.ts left (1 process|2 processes) behind, which w(as|ere) killed`));
    const pid = Number(readFileSync(join(folder, `${name}.test.ts.pid`), "utf8"));
    assert.ok(isGone(pid), `the process of ${name} is gone`);
  }
  assert.match(stdout, /silent\.test\.ts was silent for 3\.0 s and was ended/);
  assert.match(stdout, /\{"passed":0,"failed":2,"skipped":0\}\n$/, stdout);
});

/** True for a process that has ended, whether or not its parent has collected its exit code. */
function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
