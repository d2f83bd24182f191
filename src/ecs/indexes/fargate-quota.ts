import { type FargateProvider, type FargateUse, fargateProviders } from "../documents/fargate-use.ts";
import type { FargateBook, FargateCount } from "./fargate-book.ts";

/**
 * What all clusters of an account and region hold of its quota for Fargate: the sum of their books, which grows and shrinks with them,
 * so that nobody has to ask every cluster. Steps never overlap: nobody can come between a step's question and the tasks it starts.
 */
export class FargateQuota implements FargateCount {
  readonly #use = { FARGATE: 0, FARGATE_SPOT: 0 };
  readonly #books = new Set<FargateBook>();
  readonly #waiting = new Set<FargateBook>();
  readonly #onFreed: () => void;

  /** `onFreed` is called, in the middle of a step, when CPU units were given back that somebody waits for. */
  constructor(onFreed: () => void) {
    this.#onFreed = onFreed;
  }

  /** True when no cluster counts. */
  get isEmpty(): boolean {
    return this.#books.size === 0;
  }

  /** The books of clusters with services that wait. */
  get waiting(): ReadonlySet<FargateBook> {
    return this.#waiting;
  }

  /** Counts a cluster, with what its tasks hold already. */
  join(book: FargateBook): void {
    this.#books.add(book);
    for (const provider of fargateProviders) this.add(provider, book.use[provider]);
    book.reportTo(this);
    this.noteWaiting(book);
  }

  /** Stops counting a cluster. */
  leave(book: FargateBook): void {
    this.#books.delete(book);
    this.#waiting.delete(book);
    book.reportTo(null);
    for (const provider of fargateProviders) this.add(provider, -book.use[provider]);
  }

  /** CPU units in use in all clusters except the one of `book`, which counts. */
  besides(book: FargateBook): FargateUse {
    const { FARGATE, FARGATE_SPOT } = this.#use;
    return { FARGATE: FARGATE - book.use.FARGATE, FARGATE_SPOT: FARGATE_SPOT - book.use.FARGATE_SPOT };
  }

  /** For books that count: their use has changed by `cpu` units. */
  add(provider: FargateProvider, cpu: number): void {
    this.#use[provider] += cpu;
    if (cpu < 0 && this.#waiting.size > 0) this.#onFreed();
  }

  /** For books that count: services have begun to wait, or none does any more. */
  noteWaiting(book: FargateBook): void {
    if (book.hasWaiting) this.#waiting.add(book);
    else this.#waiting.delete(book);
  }
}
