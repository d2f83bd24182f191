import type { Clock, Timer } from "./clock.ts";

/**
 * LIMIT: how long the timers of agents and their sessions hold the event loop before it looks for input. Those of a fleet that
 * connected together are all due in the same millisecond.
 */
const roundMs = 2;

/** Cutting a long queue at every round would cost more than its work. */
const cutAt = 1_024;

export type PacedClockOptions = {
  readonly clock: Clock;
  /** Milliseconds since some moment, with fractions. If it does not advance during work, everything runs in one round. */
  readonly stopwatch: () => number;
};

/**
 * A clock for many parties that act at the same time, such as the hosts of a simulated fleet. What is due or deferred runs in
 * order, but only for a few milliseconds before other work gets the event loop. The turns of accounts don't fit here: a timer belongs to
 * no account, and what a host reports when it fires takes its own account's turn.
 */
export class PacedClock implements Clock {
  readonly #clock: Clock;
  readonly #stopwatch: () => number;
  #queue: (() => void)[] = [];
  /** The position in the queue of the first entry that has not run. */
  #next = 0;
  #isRoundOpen = false;

  constructor({ clock, stopwatch }: PacedClockOptions) {
    this.#clock = clock;
    this.#stopwatch = stopwatch;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    let cancelled = false;
    const timer = this.#clock.setTimer(delayMs, () => {
      this.defer(() => {
        if (!cancelled) fire();
      });
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  defer(run: () => void): void {
    this.#queue.push(run);
    this.#openRound();
  }

  #openRound(): void {
    if (this.#isRoundOpen) return;
    this.#isRoundOpen = true;
    this.#clock.defer(() => {
      this.#isRoundOpen = false;
      try {
        this.#run();
      } finally {
        if (this.#next < this.#queue.length) this.#openRound();
      }
    });
  }

  #run(): void {
    // What is deferred meanwhile belongs to a later turn.
    const end = this.#queue.length;
    const begin = this.#stopwatch();
    while (this.#next < end && this.#stopwatch() - begin < roundMs) {
      const run = this.#queue[this.#next];
      this.#next += 1;
      run?.();
    }
    if (this.#next < Math.min(this.#queue.length, cutAt)) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }
}
