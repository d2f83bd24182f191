import type { Clock } from "./clock.ts";

/** How often each asker may ask for something. */
export type Rate = {
  /** The sustained rate. */
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
  /**
   * How many askers are remembered. If there are more, the one that has not asked for longest starts with a full bucket again.
   */
  readonly askersMax: number;
};

type Bucket = { tokens: number; at: number };

/** Limits how often each asker may ask: a token bucket for each. */
export class RequestRate {
  readonly #rate: Rate;
  readonly #clock: Clock;
  /** The one that has not asked for longest is first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Takes a token of `asker`. False if there is none. */
  allows(asker: string): boolean {
    const { perSecond, burst, askersMax } = this.#rate;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(asker) ?? { tokens: burst, at: now };
    this.#buckets.delete(asker);
    this.#buckets.set(asker, bucket);
    if (this.#buckets.size > askersMax) this.#forgetFirst();
    const gained = (Math.max(0, now - bucket.at) / 1_000) * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetFirst(): void {
    for (const first of this.#buckets.keys()) {
      this.#buckets.delete(first);
      return;
    }
  }
}
