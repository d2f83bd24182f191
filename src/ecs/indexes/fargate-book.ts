import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** Called with each change of the CPU units in use. */
export type FargateChange = (provider: FargateProvider, cpu: number) => void;

/** The CPU units that one cluster uses on Fargate: an index of its tasks. */
export class FargateBook {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };
  #report: FargateChange | null = null;

  get use(): FargateUse {
    return this.#use;
  }

  /** From now on calls `report` with changes, including undone ones; null to stop. */
  reportTo(report: FargateChange | null): void {
    this.#report = report;
  }

  /** The task table's listener. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const [had, has] = [providerOf(before), providerOf(after)];
    // A task's size and provider never change.
    if (had === has) return;
    if (before !== undefined && had !== null) this.#add(had, -before.reservation.cpu);
    if (after !== undefined && has !== null) this.#add(has, after.reservation.cpu);
  }

  #add(provider: FargateProvider, cpu: number): void {
    this.#use[provider] += cpu;
    this.#report?.(provider, cpu);
  }
}

/** The quota that a task counts towards, or null. */
function providerOf(task: Task | undefined): FargateProvider | null {
  if (task === undefined || task.launchType !== "FARGATE" || !holdsResources(task)) return null;
  return task.capacityProviderName === "FARGATE_SPOT" ? "FARGATE_SPOT" : "FARGATE";
}
