import type { MachineRunner, RunnerStatus } from "./machine-runner.ts";
import { MachineClosedError, OverloadError } from "./runner-errors.ts";

/** LIMIT: twice the clusters of one account; a machine without documents takes some kilobytes. */
const machinesMax = 20_000;

/** The runners of one kind of machine, by partition. There is one runner per partition, whoever asks and how often. */
export class MachineSet<Input extends { readonly type: string }, Effect> {
  readonly #start: (partition: string) => MachineRunner<Input, Effect>;
  readonly #runners = new Map<string, MachineRunner<Input, Effect>>();
  readonly #max: number;
  #closed = false;

  constructor(start: (partition: string) => MachineRunner<Input, Effect>, max: number = machinesMax) {
    this.#start = start;
    this.#max = max;
  }

  get(partition: string): MachineRunner<Input, Effect> | undefined {
    return this.#runners.get(partition);
  }

  /**
   * The runner of `partition`, made and loading when it is new; calls wait in it until it is loaded. Throws OverloadError
   * when there are too many machines.
   */
  obtain(partition: string): MachineRunner<Input, Effect> {
    const known = this.#runners.get(partition);
    if (known !== undefined) return known;
    const runner = this.#add(partition);
    // The runner goes on trying and logs it; calls learn of the failure themselves.
    runner.load().catch(() => {});
    return runner;
  }

  /** As `obtain`, and resolves when it is loaded; rejects when the store does not give the partition. */
  async load(partition: string): Promise<void> {
    await this.#add(partition).load();
  }

  *entries(): IterableIterator<[string, MachineRunner<Input, Effect>]> {
    yield* this.#runners;
  }

  statuses(): (RunnerStatus & { readonly partition: string })[] {
    return [...this.#runners].map(([partition, runner]) => ({ partition, ...runner.status() }));
  }

  /** Closes all runners; new ones are refused with MachineClosedError. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#runners.values()].map((runner) => runner.close()));
  }

  #add(partition: string): MachineRunner<Input, Effect> {
    if (this.#closed) throw new MachineClosedError(`${partition} is closed`);
    if (this.#runners.size >= this.#max) throw new OverloadError(`There are ${this.#max} machines already`);
    const runner = this.#start(partition);
    this.#runners.set(partition, runner);
    return runner;
  }
}
