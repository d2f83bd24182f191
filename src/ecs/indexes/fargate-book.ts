import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** LIMIT: CPU units that are given back are for few services; of those that wait for the quota, the longest waiting look again. */
const wokenMax = 20;

/** What counts several books together. */
export type FargateCount = {
  add(provider: FargateProvider, cpu: number): void;
  noteWaiting(book: FargateBook): void;
};

/** The CPU units in use on Fargate in one cluster, an index of its tasks, and the services there that wait for the quota. */
export class FargateBook {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };
  /** The longest waiting first; not durable, since a look finds out again. */
  readonly #waiting = new Set<string>();
  #quota: FargateCount | null = null;

  get use(): FargateUse {
    return this.#use;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** From now on changes count in `quota`, undone ones included; null for none. */
  reportTo(quota: FargateCount | null): void {
    this.#quota = quota;
  }

  /** Notes whether a service waits for the quota. */
  waits(serviceName: string, isWaiting: boolean): void {
    this.#waiting.delete(serviceName);
    if (isWaiting) this.#waiting.add(serviceName);
    this.#quota?.noteWaiting(this);
  }

  /** Takes the services that have waited longest and may look whether there is room now. */
  takeWaiting(): string[] {
    const names = [...this.#waiting].slice(0, wokenMax);
    for (const name of names) this.#waiting.delete(name);
    this.#quota?.noteWaiting(this);
    return names;
  }

  /** The listener for the task table. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const [had, has] = [providerOf(before), providerOf(after)];
    // A task keeps its size and provider for life.
    if (had === has) return;
    if (before !== undefined && had !== null) this.#add(had, -before.reservation.cpu);
    if (after !== undefined && has !== null) this.#add(has, after.reservation.cpu);
  }

  #add(provider: FargateProvider, cpu: number): void {
    this.#use[provider] += cpu;
    this.#quota?.add(provider, cpu);
  }
}

/** The quota of which a task holds a part, or null. */
function providerOf(task: Task | undefined): FargateProvider | null {
  if (task === undefined || task.launchType !== "FARGATE" || !holdsResources(task)) return null;
  return task.capacityProviderName === "FARGATE_SPOT" ? "FARGATE_SPOT" : "FARGATE";
}
