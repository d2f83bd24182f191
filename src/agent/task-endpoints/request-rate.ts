import type { Clock } from "../../lib/clock.ts";

/** LIMIT: AWS lets a task ask 40 times a second, 60 at once. */
const rate = { perSecond: 40, burst: 60 };
/** LIMIT: askers that are remembered; a host has fewer addresses of containers. When there are more, all begin anew. */
const askersMax = 10_000;

type Bucket = { tokens: number; at: number };

/** How many requests each asker may make: a bucket of tokens for each address. */
export class RequestRate {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a token of `asker`, or says that there is none. */
  allows(asker: string): boolean {
    const now = this.#clock.now();
    let bucket = this.#buckets.get(asker);
    if (bucket === undefined) {
      if (this.#buckets.size >= askersMax) this.#buckets.clear();
      bucket = { tokens: rate.burst, at: now };
      this.#buckets.set(asker, bucket);
    }
    const gained = (Math.max(0, now - bucket.at) / 1_000) * rate.perSecond;
    bucket.tokens = Math.min(rate.burst, bucket.tokens + gained);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
