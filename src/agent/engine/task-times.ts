import { Heap } from "../../lib/heap.ts";
import { dependencyState } from "./container-dependencies.ts";
import type { EngineTask } from "./engine-state.ts";

/** LIMIT: outdated entries are removed when there are this many more of them than current ones. */
const staleMax = 64;

/** When each task is next due, so that nobody has to look at all of them. */
export class TaskTimes {
  readonly #dueAt = new Map<EngineTask, number>();
  #heap = new Heap<EngineTask>();

  /** Updates the entry of a task that may have changed. */
  note(task: EngineTask): void {
    const dueAt = dueAtOf(task);
    if (dueAt === null) {
      this.#dueAt.delete(task);
      return;
    }
    if (this.#dueAt.get(task) === dueAt) return;
    this.#dueAt.set(task, dueAt);
    this.#heap.push(dueAt, task);
    if (this.#heap.size > 2 * this.#dueAt.size + staleMax) this.#clear();
  }

  forget(task: EngineTask): void {
    this.#dueAt.delete(task);
  }

  /** When the next task is due (milliseconds), or null. */
  next(): number | null {
    for (;;) {
      const at = this.#heap.peekAt();
      const task = this.#heap.peek();
      if (at === null || task === undefined) return null;
      if (this.#dueAt.get(task) === at) return at;
      this.#heap.pop();
    }
  }

  /** The tasks that are due at `now`. Each must be noted again. */
  takeDue(now: number): readonly EngineTask[] {
    const due: EngineTask[] = [];
    for (let at = this.next(); at !== null && at <= now; at = this.next()) {
      const task = this.#heap.pop();
      if (task === undefined) break;
      this.#dueAt.delete(task);
      due.push(task);
    }
    return due;
  }

  #clear(): void {
    this.#heap = new Heap();
    for (const [task, at] of this.#dueAt) this.#heap.push(at, task);
  }
}

/** When a report of the task or its dependency timeout is due. Null if nothing is. */
function dueAtOf(task: EngineTask): number | null {
  const times = task.changesDueAt === null ? [] : [task.changesDueAt];
  if (task.desired !== "STOPPED") {
    for (const container of task.containers) {
      if (container.phase !== "pulled") continue;
      const found = dependencyState(container, task.containers, Number.NEGATIVE_INFINITY);
      if (found.state === "open" && found.dueAt !== null) times.push(found.dueAt);
    }
  }
  return times.length === 0 ? null : Math.min(...times);
}
