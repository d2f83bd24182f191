import type { Journal } from "../tables/journal.ts";
import { JournaledHeap, JournaledMap } from "../tables/journaled.ts";

/**
 * When each service is next due for a look. It is not durable and doesn't record what changed: a look covers the whole service, so after a
 * restart every service gets a look and nothing is missed.
 */
export class ServiceLooks {
  readonly #paceMs: number;
  readonly #at: JournaledMap<number>;
  readonly #heap: JournaledHeap<string>;
  readonly #lastLooks: JournaledMap<number>;

  /** `paceMs`: the shortest time between two looks caused by changed tasks. */
  constructor(paceMs: number, journal: Journal) {
    this.#paceMs = paceMs;
    this.#at = new JournaledMap(journal);
    this.#heap = new JournaledHeap(journal);
    this.#lastLooks = new JournaledMap(journal);
  }

  /** The service, or something that its tasks depend on, changed: it is due now, or when the pace allows. */
  changed(serviceName: string): void {
    const last = this.#lastLooks.get(serviceName);
    this.at(serviceName, last === undefined ? 0 : last + this.#paceMs);
  }

  /** Makes the service due at `at` (0: now), unless it is due earlier. */
  at(serviceName: string, at: number): void {
    const known = this.#at.get(serviceName);
    if (known !== undefined && known <= at) return;
    this.#at.set(serviceName, at);
    this.#heap.push(at, serviceName);
  }

  /** Forgets a removed service. */
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

  /** Removes and returns the services due at `now`, in the order they became due. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (let at = this.nextAt(); at !== null && at <= now; at = this.nextAt()) {
      const name = this.#heap.pop() as string;
      this.#at.delete(name);
      due.push(name);
    }
    return due;
  }

  /** Removes and returns those of these services that are due at any time. */
  takePending(serviceNames: Iterable<string>): string[] {
    return [...serviceNames].filter((name) => this.#at.delete(name));
  }

  /** Records a look: the next one for a change of its tasks comes no sooner than the pace allows. */
  looked(serviceName: string, now: number): void {
    this.#lastLooks.set(serviceName, now);
  }
}
