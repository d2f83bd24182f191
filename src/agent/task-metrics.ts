import type { ContainerUsage } from "./container-runtime.ts";
import type { EngineContainer, EngineTask } from "./engine/engine-state.ts";

/** Figures of one container over an interval, as PublishMetricsRequest carries them. */
export type ContainerMetric = {
  readonly containerName: string;
  readonly cpuStatsSet?: StatsSet;
  readonly memoryStatsSet?: StatsSet;
  readonly networkStatsSet?: Readonly<Record<string, StatsSet | CounterStatsSet>>;
  readonly storageStatsSet?: Readonly<Record<string, CounterStatsSet>>;
  readonly restartStatsSet?: { readonly restartCount: number };
};

export type TaskMetric = {
  readonly taskArn: string;
  readonly taskDefinitionFamily: string;
  readonly taskDefinitionVersion: string;
  readonly containerMetrics: readonly ContainerMetric[];
};

export type StatsSet = {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly sampleCount: number;
};

/** AWS: counters have members for values that do not fit into a long. Nothing here comes near. */
export type CounterStatsSet = StatsSet & {
  readonly overflowMin: number;
  readonly overflowMax: number;
  readonly overflowSum: number;
};

export function statsSet(samples: readonly number[]): StatsSet {
  const sum = samples.reduce((all, sample) => all + sample, 0);
  return { min: Math.min(...samples), max: Math.max(...samples), sum, sampleCount: samples.length };
}

const counterStatsSet = (samples: readonly number[]): CounterStatsSet => ({
  ...statsSet(samples),
  overflowMin: 0,
  overflowMax: 0,
  overflowSum: 0,
});

/** What was last published of a container. Rates and differences are computed from it. */
type Before = {
  readonly at: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly restartCount: number;
};

/** Computes task metrics from the runtime's measurements. */
export class TaskMetrics {
  #before = new Map<string, Before>();

  /** The metrics of the tasks with a running container that was measured. */
  take(tasks: Iterable<Readonly<EngineTask>>, usages: readonly ContainerUsage[], now: number): readonly TaskMetric[] {
    const usageOf = new Map(usages.map((usage) => [keyOf(usage.taskArn, usage.container), usage]));
    const before = this.#before;
    this.#before = new Map();
    const metrics: TaskMetric[] = [];
    for (const { arn, surroundings, containers } of tasks) {
      const containerMetrics = containers.flatMap((container) => {
        const key = keyOf(arn, container.spec.name);
        const usage = usageOf.get(key);
        const last = before.get(key) ?? null;
        if (container.phase !== "running" || usage === undefined) {
          // It may be about to start again.
          if (last !== null && container.phase !== "stopped") this.#before.set(key, last);
          return [];
        }
        const { network } = usage;
        const { restartCount } = container;
        const { rxBytes = 0, txBytes = 0 } = network ?? {};
        this.#before.set(key, { at: now, rxBytes, txBytes, restartCount });
        return containerMetric(container, usage, last, now) ?? [];
      });
      if (containerMetrics.length === 0) continue;
      const { family, version } = surroundings;
      metrics.push({ taskArn: arn, taskDefinitionFamily: family, taskDefinitionVersion: version, containerMetrics });
    }
    return metrics;
  }
}

/** Names of containers have no spaces. */
const keyOf = (taskArn: string, container: string): string => `${taskArn} ${container}`;

/** Null if nothing was measured. */
function containerMetric(
  { spec, restartCount }: EngineContainer,
  usage: ContainerUsage,
  before: Before | null,
  now: number,
): ContainerMetric | null {
  const { cpuPercent, memoryMiB, network, storage } = usage;
  if (cpuPercent.length === 0 && memoryMiB.length === 0) return null;
  return {
    containerName: spec.name,
    ...(cpuPercent.length === 0 ? {} : { cpuStatsSet: statsSet(cpuPercent) }),
    ...(memoryMiB.length === 0 ? {} : { memoryStatsSet: statsSet(memoryMiB) }),
    ...(network === null ? {} : { networkStatsSet: networkStatsSet(network, before, now) }),
    ...(storage === null
      ? {}
      : {
          storageStatsSet: {
            readSizeBytes: counterStatsSet([storage.readBytes]),
            writeSizeBytes: counterStatsSet([storage.writeBytes]),
          },
        }),
    // AWS: only for containers with a restart policy: restarts since the last message.
    ...(spec.restartPolicy?.enabled === true
      ? { restartStatsSet: { restartCount: restartCount - (before?.restartCount ?? 0) } }
      : {}),
  };
}

function networkStatsSet(
  network: NonNullable<ContainerUsage["network"]>,
  before: Before | null,
  now: number,
): Readonly<Record<string, StatsSet | CounterStatsSet>> {
  const counters = Object.entries(network).map(([name, value]) => [name, counterStatsSet([value])] as const);
  const seconds = before === null ? 0 : (now - before.at) / 1_000;
  // A restarted container counts from zero.
  const rate = (counter: number, last: number): StatsSet => {
    return statsSet([seconds <= 0 ? 0 : Math.max(0, counter >= last ? counter - last : counter) / seconds]);
  };
  return {
    ...Object.fromEntries(counters),
    rxBytesPerSecond: rate(network.rxBytes, before?.rxBytes ?? 0),
    txBytesPerSecond: rate(network.txBytes, before?.txBytes ?? 0),
  };
}
