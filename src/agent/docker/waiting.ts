import type { Clock } from "../../lib/clock.ts";
import { DockerTimeout, DockerUnreachable, isAway } from "./docker-error.ts";

export type RetryShape = {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly lastMs: number;
};

/** LIMIT: an engine that restarts is back within seconds, or an operator is at it; asking costs one refused connection. */
const awayRetry = { firstMs: 100, factor: 2, lastMs: 2_000 };

/** Or was caused by it: what is made of several calls tells its own failure. */
const isUnreachable = (error: unknown): boolean =>
  error instanceof DockerUnreachable || (error instanceof Error && error.cause instanceof DockerUnreachable);

/** Waits and repetitions that end together. */
export class Waiting {
  readonly #clock: Clock;
  readonly #controller = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborted when nothing is to be waited for any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#controller.abort(new DockerUnreachable("the agent ends"));
  }

  /** Rejects when all has ended. */
  pause(ms: number): Promise<void> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer = this.#clock.setTimer(ms, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Tries until it works or has failed `attempts` times; rejects with the last failure. */
  async retry<T>(shape: RetryShape, work: () => Promise<T>): Promise<T> {
    let delayMs = shape.firstMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        // What has waited its whole time already is not asked to wait it again.
        if (attempt >= shape.attempts || error instanceof DockerTimeout || this.signal.aborted) throw error;
        await this.pause(delayMs);
        delayMs = Math.min(delayMs * shape.factor, shape.lastMs);
      }
    }
  }

  /**
   * Tries again as long as no engine answers at all, and `forMs` at most; rejects with the first failure of another kind. A call that
   * was lost on the way may have taken effect: `work` must be one that may be done twice.
   */
  async whileAway<T>(work: () => Promise<T>, forMs = 60_000): Promise<T> {
    const until = this.#clock.now() + forMs;
    let delayMs = awayRetry.firstMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const isGone = isUnreachable(error) && !this.signal.aborted;
        if (!isGone || this.#clock.now() + delayMs > until) throw error;
        await this.pause(delayMs);
        delayMs = Math.min(delayMs * awayRetry.factor, awayRetry.lastMs);
      }
    }
  }

  /** Tries until it works or fails with an answer of the engine: what hangs or is away is asked again, without end. */
  async untilAnswered<T>(work: () => Promise<T>): Promise<T> {
    let delayMs = awayRetry.firstMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isAway(error) || this.signal.aborted) throw error;
        await this.pause(delayMs);
        delayMs = Math.min(delayMs * awayRetry.factor, awayRetry.lastMs);
      }
    }
  }
}
