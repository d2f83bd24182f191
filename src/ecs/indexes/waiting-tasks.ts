import type { ContainerInstance } from "../documents/container-instance.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import type { Journal } from "../tables/journal.ts";
import { JournaledValue } from "../tables/journaled.ts";
import type { Timeline } from "../timeline.ts";

/**
 * The tasks of a cluster that wait in PROVISIONING for capacity (an index of the task table), and when to try to place them: soon after
 * capacity may have appeared, otherwise from time to time. The time of the last try isn't durable, because one more try does no harm.
 */
export class WaitingTasks {
  readonly #ids = new Set<string>();
  readonly #capacityChanged: JournaledValue<boolean>;
  readonly #lookedAt: JournaledValue<number>;

  constructor(journal: Journal) {
    this.#capacityChanged = new JournaledValue(journal, false);
    this.#lookedAt = new JournaledValue(journal, 0);
  }

  get size(): number {
    return this.#ids.size;
  }

  ids(): Iterable<string> {
    return this.#ids;
  }

  /** When to try next, or null if no task waits. Tries keep a distance, so a burst of changes costs one try. */
  lookAt(timeline: Timeline): number | null {
    if (this.#ids.size === 0) return null;
    return this.#lookedAt.get() + (this.#capacityChanged.get() ? timeline.serviceLookMs : timeline.placementRetryMs);
  }

  looked(now: number): void {
    this.#lookedAt.set(now);
    this.#capacityChanged.set(false);
  }

  /** The task table's listener. */
  onTaskChange(key: string, before: Task | undefined, after: Task | undefined): void {
    const waits = after !== undefined && after.waitingFor !== null && holdsResources(after);
    if (!waits) this.#ids.delete(key);
    else if (!this.#ids.has(key)) {
      // Placement was tried when the task began to wait.
      if (this.#ids.size === 0) this.#lookedAt.set(Math.max(this.#lookedAt.get(), after.statusSince));
      this.#ids.add(key);
    }
    if (this.#ids.size > 0 && before !== undefined && before.instanceId !== null && lets(before, after)) {
      this.#capacityChanged.set(true);
    }
  }

  /** The container instance table's listener. */
  onInstanceChange(before: ContainerInstance | undefined, after: ContainerInstance | undefined): void {
    if (this.#ids.size > 0 && after !== undefined && takesMore(before, after)) this.#capacityChanged.set(true);
  }
}

/** True if a task releases something on its instance: its resources, or its place in its group. */
function lets(before: Task, after: Task | undefined): boolean {
  if (!holdsResources(before)) return false;
  return after === undefined || !holdsResources(after) || before.desiredStatus !== after.desiredStatus;
}

/** True if an instance accepts tasks that it didn't accept before. */
function takesMore(before: ContainerInstance | undefined, after: ContainerInstance): boolean {
  if (after.capacityProviderName === null || after.status !== "ACTIVE" || !after.agentConnected) return false;
  return (
    before === undefined ||
    before.status !== after.status ||
    before.agentConnected !== after.agentConnected ||
    before.capacityProviderName !== after.capacityProviderName ||
    before.registeredResources !== after.registeredResources ||
    before.platformAttributes !== after.platformAttributes ||
    before.customAttributes !== after.customAttributes
  );
}
