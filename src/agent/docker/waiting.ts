import type { Clock } from "../../lib/clock.ts";
import { DockerTimeout, DockerUnreachable, isAway } from "./engine/docker-error.ts";

export type RetryShape = {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly lastMs: number;
  /** Failures after which another attempt is useless. */
  readonly isFinal?: (error: unknown) => boolean;
};

/**
 * LIMIT: an engine that restarts is back within seconds, or an operator is at work; each attempt costs one refused connection.
 */
const awayRetry = { firstMs: 100, factor: 2, lastMs: 2_000 };

/** Checks the causes too: an operation of several calls wraps their failure in its own. */
const isUnreachable = (error: unknown): boolean =>
  error instanceof DockerUnreachable || (error instanceof Error && error.cause instanceof DockerUnreachable);

/** Waits and retries that end together. */
export class Waiting {
  readonly #clock: Clock;
  readonly #controller = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborted once nothing needs waiting for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#controller.abort(new DockerUnreachable("the agent ends"));
  }

  /** Rejects when everything has ended. */
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

  /** Retries until it works or has failed `attempts` times. Rejects with the last failure. */
  async retry<T>(shape: RetryShape, work: () => Promise<T>): Promise<T> {
    let delayMs = shape.firstMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        // Do not repeat a call that has already used up its whole timeout.
        const isFinal = error instanceof DockerTimeout || shape.isFinal?.(error) === true;
        if (attempt >= shape.attempts || isFinal || this.signal.aborted) throw error;
        await this.pause(delayMs);
        delayMs = Math.min(delayMs * shape.factor, shape.lastMs);
      }
    }
  }

  /**
   * Retries while no engine answers, for at most `forMs`. Rejects with the first failure of another kind. A lost call may have
   * taken effect, so `work` must be safe to repeat.
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

  /** Retries without limit until it works or the engine answers with an error. Timeouts and absences don't count as answers. */
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
