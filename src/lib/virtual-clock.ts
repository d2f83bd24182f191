import { assert } from "./assert.ts";
import type { Clock, Timer } from "./clock.ts";
import { Heap } from "./heap.ts";

type Entry = { readonly fire: () => void; cancelled: boolean };

/**
 * Time that stands still until it is advanced, for the simulator and for tests. Timers fire in the order of their times, then in
 * the order in which they were set. Before each of them all promises settle and all deferred work is done. So a run without real
 * input and output is the same every time.
 */
export class VirtualClock implements Clock {
  #now: number;
  #deferred: (() => void)[] = [];
  readonly #moments = new Heap<number>();
  /** The timers of each moment, in the order in which they were set. */
  readonly #timers = new Map<number, Entry[]>();
  #cranking = false;

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const at = this.#now + Math.max(delayMs, 0);
    const entry = { fire, cancelled: false };
    const others = this.#timers.get(at);
    if (others !== undefined) others.push(entry);
    else {
      this.#timers.set(at, [entry]);
      this.#moments.push(at, at);
    }
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  /** When the next timer fires, or null if none is set. */
  nextTimerAt(): number | null {
    for (;;) {
      const at = this.#moments.peekAt();
      if (at === null) return null;
      const entries = this.#timers.get(at) ?? [];
      while (entries[0]?.cancelled === true) entries.shift();
      if (entries.length > 0) return at;
      this.#timers.delete(at);
      this.#moments.pop();
    }
  }

  /** Lets promises settle and deferred work run until neither is left. No time passes. */
  async settle(): Promise<void> {
    await this.#crank(() => this.#settle());
  }

  /** Lets `ms` pass, with every timer due in it. Rejects with what a timer throws. */
  async advance(ms: number): Promise<void> {
    await this.#crank(async () => {
      const end = this.#now + ms;
      await this.#settle();
      while (await this.#fireNext(end));
      this.#now = end;
    });
  }

  /**
   * Lets time pass until `predicate` holds, which is checked after each timer and what followed from it. Returns false if it does
   * not hold within `limitMs`, or if nothing is left that could make it so.
   */
  async runUntil(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return this.#crank(async () => {
      const end = this.#now + limitMs;
      await this.#settle();
      while (!predicate()) {
        if (!(await this.#fireNext(end))) return false;
      }
      return true;
    });
  }

  /** Fires one timer that is due by `end` and settles what follows. False if there is none. */
  async #fireNext(end: number): Promise<boolean> {
    const at = this.nextTimerAt();
    if (at === null || at > end) return false;
    this.#now = Math.max(this.#now, at);
    const entry = this.#timers.get(at)?.shift();
    entry?.fire();
    await this.#settle();
    return true;
  }

  async #settle(): Promise<void> {
    for (;;) {
      // A turn of the real event loop: every promise that can settle has done so when it is over.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      if (this.#deferred.length === 0) return;
      const runs = this.#deferred;
      this.#deferred = [];
      for (const run of runs) run();
    }
  }

  async #crank<T>(turn: () => Promise<T>): Promise<T> {
    assert(!this.#cranking, "only one caller at a time advances the clock");
    this.#cranking = true;
    try {
      return await turn();
    } finally {
      this.#cranking = false;
    }
  }
}
