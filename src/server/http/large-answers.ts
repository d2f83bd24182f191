/**
 * Answers that can be large are made a few at a time. Between a step of a machine and the bytes on the wire an answer exists as
 * objects, which nothing else counts; and what waits for one append is released all at once.
 */

export type LargeAnswerBounds = {
  /** Of all accounts. */
  readonly total: number;
  readonly perAccount: number;
};

type Queue = { readonly account: string; readonly waiting: (() => void)[] };

/** LIMIT: how long large answers are made before the event loop goes round, which frees what was cut and looks for other input. */
const roundMs = 5;

export class LargeAnswers {
  readonly #bounds: LargeAnswerBounds;
  readonly #nowMs: () => number;
  readonly #byAccount = new Map<string, number>();
  /** A queue for each operation of each account, in turn: the one that was served goes to the back. */
  readonly #queues = new Map<string, Queue>();
  #total = 0;
  /** When the first answer of this round of the event loop was begun; null when none was. */
  #roundBegan: number | null = null;

  /** `nowMs` is a clock that never goes back. */
  constructor(bounds: LargeAnswerBounds, nowMs: () => number = () => performance.now()) {
    this.#bounds = bounds;
    this.#nowMs = nowMs;
  }

  /** Does `make` when there is room for one more answer, of an operation whose answers can be large; of others at once. */
  async make<T>(account: string, operation: string, make: () => Promise<T>): Promise<T> {
    if (!canBeLarge(operation)) return make();
    if (this.#queues.size === 0 && this.#mayBegin(account)) this.#begin(account);
    else await this.#turn(account, operation);
    try {
      return await make();
    } finally {
      this.#end(account);
    }
  }

  #mayBegin(account: string): boolean {
    if (this.#roundBegan !== null && this.#nowMs() - this.#roundBegan >= roundMs) return false;
    return this.#total < this.#bounds.total && (this.#byAccount.get(account) ?? 0) < this.#bounds.perAccount;
  }

  #begin(account: string): void {
    this.#openRound();
    this.#total += 1;
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? 0) + 1);
  }

  #end(account: string): void {
    this.#total -= 1;
    const left = (this.#byAccount.get(account) ?? 1) - 1;
    if (left === 0) this.#byAccount.delete(account);
    else this.#byAccount.set(account, left);
    if (this.#queues.size > 0) this.#openRound();
  }

  #turn(account: string, operation: string): Promise<void> {
    return new Promise((resolve) => {
      const key = `${account} ${operation}`;
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, { account, waiting: [resolve] });
      else queue.waiting.push(resolve);
      this.#openRound();
    });
  }

  /** Once the event loop has gone round, those who wait are served. */
  #openRound(): void {
    if (this.#roundBegan !== null) return;
    this.#roundBegan = this.#nowMs();
    setImmediate(() => {
      this.#roundBegan = null;
      this.#serveNext();
    });
  }

  /** Begins one of the calls that wait; the next one follows in the next round. */
  #serveNext(): void {
    for (const [key, { account, waiting }] of this.#queues) {
      if (!this.#mayBegin(account)) continue;
      const resolve = waiting.shift();
      this.#queues.delete(key);
      if (waiting.length > 0) this.#queues.set(key, { account, waiting });
      this.#begin(account);
      resolve?.();
      return;
    }
  }
}

/** Reads of many things; an answer to a write has what it wrote. */
function canBeLarge(operation: string): boolean {
  return /^(?:Describe|List|Explain|Plan)/.test(operation);
}
