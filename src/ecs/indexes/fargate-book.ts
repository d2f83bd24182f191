import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** The CPU units in use on Fargate in one cluster, an index of its tasks. */
export class FargateBook {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };

  get use(): FargateUse {
    return this.#use;
  }

  /** The listener for the task table. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const [had, has] = [providerOf(before), providerOf(after)];
    // A task keeps its size and provider for life.
    if (had === has) return;
    if (before !== undefined && had !== null) this.#use[had] -= before.reservation.cpu;
    if (after !== undefined && has !== null) this.#use[has] += after.reservation.cpu;
  }
}

/** The quota of which a task holds a part, or null. */
function providerOf(task: Task | undefined): FargateProvider | null {
  if (task === undefined || task.launchType !== "FARGATE" || !holdsResources(task)) return null;
  return task.capacityProviderName === "FARGATE_SPOT" ? "FARGATE_SPOT" : "FARGATE";
}
