import type { Clock, Timer } from "../../lib/clock.ts";

/**
 * A machine's only timer: follows the time at which the machine next wants a `timer` input. It doesn't rely on firing at the right time
 * (real timers have a maximum delay, and clocks are set back), and never fires before `hold`.
 */
export class DueTimer {
  readonly #clock: Clock;
  readonly #due: () => void;
  #timer: Timer | null = null;
  #setFor: number | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  follow(dueAt: number | null): void {
    const at = dueAt === null ? null : Math.max(dueAt, this.#notBefore);
    if (at === this.#setFor) return;
    this.stop();
    if (at === null) return;
    this.#setFor = at;
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => this.#fired(at));
  }

  /** Nothing fires before `untilMs` (epoch milliseconds), even if it is due. */
  hold(untilMs: number): void {
    this.#notBefore = untilMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#setFor = null;
  }

  #fired(at: number): void {
    this.#timer = null;
    this.#setFor = null;
    if (this.#clock.now() < at) this.follow(at);
    else this.#due();
  }
}
