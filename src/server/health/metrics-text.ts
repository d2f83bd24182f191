import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import type { LogStore } from "../../log-store/log-store.ts";
import { type AppendMetrics, appendBoundsSeconds, groupBounds } from "./append-metrics.ts";
import { type CallMetrics, type Distribution, latencyBoundsSeconds } from "./call-metrics.ts";
import type { ServerHealth } from "./server-health.ts";

export type MetricsSource = {
  readonly calls: CallMetrics;
  readonly appends: AppendMetrics;
  readonly controlPlane: Pick<ControlPlane, "describeCounts" | "status">;
  readonly health: () => Pick<ServerHealth, "healthy" | "clockOffsetSeconds">;
  /** Open sockets of agents. */
  readonly sessions: () => { readonly acs: number; readonly tcs: number; readonly simulated: number };
  /** Refused agent handshakes by error. */
  readonly refusals: ReadonlyMap<string, number>;
  /** The store of log events; absent where there is none. */
  readonly logStore?: Pick<LogStore, "condition">;
};

/** LIMIT: series that name a cluster, about 100 KB per scrape. Other clusters are only counted. */
const clusterSeriesMax = 1_000;

/** The metrics of a process in Prometheus's text format. Each scrape reads the numbers from `source`. */
export function createMetricsText(
  source: MetricsSource,
): () => Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addCalls(registry, source.calls);
  addAppends(registry, source.appends);
  addMachines(registry, source.controlPlane);
  addHealth(registry, source.health);
  new Gauge({
    name: "berth_agent_connections",
    help: "Open connections of agents, by channel.",
    labelNames: ["channel"],
    registers: [registry],
    collect() {
      for (const [channel, open] of Object.entries(source.sessions())) this.set({ channel }, open);
    },
  });
  new Counter({
    name: "berth_agent_refusals_total",
    help: "Refused handshakes of agents, by error.",
    labelNames: ["error"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [error, count] of source.refusals) this.inc({ error }, count);
    },
  });
  if (source.logStore !== undefined) addLogStore(registry, source.logStore);
  const { calls, appends } = source;
  return async () => {
    const latency = [...calls.latency].map(([operation, distribution]) => [{ operation }, distribution] as const);
    const texts = [
      await registry.metrics(),
      histogramText("berth_request_seconds", "From a call's last byte to its answer.", latencyBoundsSeconds, latency),
      histogramText("berth_append_seconds", "Time until an append is durable.", appendBoundsSeconds, [
        [{}, appends.seconds],
      ]),
      histogramText("berth_append_steps", "Steps per append.", groupBounds, [[{}, appends.steps]]),
    ];
    return { contentType: registry.contentType, text: texts.join("\n") };
  };
}

function addLogStore(registry: Registry, logStore: Pick<LogStore, "condition">): void {
  new Gauge({
    name: "berth_log_store_bytes",
    help: "Bytes of the rows with log events; the oldest are deleted at --log-store-size.",
    registers: [registry],
    collect() {
      this.set(logStore.condition().bytes);
    },
  });
  new Counter({
    name: "berth_log_events_total",
    help: "Log events by what became of them: stored, evicted (deleted as the oldest) or failed (not written).",
    labelNames: ["outcome"],
    registers: [registry],
    collect() {
      const { storedEvents, evictedEvents, failedEvents } = logStore.condition();
      this.reset();
      this.inc({ outcome: "stored" }, storedEvents);
      this.inc({ outcome: "evicted" }, evictedEvents);
      this.inc({ outcome: "failed" }, failedEvents);
    },
  });
  new Counter({
    name: "berth_log_batches_shed_total",
    help: "Batches of PutLogEvents that were refused with ThrottlingException, because too many were waiting.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(logStore.condition().shedBatches);
    },
  });
}

function addCalls(registry: Registry, calls: CallMetrics): void {
  new Counter({
    name: "berth_requests_total",
    help: "Answered calls by operation and error code; the code is empty for success.",
    labelNames: ["operation", "code"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [operation, codes] of calls.answers) {
        for (const [code, answers] of codes) this.inc({ operation, code }, answers);
      }
    },
  });
}

function addHealth(registry: Registry, health: MetricsSource["health"]): void {
  new Gauge({
    name: "berth_healthy",
    help: "1 when /health says so, else 0.",
    registers: [registry],
    collect() {
      this.set(health().healthy ? 1 : 0);
    },
  });
  new Gauge({
    name: "berth_clock_offset_seconds",
    help: "How far the machine's clock is ahead of the times that Berth writes.",
    registers: [registry],
    collect() {
      this.set(health().clockOffsetSeconds);
    },
  });
}

function addAppends(registry: Registry, appends: AppendMetrics): void {
  new Counter({
    name: "berth_append_bytes_total",
    help: "Bytes of documents and events appended.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(appends.bytes);
    },
  });
}

function addMachines(registry: Registry, controlPlane: MetricsSource["controlPlane"]): void {
  const byStatus = (name: string, help: string, counts: () => ReadonlyMap<string, number>) =>
    new Gauge({
      name,
      help,
      labelNames: ["status"],
      registers: [registry],
      collect() {
        this.reset();
        for (const [status, count] of counts()) this.set({ status }, count);
      },
    });
  byStatus(
    "berth_container_instances",
    "Container instances by status.",
    () => controlPlane.describeCounts().containerInstances,
  );
  byStatus("berth_tasks", "Tasks by last status.", () => controlPlane.describeCounts().tasks);
  new Gauge({
    name: "berth_event_sequence",
    help: "Sequence of the newest event of a cluster in memory; with very many clusters, only the first by name.",
    labelNames: ["partition"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { partition, lastSequence } of clustersIn(controlPlane).slice(0, clusterSeriesMax)) {
        this.set({ partition }, lastSequence);
      }
    },
  });
  new Gauge({
    name: "berth_event_sequence_omitted",
    help: "Clusters in memory that berth_event_sequence leaves out.",
    registers: [registry],
    collect() {
      this.set(Math.max(0, clustersIn(controlPlane).length - clusterSeriesMax));
    },
  });
  new Gauge({
    name: "berth_machines",
    help: "Machines of clusters and accounts by state.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { state } of controlPlane.status()) this.inc({ state });
    },
  });
}

function clustersIn(controlPlane: MetricsSource["controlPlane"]) {
  const clusters = controlPlane.status().filter(({ partition }) => partition.startsWith("cluster/"));
  return clusters.toSorted((one, other) => (one.partition < other.partition ? -1 : 1));
}

type Labels = Readonly<Record<string, string>>;

/** A histogram in text format. prom-client's own takes values one at a time, not existing counts. */
function histogramText(
  name: string,
  help: string,
  bounds: readonly number[],
  rows: readonly (readonly [Labels, Distribution])[],
): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const [labels, { counts, sum }] of rows) {
    const own = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let total = 0;
    for (const [i, count] of counts.entries()) {
      total += count;
      lines.push(`${name}_bucket{${[...own, `le="${bounds[i] ?? "+Inf"}"`].join(",")}} ${total}`);
    }
    const suffix = own.length === 0 ? "" : `{${own.join(",")}}`;
    lines.push(`${name}_sum${suffix} ${sum}`, `${name}_count${suffix} ${total}`);
  }
  return `${lines.join("\n")}\n`;
}
