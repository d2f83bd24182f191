import assert from "node:assert/strict";
import { test } from "node:test";
import { AppendMetrics } from "./append-metrics.ts";
import { CallMetrics } from "./call-metrics.ts";
import { createMetricsText } from "./metrics-text.ts";

test("the text has requests, latency, appends, statuses and sequences, current at each scrape", async () => {
  const calls = new CallMetrics();
  const appends = new AppendMetrics();
  const metricsText = createMetricsText({
    calls,
    appends,
    health: () => ({ healthy: false, clockOffsetSeconds: -3.5 }),
    controlPlane: {
      describeCounts: () => ({
        containerInstances: new Map([
          ["ACTIVE", 2],
          ["DRAINING", 1],
        ]),
        tasks: new Map([["RUNNING", 7]]),
      }),
      status: () => [
        {
          partition: "account/000000000000/us-east-1",
          state: "running",
          reason: null,
          reads: true,
          lastSequence: 0,
          waiting: 0,
        },
        {
          partition: "cluster/000000000000/us-east-1/a",
          state: "halted",
          reads: false,
          reason: "x",
          lastSequence: 41,
          waiting: 0,
        },
      ],
    },
    sessions: () => ({ acs: 3, tcs: 3, simulated: 3 }),
    refusals: new Map([["AccessDeniedException", 4]]),
    logStore: {
      condition: () => ({
        ...{ failing: null, bytes: 4_096, bytesMax: 1e9 },
        ...{ storedEvents: 12, evictedEvents: 3, failedEvents: 2, shedBatches: 5 },
      }),
    },
  });
  calls.record("RunTask", "", 0.002);
  calls.record("RunTask", "", 0.2);
  calls.record("RunTask", "ClusterNotFoundException", 0.0001);
  appends.appended(0.7, 3, 1_000);
  await metricsText();
  calls.record("RunTask", "", 30);
  const { text, contentType } = await metricsText();
  assert.match(contentType, /^text\/plain/);
  for (const line of [
    'berth_requests_total{operation="RunTask",code=""} 3',
    "berth_log_store_bytes 4096",
    'berth_log_events_total{outcome="stored"} 12',
    'berth_log_events_total{outcome="evicted"} 3',
    'berth_log_events_total{outcome="failed"} 2',
    "berth_log_batches_shed_total 5",
    'berth_agent_refusals_total{error="AccessDeniedException"} 4',
    'berth_requests_total{operation="RunTask",code="ClusterNotFoundException"} 1',
    'berth_request_seconds_bucket{operation="RunTask",le="0.0025"} 2',
    'berth_request_seconds_bucket{operation="RunTask",le="5"} 3',
    'berth_request_seconds_bucket{operation="RunTask",le="+Inf"} 4',
    'berth_request_seconds_count{operation="RunTask"} 4',
    'berth_append_seconds_bucket{le="0.001"} 1',
    'berth_append_steps_bucket{le="5"} 1',
    "berth_append_bytes_total 1000",
    'berth_container_instances{status="DRAINING"} 1',
    'berth_tasks{status="RUNNING"} 7',
    'berth_event_sequence{partition="cluster/000000000000/us-east-1/a"} 41',
    'berth_machines{state="halted"} 1',
    "berth_healthy 0",
    "berth_clock_offset_seconds -3.5",
    'berth_agent_connections{channel="acs"} 3',
  ]) {
    assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
  }
  assert.match(text, /^process_resident_memory_bytes /m);
});

test("of very many clusters only some are named", async () => {
  const status = Array.from({ length: 1_003 }, (_, index) => ({
    partition: `cluster/000000000000/us-east-1/c${String(index).padStart(4, "0")}`,
    state: "running" as const,
    reason: null,
    reads: true,
    lastSequence: index,
    waiting: 0,
  }));
  const metricsText = createMetricsText({
    calls: new CallMetrics(),
    appends: new AppendMetrics(),
    health: () => ({ healthy: true, clockOffsetSeconds: 0 }),
    controlPlane: { describeCounts: () => ({ containerInstances: new Map(), tasks: new Map() }), status: () => status },
    sessions: () => ({ acs: 0, tcs: 0, simulated: 0 }),
    refusals: new Map(),
  });
  const lines = (await metricsText()).text.split("\n");
  assert.equal(lines.filter((line) => line.startsWith("berth_event_sequence{")).length, 1_000);
  assert.ok(lines.includes('berth_event_sequence{partition="cluster/000000000000/us-east-1/c0999"} 999'));
  assert.ok(lines.includes("berth_event_sequence_omitted 3"));
  assert.ok(lines.includes('berth_machines{state="running"} 1003'));
});
