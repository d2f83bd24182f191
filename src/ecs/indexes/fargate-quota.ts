import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import type { FargateBook } from "./fargate-book.ts";

/**
 * How much of its Fargate quota an account uses in a region: the sum of its clusters' books, kept up to date so nobody has to ask every
 * cluster. Steps never overlap, so nothing changes between a step's question and the tasks it starts.
 */
export class FargateQuota {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };
  readonly #onFreed: () => void;

  /** `onFreed` is called, in the middle of a step, when CPU units become free. */
  constructor(onFreed: () => void) {
    this.#onFreed = onFreed;
  }

  /** Counts a cluster from now on, starting with its current tasks. */
  join(book: FargateBook): void {
    for (const provider of fargateProviders) this.#add(provider, book.use[provider]);
    book.reportTo((provider, cpu) => this.#add(provider, cpu));
  }

  /** Stops counting a cluster. */
  leave(book: FargateBook): void {
    book.reportTo(null);
    for (const provider of fargateProviders) this.#add(provider, -book.use[provider]);
  }

  /** CPU units in use in all clusters except that of `book`, which must have joined. */
  besides(book: FargateBook): FargateUse {
    const { FARGATE, FARGATE_SPOT } = this.#use;
    return { FARGATE: FARGATE - book.use.FARGATE, FARGATE_SPOT: FARGATE_SPOT - book.use.FARGATE_SPOT };
  }

  #add(provider: FargateProvider, cpu: number): void {
    this.#use[provider] += cpu;
    if (cpu < 0) this.#onFreed();
  }
}
