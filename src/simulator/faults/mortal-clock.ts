import type { Clock, Timer } from "../../lib/clock.ts";

/** The clock of one process: once that is killed, none of its timers and none of its deferred work runs. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  #alive = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get alive(): boolean {
    return this.#alive;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#clock.setTimer(delayMs, () => {
      if (this.#alive) fire();
    });
  }

  defer(run: () => void): void {
    this.#clock.defer(() => {
      if (this.#alive) run();
    });
  }

  kill(): void {
    this.#alive = false;
  }
}
