import type { ClusterState } from "../cluster-state.ts";
import { holdsResources, type Task } from "../tasks/task.ts";

/** How many tasks of a cluster that are not STOPPED were run by each capacity provider (an index of the task table). */
export class ProviderUses {
  readonly #tasks = new Map<string, number>();

  /** The names of the providers that tasks hold. */
  names(): Iterable<string> {
    return this.#tasks.keys();
  }

  /** The listener for the task table. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const [held, holds] = [providerOf(before), providerOf(after)];
    if (held === holds) return;
    if (held !== null) this.#count(held, -1);
    if (holds !== null) this.#count(holds, 1);
  }

  #count(name: string, by: 1 | -1): void {
    const next = (this.#tasks.get(name) ?? 0) + by;
    if (next === 0) this.#tasks.delete(name);
    else this.#tasks.set(name, next);
  }
}

/** The providers that cannot be taken from the cluster: those of tasks, and those that services start tasks by. */
export function providersInUse(state: ClusterState): string[] {
  const names = new Set(state.providerUses.names());
  for (const service of state.services.values()) {
    if (service.status === "INACTIVE") continue;
    for (const { revisionId } of service.deployments) {
      const strategy = state.serviceRevisions.get(revisionId)?.capacityProviderStrategy ?? [];
      for (const { capacityProvider } of strategy) names.add(capacityProvider);
    }
  }
  return [...names].sort();
}

const providerOf = (task: Task | undefined): string | null =>
  task !== undefined && holdsResources(task) ? task.capacityProviderName : null;
