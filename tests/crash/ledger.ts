/** What a server has acknowledged, which must be there, and what was under way when it died, which may be. */

export type RunRequest = { readonly cluster: string; readonly taskDefinition: string; readonly count: number };

export type AcknowledgedTask = {
  readonly arn: string;
  /** `asked`: StopTask was sent and nobody knows whether it arrived. */
  stop: "none" | "asked" | "acknowledged";
  /** The newest version seen. */
  version: number;
};

export type AcknowledgedInstance = { readonly arn: string; deregistration: "none" | "asked" | "acknowledged" };

/** A value that only one client writes: the last one acknowledged, and one that may have arrived after it. */
export type LastWrite = { acknowledged: string | null; underWay: string | null };

export class Ledger {
  readonly cluster = "crash";
  readonly clusters: string[] = [];
  readonly definitions: string[] = [];
  readonly tasks = new Map<string, AcknowledgedTask>();
  readonly instances = new Map<string, AcknowledgedInstance>();
  /** Client token -> its request and tasks. Null if no answer came. */
  readonly runs = new Map<string, { readonly request: RunRequest; arns: readonly string[] | null }>();
  readonly tags = new Map<string, LastWrite>();
  readonly attributes = new Map<string, LastWrite>();
  /** Calls that were refused, as they should be. */
  refused = 0;

  #answered = 0;
  /** Callers that wait for a number of answered calls. */
  readonly #waiting: { readonly count: number; readonly reached: () => void }[] = [];

  /** Calls answered so far. */
  get answered(): number {
    return this.#answered;
  }

  noteAnswer(): void {
    this.#answered += 1;
    for (const { count, reached } of this.#waiting) if (this.#answered >= count) reached();
  }

  /** Resolves once this many calls have been answered. */
  untilAnswered(count: number): Promise<void> {
    return new Promise((reached) => {
      if (this.#answered >= count) reached();
      else this.#waiting.push({ count, reached });
    });
  }

  lastWrite(of: Map<string, LastWrite>, key: string): LastWrite {
    let write = of.get(key);
    if (write === undefined) {
      write = { acknowledged: null, underWay: null };
      of.set(key, write);
    }
    return write;
  }

  addTasks(arns: readonly string[]): void {
    for (const arn of arns) {
      if (!this.tasks.has(arn)) this.tasks.set(arn, { arn, stop: "none", version: 0 });
    }
  }
}
