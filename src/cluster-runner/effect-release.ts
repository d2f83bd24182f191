import type { Log } from "./log.ts";

/** Hands effects over one by one, in order, even when taking one causes steps with further effects. */
export class EffectRelease<Effect> {
  readonly #take: (effect: Effect) => void;
  readonly #log: Log;
  #pending: Effect[] = [];
  #isReleasing = false;

  constructor(take: (effect: Effect) => void, log: Log) {
    this.#take = take;
    this.#log = log;
  }

  release(effects: readonly Effect[]): void {
    for (const effect of effects) this.#pending.push(effect);
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      for (const effect of batch) this.#releaseOne(effect);
    }
    this.#isReleasing = false;
  }

  /** A receiver's bug is not the machine's: effects may be lost, and the others still go out. */
  #releaseOne(effect: Effect): void {
    try {
      this.#take(effect);
    } catch (error) {
      this.#log("error", { err: error }, "An effect could not be released");
    }
  }
}
