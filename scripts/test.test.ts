import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../tests/until.ts";
import { groups, testFiles } from "./test.ts";
import { canShare, longestFirst, testJobs } from "./test-jobs.ts";

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

test("files that share a process are reported each by itself, and a process that dies fails all that it did not finish", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "berth-tests-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, "src");
  mkdirSync(unit);
  const imports = `import { after, test } from "node:test";\n`;
  const files = {
    "a.test.ts": `${imports}test("holds", () => {}); test("breaks", () => { throw new Error("what broke"); });`,
    "b.test.ts": `${imports}let ended = false; after(() => { ended = true; });
test("is before its own end", () => { if (ended) throw new Error("ended"); });`,
    "c.test.ts": `export {};`,
    "d.test.ts": `import "./missing.ts";`,
    "e.test.ts": `${imports}const exit = globalThis["process"].exit; test("dies", () => exit(3));`,
    "f.test.ts": `${imports}test("is never reached", () => {});`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(unit, name), text);
  writeFileSync(
    join(folder, "main.ts"),
    `import { runTestFiles } from ${JSON.stringify(new URL("run-test-files.ts", import.meta.url).href)};
const run = async (names, jobs) => {
  const files = [...names].map((name) => "src/" + name + ".test.ts");
  console.log(JSON.stringify(await runTestFiles(files, { root: import.meta.dirname, concurrency: 1, verbose: false, jobs })));
};
await run("abcd");
await run("ef", (files) => [{ files, lane: null }]);`,
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, [join(folder, "main.ts")], { encoding: "utf8", env });
  const [first = "", second = ""] = stdout.split(/^\{.*\}$/m);
  assert.match(first, /^FAIL {2}src\/a\.test\.ts:2: breaks\n {6}Error: what broke/m);
  assert.match(first, /^FAIL {2}src\/a\.test\.ts {2}1 passed, 1 failed/m);
  assert.match(first, /^ok {4}src\/b\.test\.ts {2}1 passed, 0 failed/m);
  assert.match(first, /^FAIL {2}src\/c\.test\.ts: holds no test$/m);
  assert.match(first, /^FAIL {2}src\/d\.test\.ts: it cannot be loaded\n {6}.*missing\.ts/m);
  // The results of the first may not have left the process.
  for (const name of ["e", "f"]) {
    assert.match(second, new RegExp(`^FAIL {2}src/${name}\\.test\\.ts: the process ended with code 3$`, "m"));
  }
  const counts = [...stdout.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line));
  assert.deepEqual(counts, [
    { passed: 2, failed: 3, skipped: 0 },
    { passed: 0, failed: 2, skipped: 0 },
  ]);
});

test("only a test that touches nothing but its own values shares a process", () => {
  const imports = `import assert from "node:assert/strict";\nimport { test } from "node:test";\n`;
  assert.equal(canShare(imports, "src/ecs/arn.test.ts"), true);
  assert.equal(canShare(imports, "tests/tidy.test.ts"), false);
  for (const more of [
    `import { readFileSync } from "node:fs";`,
    `process.env.HOME = "x";`,
    `test("x", (t) => t.mock.method(Date, "now"));`,
    `globalThis.x = 1;`,
  ]) {
    assert.equal(canShare(`${imports}${more}`, "src/ecs/arn.test.ts"), false, more);
  }
  const root = fileURLToPath(new URL("..", import.meta.url));
  const all = testFiles(Object.values(groups).flatMap(({ files }) => files));
  const jobs = testJobs(all, root);
  assert.deepEqual(jobs.flatMap(({ files }) => files).sort(), all);
  assert.ok(jobs.length < all.length / 2, `${jobs.length} processes for ${all.length} files`);
  assert.deepEqual(
    jobs.slice(0, longestFirst.length).map(({ files }) => files[0]),
    longestFirst,
  );
});

test("a file that goes silent is ended and fails, and no process that a file started outlives it", async (context) => {
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
    // A signal takes effect when the process gets its turn.
    await until(
      `the process of ${name} is gone`,
      () => isGone(pid),
      (gone) => gone,
    );
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
