import type { Clock, Timer } from "../lib/clock.ts";

/** LIMIT: what is told late is that all is as it was some seconds ago. */
const delayMs = 1_000;

/**
 * Reports that only say that all is as it was. They wait for a moment and are told together, so that thousands of agents, each of
 * which says so all the time, cost the store one write per moment.
 */
export class UnhurriedReports {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `tell` is called soon, after those that were added before. */
  add(tell: () => void): void {
    this.#waiting.push(tell);
    this.#timer ??= this.#clock.setTimer(delayMs, () => {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#timer = null;
      for (const each of waiting) each();
    });
  }

  /** Drops what waits: agents say it again. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }
}
