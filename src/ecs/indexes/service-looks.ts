import { Heap } from "../../lib/heap.ts";

/**
 * When each service is to be looked at next. Not durable and no hint of what changed: a look takes in the whole service, so
 * that after a restart every service is looked at and nothing is missed.
 */
export class ServiceLooks {
  readonly #paceMs: number;
  readonly #at = new Map<string, number>();
  readonly #heap = new Heap<string>();
  readonly #lastLooks = new Map<string, number>();
  /** Looks that the step under way has taken. */
  #taken: string[] = [];

  /** `paceMs`: how soon one look may follow another for a change of a task. */
  constructor(paceMs: number) {
    this.#paceMs = paceMs;
  }

  /** The service changed, or something that its tasks depend on: it is looked at now, or when the pace allows. */
  changed(serviceName: string): void {
    const last = this.#lastLooks.get(serviceName);
    this.at(serviceName, last === undefined ? 0 : last + this.#paceMs);
  }

  /** The service wants to be looked at at `at` (0: at once), if not earlier. */
  at(serviceName: string, at: number): void {
    const known = this.#at.get(serviceName);
    if (known !== undefined && known <= at) return;
    this.#at.set(serviceName, at);
    this.#heap.push(at, serviceName);
  }

  /** Forgets a service that is gone. */
  forget(serviceName: string): void {
    this.#at.delete(serviceName);
    this.#lastLooks.delete(serviceName);
  }

  nextAt(): number | null {
    for (;;) {
      const at = this.#heap.peekAt();
      if (at === null) return null;
      const name = this.#heap.peek();
      if (name !== undefined && this.#at.get(name) === at) return at;
      this.#heap.pop();
    }
  }

  /** Takes the services away that are due at `now`, in the order in which they became due. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (let at = this.nextAt(); at !== null && at <= now; at = this.nextAt()) {
      const name = this.#heap.pop() as string;
      this.#at.delete(name);
      due.push(name);
    }
    this.#taken.push(...due);
    return due;
  }

  /** Takes those of the services away that want a look at any time, with what they wait for or without. */
  takePending(serviceNames: Iterable<string>): string[] {
    const pending = [...serviceNames].filter((name) => this.#at.delete(name));
    this.#taken.push(...pending);
    return pending;
  }

  /** A look was made: the next for a change of its tasks comes no sooner than the pace allows. */
  looked(serviceName: string, now: number): void {
    this.#lastLooks.set(serviceName, now);
  }

  commit(): void {
    this.#taken = [];
  }

  /** The step came to nothing: what it took is due still. */
  rollback(): void {
    for (const name of this.#taken) this.at(name, 0);
    this.#taken = [];
  }
}
