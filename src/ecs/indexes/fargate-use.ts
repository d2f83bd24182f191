import type { FargateUse } from "../documents/fargate-quota.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** The CPU units in use on Fargate in one cluster, an index of its tasks. */
export class FargateBook {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };

  get use(): FargateUse {
    return this.#use;
  }

  /** The listener for the task table. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
  }

  #count(task: Task, sign: 1 | -1): void {
    if (task.launchType !== "FARGATE" || !holdsResources(task)) return;
    const provider = task.capacityProviderName === "FARGATE_SPOT" ? "FARGATE_SPOT" : "FARGATE";
    this.#use[provider] += sign * task.reservation.cpu;
  }
}
