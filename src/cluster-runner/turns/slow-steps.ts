import type { Answer } from "../append-group.ts";
import { OverloadError } from "../runner-errors.ts";
import type { TakeTurn } from "./turns.ts";

/** A waiting input, and the caller that waits for its answer. */
export type Queued<Input> = {
  readonly input: Input;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: Error) => void;
};

/** LIMIT: attempts that a step may need, about ten milliseconds each; a machine's limits allow at most a tenth of this. */
const attemptsMax = 2_000;

/** The inputs whose step took too long. Each is retried in its machine's turn until it is done, one at a time. */
export class SlowSteps<Input> {
  /** Makes the step; null if it must be retried. */
  readonly #attempt: (input: Input) => Answer | Promise<Answer> | null;
  readonly #takeTurn: TakeTurn;
  #queue: Queued<Input>[] = [];
  #attempts = 0;
  #isWaiting = false;

  constructor(attempt: (input: Input) => Answer | Promise<Answer> | null, takeTurn: TakeTurn) {
    this.#attempt = attempt;
    this.#takeTurn = takeTurn;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** The answer to an input that was tried once. */
  add(input: Input): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ input, resolve, reject });
      this.#goOn();
    });
  }

  /** Removes and returns all of them, for the next machine. */
  takeAll(): Queued<Input>[] {
    const all = this.#queue;
    this.#queue = [];
    this.#attempts = 0;
    return all;
  }

  #goOn(): void {
    if (this.#isWaiting || this.#queue.length === 0) return;
    this.#isWaiting = true;
    this.#takeTurn(() => {
      this.#isWaiting = false;
      this.#tryFirst();
      this.#goOn();
    });
  }

  #tryFirst(): void {
    const [first] = this.#queue;
    if (first === undefined) return;
    this.#attempts += 1;
    const answer = this.#attempt(first.input);
    // A bug throws the machine away, and waiting inputs go into the queue for the next one.
    if (this.#queue[0] !== first) {
      if (answer !== null) first.resolve(answer);
      return;
    }
    if (answer === null && this.#attempts < attemptsMax) return;
    this.#queue.shift();
    this.#attempts = 0;
    if (answer !== null) first.resolve(answer);
    else first.reject(new OverloadError(`A step was not done after ${attemptsMax} attempts`));
  }
}
