import { holdsResources, type Task } from "../documents/task.ts";

/** How many tasks that are not STOPPED each capacity provider of a cluster has: an index of the task table. */
export class ProviderUses {
  readonly #tasks = new Map<string, number>();

  /** The names of the providers that have tasks. */
  names(): Iterable<string> {
    return this.#tasks.keys();
  }

  /** The task table's listener. */
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

const providerOf = (task: Task | undefined): string | null =>
  task !== undefined && holdsResources(task) ? task.capacityProviderName : null;
