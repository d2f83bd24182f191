import type { Clock, Timer } from "../../lib/clock.ts";

/** LIMIT: the delayed reports only say that nothing has changed for some seconds. */
const delayMs = 1_000;

/**
 * Reports that only say that nothing has changed. They wait briefly and are delivered together, so that thousands of agents,
 * which all send them constantly, cost the store one write at a time.
 */
export class UnhurriedReports {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `tell` soon, after those that were added before. */
  add(tell: () => void): void {
    this.#waiting.push(tell);
    this.#timer ??= this.#clock.setTimer(delayMs, () => {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#timer = null;
      for (const each of waiting) each();
    });
  }

  /** Drops what waits: agents send it again. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }
}
