import type { Answer } from "./append-group.ts";
import { MachineClosedError, OverloadError } from "./runner-errors.ts";
import { Rota } from "./turns/rota.ts";
import { inSlices } from "./turns/slices.ts";
import type { Turns } from "./turns/turns.ts";

/** LIMIT: each waiting answer is a caller that waits for seconds; more for one account would time out before they start. */
const waitingPerAccount = 8;

/** Computes an answer on copies, in slices, until nobody wants it. */
export type AnswerLong = (slices: Iterator<undefined, Answer>, isWanted: () => boolean) => Promise<Answer>;

/**
 * LIMIT: the process computes one long answer at a time, because each holds a copy of its cluster's indexes: 150 MB for the largest
 * cluster. The others wait, and accounts take turns.
 */
export class LongAnswers {
  readonly #turns: Turns;
  readonly #waiting = new Rota<(() => Promise<void>)[]>();
  #isAtWork = false;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * The result of `slices`. Rejects with OverloadError if too many of the account wait, with MachineClosedError if nobody wants it any
   * more.
   */
  add(account: string, cluster: string, slices: Iterator<undefined, Answer>, isWanted: () => boolean): Promise<Answer> {
    const waiting = this.#waiting.obtain(account, () => []);
    if (waiting.length >= waitingPerAccount) {
      return Promise.reject(new OverloadError(`${waiting.length} long calls of ${account} are already waiting`));
    }
    return new Promise((resolve, reject) => {
      waiting.push(() =>
        inSlices(slices, {
          takeTurn: (run) => this.#turns.take(account, cluster, run),
          stopwatch: this.#turns.stopwatch,
          isWanted,
          unwanted: () => new MachineClosedError(`${cluster} is closed`),
        }).then(resolve, reject),
      );
      if (!this.#isAtWork) void this.#work();
    });
  }

  /** Never rejects: each result goes to its callers. */
  async #work(): Promise<void> {
    this.#isAtWork = true;
    for (let next = this.#waiting.next(); next !== null; next = this.#waiting.next()) {
      const { key, content } = next;
      const begin = this.#turns.stopwatch();
      const answer = content.shift();
      if (content.length === 0) this.#waiting.remove(key);
      await answer?.();
      this.#waiting.charge(key, this.#turns.stopwatch() - begin);
    }
    this.#isAtWork = false;
  }
}
