import type { RandomStream } from "../lib/random.ts";

export type BackoffShape = { readonly firstMs: number; readonly factor: number; readonly lastMs: number };

/** Growing delays with 20 % jitter, so that hosts that failed together do not all return together. */
export class Backoff {
  readonly #shape: BackoffShape;
  readonly #random: RandomStream;
  #nextMs: number;

  constructor(shape: BackoffShape, random: RandomStream) {
    this.#shape = shape;
    this.#random = random;
    this.#nextMs = shape.firstMs;
  }

  next(): number {
    const jitter = 0.8 + this.#random.below(4_001) / 10_000;
    const delayMs = Math.round(this.#nextMs * jitter);
    this.#nextMs = Math.min(this.#nextMs * this.#shape.factor, this.#shape.lastMs);
    return delayMs;
  }

  /** Whether nothing has failed since the last reset. */
  get isFresh(): boolean {
    return this.#nextMs === this.#shape.firstMs;
  }

  reset(): void {
    this.#nextMs = this.#shape.firstMs;
  }
}
