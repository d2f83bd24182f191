import type { Journal } from "../tables/journal.ts";
import { JournaledHeap, JournaledMap } from "../tables/journaled.ts";

/**
 * When each service is to be looked at next. Not durable and no hint of what changed: a look takes in the whole service, so
 * that after a restart every service is looked at and nothing is missed.
 */
export class ServiceLooks {
  readonly #paceMs: number;
  readonly #at: JournaledMap<number>;
  readonly #heap: JournaledHeap<string>;
  readonly #lastLooks: JournaledMap<number>;

  /** `paceMs`: how soon one look may follow another for a change of a task. */
  constructor(paceMs: number, journal: Journal) {
    this.#paceMs = paceMs;
    this.#at = new JournaledMap(journal);
    this.#heap = new JournaledHeap(journal);
    this.#lastLooks = new JournaledMap(journal);
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
    return due;
  }

  /** Takes those of the services away that want a look at any time, with what they wait for or without. */
  takePending(serviceNames: Iterable<string>): string[] {
    return [...serviceNames].filter((name) => this.#at.delete(name));
  }

  /** A look was made: the next for a change of its tasks comes no sooner than the pace allows. */
  looked(serviceName: string, now: number): void {
    this.#lastLooks.set(serviceName, now);
  }
}
