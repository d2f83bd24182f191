import type { Clock, Timer } from "../lib/clock.ts";

/**
 * The one timer of a machine: follows the moment at which the machine next wants a `timer` input. It is never trusted
 * to fire at the right moment (real timers have a longest delay and clocks are set back), and never fires before `hold`.
 */
export class DueTimer {
  readonly #clock: Clock;
  readonly #due: () => void;
  #timer: Timer | null = null;
  #setFor: number | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;
  /** Counts what was set and stopped, so that what was deferred before is known to be over. */
  #turn = 0;

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

  /** From here on, whatever is due waits until `untilMs` (epoch milliseconds). */
  hold(untilMs: number): void {
    this.#notBefore = untilMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#setFor = null;
    this.#turn += 1;
  }

  #fired(at: number): void {
    this.#timer = null;
    if (this.#clock.now() < at) {
      this.#setFor = null;
      this.follow(at);
      return;
    }
    // Node runs timers until none is due: machines that are due again when the steps of the others are over would go on and on in
    // this turn of the event loop, and neither appends nor calls would have theirs.
    const turn = this.#turn;
    this.#clock.defer(() => {
      if (turn !== this.#turn) return;
      this.#setFor = null;
      this.#due();
    });
  }
}
