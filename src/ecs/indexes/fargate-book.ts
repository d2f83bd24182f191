import type { FargateReservation } from "../documents/fargate-reservation.ts";
import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import { holdsResources, type Task } from "../documents/task.ts";

/** The CPU units that one cluster uses on Fargate: an index of its tasks. */
export class FargateBook {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };

  get use(): FargateUse {
    return this.#use;
  }

  /** The task table's listener. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const [had, has] = [providerOf(before), providerOf(after)];
    // A task's size and provider never change.
    if (had === has) return;
    if (before !== undefined && had !== null) this.#use[had] -= before.reservation.cpu;
    if (after !== undefined && has !== null) this.#use[has] += after.reservation.cpu;
  }
}

/** The quota that a task counts towards, or null. */
function providerOf(task: Task | undefined): FargateProvider | null {
  if (task === undefined || task.launchType !== "FARGATE" || !holdsResources(task)) return null;
  return task.capacityProviderName === "FARGATE_SPOT" ? "FARGATE_SPOT" : "FARGATE";
}

/** What all clusters of an account have reserved on Fargate, and which of them may have some to spare: an index of the reservations. */
export class FargateReservations {
  readonly #sum = { FARGATE: 0, FARGATE_SPOT: 0 };
  readonly #withSpare = { FARGATE: new Set<string>(), FARGATE_SPOT: new Set<string>() };

  get sum(): FargateUse {
    return this.#sum;
  }

  /** The clusters that may have CPU units to spare. */
  withSpare(provider: FargateProvider): ReadonlySet<string> {
    return this.#withSpare[provider];
  }

  /** The listener for the table. */
  onChange(cluster: string, before: FargateReservation | undefined, after: FargateReservation | undefined): void {
    for (const provider of fargateProviders) {
      this.#sum[provider] += (after?.reserved[provider] ?? 0) - (before?.reserved[provider] ?? 0);
      if ((after?.spare[provider] ?? 0) > 0) this.#withSpare[provider].add(cluster);
      else this.#withSpare[provider].delete(cluster);
    }
  }
}
