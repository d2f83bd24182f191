import type { Log } from "../lib/log-events.ts";
import type { TakeTurn } from "./turns/turns.ts";

/** LIMIT: how long effects occupy the event loop at a time. A thousand may follow one append, some with 400 KB to send. */
const sliceMs = 5;

export type EffectReleaseOptions<Effect> = {
  readonly take: (effect: Effect) => void;
  readonly log: Log;
  readonly takeTurn: TakeTurn;
  readonly stopwatch: () => number;
};

/**
 * Hands effects over one by one, in order, even if one causes steps with further effects. If they take long, a slice at a time, each in its
 * turn.
 */
export class EffectRelease<Effect> {
  readonly #options: EffectReleaseOptions<Effect>;
  #pending: Effect[] = [];
  /** The index in `#pending` of the first effect not yet handed over. */
  #next = 0;
  #isReleasing = false;

  constructor(options: EffectReleaseOptions<Effect>) {
    this.#options = options;
  }

  release(effects: readonly Effect[]): void {
    for (const effect of effects) this.#pending.push(effect);
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    this.#releaseSlice();
  }

  #releaseSlice(): void {
    const { stopwatch, takeTurn } = this.#options;
    const end = stopwatch() + sliceMs;
    while (this.#next < this.#pending.length) {
      const effect = this.#pending[this.#next] as Effect;
      this.#next += 1;
      this.#releaseOne(effect);
      if (stopwatch() >= end && this.#next < this.#pending.length) {
        takeTurn(() => this.#releaseSlice(), "first");
        return;
      }
    }
    this.#pending = [];
    this.#next = 0;
    this.#isReleasing = false;
  }

  /** A receiver's bug is not the machine's: its effect may be lost, the others still go out. */
  #releaseOne(effect: Effect): void {
    try {
      this.#options.take(effect);
    } catch (error) {
      this.#options.log("effect-failed", { err: error });
    }
  }
}
