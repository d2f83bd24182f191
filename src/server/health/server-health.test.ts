import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunnerStatus } from "../../cluster-runner/machine-runner.ts";
import type { Log } from "../../lib/log-events.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import type { StoreCondition } from "../../store/store.ts";
import { HealthWatch } from "./health-watch.ts";
import { type HealthSource, healthOf, problemsOf } from "./server-health.ts";

type Machine = RunnerStatus & { readonly partition: string };

const machine = (partition: string, more: Partial<Machine> = {}): Machine => ({
  partition,
  state: "running",
  reason: null,
  reads: true,
  lastSequence: 0,
  waiting: 0,
  ...more,
});

function aSource() {
  const is = {
    machines: [machine("cluster/a"), machine("cluster/b")],
    condition: { failing: null, damaged: [], warnings: [] } as StoreCondition,
    offsetMs: 0,
    leftOut: new Set<string>(),
  };
  const source: HealthSource = {
    controlPlane: { status: () => is.machines },
    store: { condition: () => is.condition },
    clock: { offsetMs: () => is.offsetMs },
    leftOut: () => is.leftOut,
  };
  return { is, source };
}

test("a server is healthy when all machines answer; a clock that was set and lost writes are warnings", () => {
  const { is, source } = aSource();
  const well = { healthy: true, reasons: [], warnings: [], clockOffsetSeconds: 0, machines: 2, loading: 0, failed: [] };
  assert.deepEqual(healthOf(source), well);
  is.offsetMs = -3_600_049;
  is.condition = { ...is.condition, warnings: ["Some are missing."] };
  const { healthy, warnings, clockOffsetSeconds } = healthOf(source);
  assert.deepEqual([healthy, clockOffsetSeconds], [true, -3_600]);
  assert.deepEqual(warnings, [
    "Some are missing.",
    "The clock of this machine is 3600 s behind Berth's time: somebody set it. Services keep their usual pace, and Berth's time follows by 6 minutes an hour.",
  ]);
});

test("a log store that cannot write is a warning: everything else goes on", () => {
  const { source } = aSource();
  const condition = { bytes: 0, bytesMax: 1, storedEvents: 5, evictedEvents: 0, failedEvents: 12, shedBatches: 0 };
  const at = (failing: string | null) =>
    healthOf({ ...source, logStore: { condition: () => ({ ...condition, failing }) } });
  assert.deepEqual(at(null).warnings, []);
  const { healthy, warnings } = at("database or disk is full");
  assert.equal(healthy, true);
  assert.deepEqual(warnings, [
    "Log events cannot be stored (database or disk is full); 12 were lost so far. Tasks and the rest of Berth go on.",
  ]);
});

test("it isn't if the store fails, something is damaged, or a machine doesn't answer, and each reason occurs once", () => {
  const { is, source } = aSource();
  is.condition = { ...is.condition, failing: "The disk is full.", damaged: ["A row is missing."] };
  is.leftOut.add("A key is damaged.");
  is.machines = [
    machine("cluster/a", { state: "loading", reason: "The disk is full.", reads: true }),
    machine("cluster/b", { state: "loading", reason: "The disk is full.", reads: false }),
    machine("cluster/c", { state: "halted", reason: "3 bugs", reads: false }),
    machine("cluster/d", { state: "fenced", reads: false }),
    machine("cluster/e", { state: "loading" }),
  ];
  const { healthy, reasons, loading, failed } = healthOf(source);
  assert.deepEqual([healthy, loading], [false, 3]);
  assert.deepEqual(reasons, [
    "The disk is full.",
    "A row is missing.",
    "A key is damaged.",
    "cluster/c is halted: 3 bugs",
    "cluster/d is fenced",
  ]);
  assert.deepEqual(
    failed.map(({ partition, reads }) => [partition, reads]),
    [
      ["cluster/a", true],
      ["cluster/b", false],
      ["cluster/c", false],
      ["cluster/d", false],
    ],
  );
  is.condition = { failing: null, damaged: [], warnings: [] };
  assert.deepEqual(healthOf(source).reasons.slice(1, 3), [
    "cluster/a answers reads only: The disk is full.",
    "cluster/b is not loaded: The disk is full.",
  ]);
  is.machines = Array.from({ length: 150 }, (_, n) => machine(`cluster/${n}`, { state: "halted", reads: false }));
  assert.equal(healthOf(source).failed.length, 100);
  assert.equal(healthOf(source).reasons.at(-1), "50 more machines do not answer everything.");
});

test("the log has each problem when it appears and when it is gone, even if nobody asks", async () => {
  const { is, source } = aSource();
  const clock = new VirtualClock(0);
  const lines: string[] = [];
  const write: Log = (event, { reason }) => void lines.push(`${event}: ${String(reason)}`);
  const watch = new HealthWatch(() => problemsOf(source), clock, { write, isDebug: false });
  is.condition = { ...is.condition, warnings: ["Some are missing."] };
  watch.start();
  assert.deepEqual(lines.splice(0), ["server-warning: Some are missing."], "at the start");
  is.condition = { ...is.condition, failing: "The disk is full." };
  is.offsetMs = -5_000;
  await clock.advance(5_000);
  assert.equal(lines.length, 2);
  // The clock follows, so the number differs each time.
  assert.equal(lines[0], "server-unhealthy: The disk is full.");
  is.offsetMs = -4_000;
  await clock.advance(60_000);
  assert.equal(lines.splice(0).length, 2);
  is.condition = { failing: null, damaged: [], warnings: [] };
  await clock.advance(5_000);
  assert.deepEqual(lines, ["server-recovered: The disk is full.", "server-recovered: Some are missing."]);
  watch.close();
  assert.equal(clock.nextTimerAt(), null);
});
