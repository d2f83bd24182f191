import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { LogPositions } from "./log-positions.ts";

function fileIn(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-positions-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "logs.json");
}

test("positions survive the process, for its user only", async (context) => {
  const file = fileIn(context);
  const clock = new VirtualClock(0);
  const first = await LogPositions.open(file, clock, () => {});
  first.set("one", { at: "t1", count: 2 });
  first.set("two", { at: "t2", count: 1 });
  first.forget("two");
  await first.save();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const second = await LogPositions.open(file, clock, () => {});
  assert.deepEqual([second.of("one"), second.of("two")], [{ at: "t1", count: 2 }, null]);
});

test("a damaged file counts as empty and is reported", async (context) => {
  const file = fileIn(context);
  for (const text of ["{", '{"one":5}', '{"one":{"at":1,"count":1}}', "[]"]) {
    writeFileSync(file, text);
    const warnings: string[] = [];
    const positions = await LogPositions.open(file, new VirtualClock(0), (event) => warnings.push(event));
    assert.equal(positions.of("one"), null, text);
    assert.equal(warnings.length, text === "{" ? 1 : 0, text);
  }
});

test("changes are on the disk after a second, and a disk that fails costs only a warning", async (context) => {
  const file = fileIn(context);
  const clock = new VirtualClock(0);
  const positions = await LogPositions.open(file, clock, () => {});
  positions.set("one", { at: "t", count: 1 });
  await clock.advance(1_000);
  await positions.save();
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { one: { at: "t", count: 1 } });
  const warnings: string[] = [];
  const broken = await LogPositions.open("/proc/no/logs.json", clock, (event) => warnings.push(event));
  broken.set("one", { at: "t", count: 1 });
  await broken.save();
  assert.ok(warnings.includes("log-positions-unsaved"));
});
