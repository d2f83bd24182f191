import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedTimes } from "../../agent/simulated/simulated-runtime.ts";
import { ecsTimeline, scaledTimeline } from "../../ecs/timeline.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { timelineFlag, timeMembers, timeScaleFlag, timeSettings, timeText } from "./timeline-flags.ts";

const flags = { ...timelineFlag, ...timeScaleFlag };
const settings = (...argv: string[]) => timeSettings(parseFlags({ usage: "", about: "", flags, examples: [] }, argv));

test("without flags the times are ECS's", () => {
  const ecs = settings();
  assert.deepEqual(ecs.timeline, ecsTimeline);
  assert.deepEqual(ecs.simulatedTimes, simulatedTimes);
  assert.equal(timeText(ecs), null);
  assert.deepEqual(timeMembers(ecs), {});
});

test("--time-scale shortens ECS's times and those of simulated containers", () => {
  const fast = settings("--time-scale", "20");
  assert.deepEqual(fast.timeline, scaledTimeline(20));
  assert.deepEqual(fast.simulatedTimes, { pullMs: 3, createMs: 0, startMs: 3, healthMs: 50, sigtermMs: 1 });
  assert.equal(timeText(fast), "20 times as fast as on AWS");
  assert.deepEqual(timeMembers(fast), { timeScale: 20 });
  assert.equal(settings("--time-scale", "1.5").timeline.healthyHoldMs, 26_667);
  assert.equal(settings("--time-scale", "3600").timeline.stoppedTaskRetentionMs, 3_600_000);
});

test("--keep-stopped sets how long finished things stay, whatever the scale; --timeline overrides it", () => {
  const kept = settings("--time-scale", "20", "--keep-stopped", "36h");
  const { stoppedTaskRetentionMs: task, inactiveInstanceRetentionMs: instance } = kept.timeline;
  const { inactiveServiceRetentionMs: service, inactiveClusterRetentionMs: cluster, serviceHistoryMs } = kept.timeline;
  const hours = 36 * 3_600_000;
  assert.deepEqual([task, instance, service, cluster], [hours, hours, hours, hours]);
  assert.equal(serviceHistoryMs, ecsTimeline.serviceHistoryMs);
  assert.equal(timeText(kept), "20 times as fast as on AWS, stopped tasks are kept for 36h");
  assert.deepEqual(timeMembers(kept), { timeScale: 20, keepStoppedSeconds: 129_600 });

  const brief = settings("--keep-stopped", "10s", "--timeline", "inactiveServiceRetentionMs=5").timeline;
  assert.deepEqual([brief.stoppedTaskRetentionMs, brief.inactiveServiceRetentionMs], [10_000, 5]);
  assert.equal(brief.inactiveClusterRetentionMs, ecsTimeline.inactiveClusterRetentionMs);
  for (const wrong of ["0s", "91d", "10", "soon", "-1h"]) {
    assert.throws(() => settings(`--keep-stopped=${wrong}`), UsageError, wrong);
  }
});

test("--time-scale is a number from 1 to 3600", () => {
  for (const wrong of ["0", "0.5", "-1", "3600.1", "1e3", "0x10", "fast", "1.", "NaN", "Infinity"]) {
    assert.throws(() => settings(`--time-scale=${wrong}`), UsageError, wrong);
  }
  assert.throws(
    () => settings("--time-scale", "fast"),
    /a number from 1 to 3600, such as 20 or 1\.5, but is "fast"\.$/,
  );
});

test("--timeline sets single times, whatever the scale", () => {
  const chosen = settings("--timeline", "healthyHoldMs=10000, startBackoffMs=1000", "--time-scale", "2");
  assert.deepEqual(chosen.timeline, { ...scaledTimeline(2), healthyHoldMs: 10_000, startBackoffMs: 1_000 });
  assert.equal(timeText(chosen), "2 times as fast as on AWS, healthyHoldMs 10000, startBackoffMs 1000");
  assert.deepEqual(timeMembers(chosen), {
    timeScale: 2,
    timeline: { healthyHoldMs: 10_000, startBackoffMs: 1_000 },
  });
});

test("--timeline refuses unknown names and meaningless values", () => {
  const refused = (value: string, text: RegExp) => assert.throws(() => settings(`--timeline=${value}`), text, value);
  refused("healthHoldMs=1", /^UsageError: --timeline knows no "healthHoldMs"\. Did you mean healthyHoldMs\?$/);
  refused("weather=1", /knows no "weather"\. The names are stoppedTaskRetentionMs, /);
  refused("toString=1", /knows no "toString"/);
  refused("healthyHoldMs=1,", /knows no ""/);
  refused("healthyHoldMs=1,healthyHoldMs=2", /has healthyHoldMs twice\.$/);
  for (const wrong of ["", "=", "=0", "=-1", "=1.5", "=10s", "=1=2", "=31536000001", "=1e3"]) {
    refused(`healthyHoldMs${wrong}`, /must be like healthyHoldMs=40000, a whole number of milliseconds from 1 to 3/);
  }
});

test("--timeline refuses times that contradict each other", () => {
  assert.throws(
    () => settings("--timeline", "startBackoffMs=2000000"),
    /^UsageError: startBackoffMaxMs must be at least startBackoffMs, but with these flags startBackoffMs=2000000 and startBackoffMaxMs=1620000\.$/,
  );
  assert.throws(() => settings("--timeline", "networkInterfaceMs=150001"), /at least 2 times networkInterfaceMs/);
  assert.equal(settings("--timeline", "networkInterfaceMs=150000").timeline.networkInterfaceMs, 150_000);
  assert.throws(() => settings("--timeline", "startBackoffMs=200000", "--time-scale", "10"), UsageError);
});
