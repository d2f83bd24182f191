import type { ContainerUsage } from "../container-runtime.ts";
import { Slots } from "../slots.ts";
import type { WatchedContainer } from "./container-watch.ts";
import type { DockerStats } from "./engine/docker-answers.ts";
import type { DockerEngine } from "./engine/docker-engine.ts";
import type { Waiting } from "./waiting.ts";

export type UsageSamplerOptions = {
  readonly docker: DockerEngine;
  readonly waiting: Waiting;
  readonly running: () => readonly WatchedContainer[];
  readonly intervalMs: number;
};

type Samples = {
  cpuPercent: number[];
  memoryMiB: number[];
  last: DockerStats | null;
  network: ContainerUsage["network"];
};

/** LIMIT: an engine reads control groups for each one; a few at once are as fast as many. */
const readingsMax = 4;
/** LIMIT: samples that nobody collects, ten minutes of them at the usual interval. */
const samplesMax = 120;
/** LIMIT: a reading that takes longer is out of date. */
const statsTimeoutMs = 2_000;
const bytesPerMiB = 1_048_576;

/** Regularly reads what the running containers use. */
export class UsageSampler {
  readonly #options: UsageSamplerOptions;
  readonly #slots = new Slots(readingsMax);
  #samples = new Map<string, Samples>();

  constructor(options: UsageSamplerOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { waiting, intervalMs } = this.#options;
    try {
      for (;;) {
        await waiting.pause(intervalMs);
        await this.sample();
      }
    } catch {
      // The wait ended because the agent stops.
    }
  }

  /** Takes one reading of each running container. Rejects only if everything has ended. */
  async sample(): Promise<void> {
    const running = this.#options.running();
    const before = this.#samples;
    this.#samples = new Map();
    for (const { runtimeId } of running) {
      this.#samples.set(
        runtimeId,
        before.get(runtimeId) ?? { cpuPercent: [], memoryMiB: [], last: null, network: null },
      );
    }
    const networks = new Map<string, Promise<ContainerUsage["network"]>>();
    await Promise.all(running.map((container) => this.#slots.run(() => this.#read(container, networks))));
    this.#options.waiting.signal.throwIfAborted();
  }

  /** What was read since the last call. */
  take(): readonly ContainerUsage[] {
    return this.#options.running().flatMap(({ name, runtimeId }) => {
      const samples = this.#samples.get(runtimeId);
      if (samples === undefined || samples.last === null) return [];
      const { cpuPercent, memoryMiB, last, network } = samples;
      samples.cpuPercent = [];
      samples.memoryMiB = [];
      return [{ ...name, cpuPercent, memoryMiB, network, storage: storageOf(last) }];
    });
  }

  /** `networks`: the shared networks of this round, each read once. */
  async #read(
    { runtimeId, networkOf: owner }: WatchedContainer,
    networks: Map<string, Promise<ContainerUsage["network"]>>,
  ): Promise<void> {
    const samples = this.#samples.get(runtimeId);
    if (samples === undefined || this.#options.waiting.signal.aborted) return;
    try {
      const stats = await this.#statsOf(runtimeId);
      const memoryMiB = memoryMiBOf(stats);
      // A container that has just ended has none.
      if (memoryMiB === null) return;
      let network = Promise.resolve(networkOf(stats));
      if (owner !== null) {
        network = networks.get(owner) ?? this.#statsOf(owner).then(networkOf);
        networks.set(owner, network);
      }
      samples.network = await network;
      const cpuPercent = samples.last === null ? null : cpuPercentBetween(samples.last, stats);
      if (cpuPercent !== null) samples.cpuPercent = [...samples.cpuPercent, cpuPercent].slice(-samplesMax);
      samples.memoryMiB = [...samples.memoryMiB, memoryMiB].slice(-samplesMax);
      samples.last = stats;
    } catch {
      // The container or the engine has gone, so there is no sample.
    }
  }

  #statsOf(id: string): Promise<DockerStats> {
    const { docker, waiting, intervalMs } = this.#options;
    return docker.statsOf(id, true, { signal: waiting.signal, timeoutMs: Math.max(intervalMs, statsTimeoutMs) });
  }
}

/** AWS: percent of the whole host, where all cores are 100. Null if the readings are incomplete. */
export function cpuPercentBetween(before: DockerStats, after: DockerStats): number | null {
  const used = (after.cpu_stats?.cpu_usage?.total_usage ?? 0) - (before.cpu_stats?.cpu_usage?.total_usage ?? 0);
  const all = (after.cpu_stats?.system_cpu_usage ?? 0) - (before.cpu_stats?.system_cpu_usage ?? 0);
  return all > 0 && used >= 0 ? (used / all) * 100 : null;
}

/** Without the cache that the kernel would reclaim first, as `docker stats` counts. Null if unknown. */
export function memoryMiBOf(stats: DockerStats): number | null {
  const { usage, stats: parts } = stats.memory_stats ?? {};
  if (usage === undefined) return null;
  // Control groups of version 1 and version 2.
  const cache = parts?.total_inactive_file ?? parts?.inactive_file ?? 0;
  return Math.max(0, usage - (cache < usage ? cache : 0)) / bytesPerMiB;
}

export function networkOf(stats: DockerStats): ContainerUsage["network"] {
  const interfaces = Object.values(stats.networks ?? {});
  if (interfaces.length === 0) return null;
  const sum = (counter: string): number => interfaces.reduce((all, each) => all + (each[counter] ?? 0), 0);
  return {
    rxBytes: sum("rx_bytes"),
    rxPackets: sum("rx_packets"),
    rxErrors: sum("rx_errors"),
    rxDropped: sum("rx_dropped"),
    txBytes: sum("tx_bytes"),
    txPackets: sum("tx_packets"),
    txErrors: sum("tx_errors"),
    txDropped: sum("tx_dropped"),
  };
}

export function storageOf(stats: DockerStats): ContainerUsage["storage"] {
  const entries = stats.blkio_stats?.io_service_bytes_recursive;
  if (entries === undefined || entries === null) return null;
  const sum = (op: string): number =>
    entries.reduce((all, entry) => all + (entry.op?.toLowerCase() === op ? (entry.value ?? 0) : 0), 0);
  return { readBytes: sum("read"), writeBytes: sum("write") };
}
