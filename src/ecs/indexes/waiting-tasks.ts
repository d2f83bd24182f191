import type { ContainerInstance } from "../documents/container-instance.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import type { Journal } from "../tables/journal.ts";
import { JournaledValue } from "../tables/journaled.ts";
import type { Timeline } from "../timeline.ts";

/**
 * The tasks of a cluster that wait in PROVISIONING for capacity (an index of the task table), and when to look for a place for
 * them: soon after capacity may have come, and now and then otherwise. When it was last looked is not durable, as one look
 * more does no harm.
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

  /** When to look next, or null when no task waits. Looks keep a distance, so that many changes cost one look. */
  lookAt(timeline: Timeline): number | null {
    if (this.#ids.size === 0) return null;
    return this.#lookedAt.get() + (this.#capacityChanged.get() ? timeline.serviceLookMs : timeline.placementRetryMs);
  }

  looked(now: number): void {
    this.#lookedAt.set(now);
    this.#capacityChanged.set(false);
  }

  /** The listener for the task table. */
  onTaskChange(key: string, before: Task | undefined, after: Task | undefined): void {
    const waits = after !== undefined && after.waitingFor !== null && holdsResources(after);
    if (!waits) this.#ids.delete(key);
    else if (!this.#ids.has(key)) {
      // A place was looked for when it began to wait.
      if (this.#ids.size === 0) this.#lookedAt.set(Math.max(this.#lookedAt.get(), after.statusSince));
      this.#ids.add(key);
    }
    if (this.#ids.size > 0 && before !== undefined && before.instanceId !== null && lets(before, after)) {
      this.#capacityChanged.set(true);
    }
  }

  /** The listener for the table of container instances. */
  onInstanceChange(before: ContainerInstance | undefined, after: ContainerInstance | undefined): void {
    if (this.#ids.size > 0 && after !== undefined && takesMore(before, after)) this.#capacityChanged.set(true);
  }
}

/** True when a task lets go of something on its instance: its resources, or its place in its group. */
function lets(before: Task, after: Task | undefined): boolean {
  if (!holdsResources(before)) return false;
  return after === undefined || !holdsResources(after) || before.desiredStatus !== after.desiredStatus;
}

/** True when an instance takes tasks now, and did not before or takes other ones. */
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
