import { holdsResources, type Task } from "../documents/task.ts";

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

const providerOf = (task: Task | undefined): string | null =>
  task !== undefined && holdsResources(task) ? task.capacityProviderName : null;
