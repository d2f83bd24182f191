import type { DockerStats } from "../docker/engine/docker-answers.ts";
import { isNotFound } from "../docker/engine/docker-error.ts";
import { pauseName } from "../docker/groundwork/docker-groundwork.ts";
import type { Asker, EndpointSources } from "./endpoint-sources.ts";

/** LIMIT: readings closer together than this say little about a rate; older ones are out of date. */
const reading = { apartMs: 1_000, staleMs: 20_000 };

type Reading = { readonly at: number; readonly stats: DockerStats };
type Kept = { latest: Reading; before: Reading | null };
type Shown = Readonly<Record<string, unknown>> | null;

/** The stats of containers: Docker's own, with the network rates between the last two readings. */
export class ContainerStats {
  readonly #sources: EndpointSources;
  readonly #kept = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<Shown>>();

  constructor(sources: EndpointSources) {
    this.#sources = sources;
  }

  /** Null if the container does not run or Docker does not answer. */
  ofContainer({ task, container }: Asker): Promise<Shown> {
    if (container.runtimeId === null || container.phase !== "running") return Promise.resolve(null);
    const hasInterface = task.surroundings.networkMode === "awsvpc";
    return this.#once(container.runtimeId, hasInterface ? pauseName(task.arn) : null);
  }

  /** By Docker id. Null for containers that do not run. */
  async ofTask({ task }: Asker): Promise<Readonly<Record<string, Shown>>> {
    const made = task.containers.filter(({ runtimeId }) => runtimeId !== null);
    const shown = await Promise.all(
      made.map(async (container) => [container.runtimeId ?? "", await this.ofContainer({ task, container })] as const),
    );
    return Object.fromEntries(shown);
  }

  #once(id: string, pause: string | null): Promise<Shown> {
    let work = this.#underWay.get(id);
    if (work === undefined) {
      work = this.#read(id, pause)
        .catch((error: unknown) => {
          if (!isNotFound(error)) this.#sources.log("docker-stats-missing", { err: error, id });
          return null;
        })
        .finally(() => this.#underWay.delete(id));
      this.#underWay.set(id, work);
    }
    return work;
  }

  async #read(id: string, pause: string | null): Promise<Shown> {
    const { clock } = this.#sources;
    const now = clock.now();
    for (const [known, { latest }] of this.#kept) if (now - latest.at > reading.staleMs) this.#kept.delete(known);
    let kept = this.#kept.get(id);
    if (kept === undefined) {
      kept = { latest: await this.#take(id, pause), before: null };
      this.#kept.set(id, kept);
    }
    if (kept.before === null || now - kept.latest.at >= reading.apartMs) {
      const wait = kept.latest.at + reading.apartMs - clock.now();
      if (wait > 0) await new Promise<void>((resolve) => clock.setTimer(wait, resolve));
      const next = await this.#take(id, pause);
      kept.before = kept.latest;
      kept.latest = next;
    }
    return shownStats(kept.latest, kept.before);
  }

  /** A container that shares the namespace of a pause container has no network of its own in Docker. */
  async #take(id: string, pause: string | null): Promise<Reading> {
    const { docker, clock } = this.#sources;
    const [stats, shared] = await Promise.all([
      docker.statsOf(id, true),
      pause === null ? null : docker.statsOf(pause, true),
    ]);
    return { at: clock.now(), stats: shared === null ? stats : { ...stats, networks: shared.networks ?? null } };
  }
}

/** The later reading with the earlier one in it, as Docker shows two, and the rates between them. */
export function shownStats(latest: Reading, before: Reading | null): Readonly<Record<string, unknown>> {
  if (before === null) return { ...latest.stats };
  const seconds = Math.max(1, latest.at - before.at) / 1_000;
  const rateOf = (name: string): number =>
    Math.max(0, totalOf(latest.stats, name) - totalOf(before.stats, name)) / seconds;
  const hasNetwork = Object.keys(latest.stats.networks ?? {}).length > 0;
  return {
    ...latest.stats,
    preread: before.stats.read,
    precpu_stats: before.stats.cpu_stats,
    ...(hasNetwork
      ? { network_rate_stats: { rx_bytes_per_sec: rateOf("rx_bytes"), tx_bytes_per_sec: rateOf("tx_bytes") } }
      : {}),
  };
}

const totalOf = (stats: DockerStats, name: string): number =>
  Object.values(stats.networks ?? {}).reduce((sum, counters) => sum + (counters[name] ?? 0), 0);
