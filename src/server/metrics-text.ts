import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { type AppendMetrics, appendBoundsSeconds, groupBounds } from "./append-metrics.ts";
import { type CallMetrics, type Distribution, latencyBoundsSeconds } from "./call-metrics.ts";

/** What /metrics says of a cluster. */
export type ClusterFigures = {
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  /** Of the newest event. */
  readonly lastSequence: number;
  readonly instancesByStatus: Readonly<Record<string, number>>;
  readonly tasksByStatus: Readonly<Record<string, number>>;
};

export type MetricsSource = {
  readonly calls: CallMetrics;
  readonly appends: AppendMetrics;
  readonly clusters: () => readonly ClusterFigures[];
  /** Open sockets of agents. */
  readonly sessions: () => { readonly acs: number; readonly tcs: number; readonly simulated: number };
};

/** The metrics of a process in the text form of Prometheus. Numbers are read from `source` at each scrape. */
export function createMetricsText(
  source: MetricsSource,
): () => Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addCalls(registry, source.calls);
  addAppends(registry, source.appends);
  addClusters(registry, source.clusters);
  new Gauge({
    name: "berth_agent_connections",
    help: "Open connections of agents, by channel.",
    labelNames: ["channel"],
    registers: [registry],
    collect() {
      for (const [channel, open] of Object.entries(source.sessions())) this.set({ channel }, open);
    },
  });
  const { calls, appends } = source;
  return async () => {
    const latency = [...calls.latency].map(([operation, distribution]) => [{ operation }, distribution] as const);
    const texts = [
      await registry.metrics(),
      histogramText("berth_request_seconds", "From a call's last byte to its answer.", latencyBoundsSeconds, latency),
      histogramText("berth_append_seconds", "Until an append was durable.", appendBoundsSeconds, [
        [{}, appends.seconds],
      ]),
      histogramText("berth_append_steps", "Steps that one append held.", groupBounds, [[{}, appends.steps]]),
    ];
    return { contentType: registry.contentType, text: texts.join("\n") };
  };
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

function addClusters(registry: Registry, clusters: MetricsSource["clusters"]): void {
  const place = ["account", "region", "cluster"] as const;
  const placeOf = ({ account, region, cluster }: ClusterFigures) => ({ account, region, cluster });
  const byStatus = (
    name: string,
    help: string,
    counts: (figures: ClusterFigures) => Readonly<Record<string, number>>,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: [...place, "status"],
      registers: [registry],
      collect() {
        this.reset();
        for (const figures of clusters()) {
          for (const [status, count] of Object.entries(counts(figures)))
            this.set({ ...placeOf(figures), status }, count);
        }
      },
    });
  byStatus("berth_container_instances", "Container instances by status.", (figures) => figures.instancesByStatus);
  byStatus("berth_tasks", "Tasks by last status.", (figures) => figures.tasksByStatus);
  new Gauge({
    name: "berth_event_sequence",
    help: "Sequence of the newest event of a cluster.",
    labelNames: place,
    registers: [registry],
    collect() {
      this.reset();
      for (const figures of clusters()) this.set(placeOf(figures), figures.lastSequence);
    },
  });
}

type Labels = Readonly<Record<string, string>>;

/** A histogram in text form. prom-client's own takes values one by one, not numbers that are kept elsewhere. */
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
