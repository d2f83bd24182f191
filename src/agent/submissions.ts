import type { EcsApi } from "../agent-protocol/connection.ts";
import { must } from "../lib/assert.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { RandomStream } from "../lib/random.ts";
import { Backoff } from "./backoff.ts";
import type { StateChange } from "./engine/engine-state.ts";

/** AWS: how the official agent spaces its attempts, and for how many tasks at once. It never gives up. */
const retry = { firstMs: 1_000, factor: 1.3, lastMs: 30_000 };
const tasksAtOnce = 10;

export type SubmissionsOptions = {
  readonly api: EcsApi;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
  readonly cluster: string;
  /** The change was accepted, or permanently refused. */
  readonly onSettled: (change: StateChange) => void;
};

type TaskQueue = {
  readonly task: string;
  readonly changes: StateChange[];
  readonly backoff: Backoff;
  busy: boolean;
  timer: Timer | null;
};

/** State changes on their way to the control plane: in order for each task, retried until they are answered. */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #queues = new Map<string, TaskQueue>();
  /** The queues whose first change may be sent, the one ready longest first. */
  readonly #ready = new Set<TaskQueue>();
  #busy = 0;
  #closed = false;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
  }

  add(change: StateChange): void {
    const queue = this.#queues.get(change.task) ?? this.#newQueue(change.task);
    queue.changes.push(change);
    if (!queue.busy && queue.timer === null) this.#ready.add(queue);
    this.#pump();
  }

  /** What was not answered yet. */
  pending(): readonly StateChange[] {
    return [...this.#queues.values()].flatMap((queue) => queue.changes);
  }

  close(): void {
    this.#closed = true;
    for (const queue of this.#queues.values()) queue.timer?.cancel();
  }

  #newQueue(task: string): TaskQueue {
    const queue = { task, changes: [], backoff: new Backoff(retry, this.#options.random), busy: false, timer: null };
    this.#queues.set(task, queue);
    return queue;
  }

  #pump(): void {
    if (this.#closed) return;
    for (const queue of this.#ready) {
      if (this.#busy >= tasksAtOnce) return;
      this.#ready.delete(queue);
      const change = must(queue.changes[0], "a change of a queue that is ready");
      queue.busy = true;
      this.#busy += 1;
      this.#submit(change).then(
        (outcome) => this.#answered(queue, change, outcome),
        (error: unknown) => this.#answered(queue, change, error),
      );
    }
  }

  async #submit(change: StateChange): Promise<null> {
    await this.#options.api.call("SubmitTaskStateChange", { cluster: this.#options.cluster, ...change });
    return null;
  }

  #answered(queue: TaskQueue, change: StateChange, error: unknown): void {
    const { task } = queue;
    queue.busy = false;
    this.#busy -= 1;
    if (this.#closed) return;
    const { clock, log, onSettled } = this.#options;
    // AWS: this error drops the event permanently. Every other error is retried.
    const refused = error !== null && codeOf(error) === "InvalidParameterException";
    if (error === null || refused) {
      if (refused) log("state-change-refused", { task, status: change.status, err: error });
      queue.changes.shift();
      queue.backoff.reset();
      if (queue.changes.length === 0) this.#queues.delete(task);
      else this.#ready.add(queue);
      onSettled(change);
    } else {
      log("state-change-delayed", { task, status: change.status, err: error });
      queue.timer = clock.setTimer(queue.backoff.next(), () => {
        queue.timer = null;
        this.#ready.add(queue);
        this.#pump();
      });
    }
    this.#pump();
  }
}

/** ECS's error code of a rejected call, or null if it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
