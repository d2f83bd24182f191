import { holdsResources, type Task } from "../tasks/task.ts";

/** AWS: the two quotas of Fargate; a task that names no capacity provider counts as FARGATE. */
export const fargateProviders = ["FARGATE", "FARGATE_SPOT"] as const;
export type FargateProvider = (typeof fargateProviders)[number];

/** CPU units that Fargate tasks hold, by the quota that they count to. */
export type FargateUse = Readonly<Record<FargateProvider, number>>;

export const nothingOnFargate: FargateUse = { FARGATE: 0, FARGATE_SPOT: 0 };

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
