/**
 * The life of a runner:
 *
 *   loading   no machine yet, or the last one was thrown away; calls queue. Left when the partition is loaded. While the
 *             store fails, the last durable state answers reads, if the lost steps could be undone.
 *   running   calls step at once. Left for `loading` when an append fails or a step meets a bug.
 *   halted    bugs came too often, or the documents cannot be loaded. Final.
 *   fenced    another process owns the partition. Final.
 *   closed    shutting down. Final.
 */
import type { Machine, StepResult } from "../ecs/machine.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { DamagedError, FencedError, type OpenedPartition, type Store, StoreError } from "../store/store.ts";
import type { Answer } from "./append-group.ts";
import { DueTimer } from "./due-timer.ts";
import { EffectRelease } from "./effect-release.ts";
import { type AppendObserver, GroupCommit } from "./group-commit.ts";
import { loadMachine } from "./load-machine.ts";
import type { Log } from "./log.ts";
import * as errors from "./runner-errors.ts";

/** LIMIT: some seconds of the densest traffic; whoever comes later would time out before the answer. */
const waitingMax = 10_000;
/** LIMIT: one bug may be an odd input, two a coincidence; a third within the minute will not go away by itself. */
const bugsMax = 3;
const bugWindowMs = 60_000;
/** LIMIT: the first retry of a failed load comes soon, since most faults are short; then at most one in 5 s. */
const reloadDelayMs = { first: 100, longest: 5_000 };
/** LIMIT: a timer that changed nothing and is due again at once would be a loop; once a second does no harm. */
const fruitlessTimerMs = 1_000;

export type MachineRunnerOptions<Input, Effect> = {
  readonly partition: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes an empty machine; called for every load. */
  readonly create: () => Machine<Input, Effect>;
  readonly timerInput: Input;
  /** The first input after each load. */
  readonly afterLoad: Input | null;
  /** Called for each effect once its step is durable, in order. */
  readonly onEffect: (effect: Effect) => void;
  /** Called after each load, before the calls that waited for it: what is not in documents has to be told anew. */
  readonly onLoaded?: () => void;
  readonly log: Log;
  readonly observe?: AppendObserver | undefined;
  readonly waitingMax?: number;
};

export type RunnerStatus = {
  readonly state: "loading" | "running" | "halted" | "fenced" | "closed";
  /** Why it halted, or why it does not get out of loading. */
  readonly reason: string | null;
  /** Whether it answers reads; writes too when it is running. */
  readonly reads: boolean;
  /** The sequence of the newest event, durable or not. */
  readonly lastSequence: number;
  /** Answers that wait for the store, and calls that wait for loading. */
  readonly waiting: number;
};

type Queued<Input> = {
  readonly input: Input;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: Error) => void;
};

/**
 * Runs one machine over its partition: one input after another, nothing answered before it is durable. After a failed
 * append or a bug the machine is built anew from the store.
 */
export class MachineRunner<Input extends { readonly type: string }, Effect> {
  readonly #options: MachineRunnerOptions<Input, Effect>;
  readonly #timer: DueTimer;
  readonly #commit: GroupCommit<Effect>;
  readonly #effects: EffectRelease<Effect>;
  #state: RunnerStatus["state"] = "loading";
  #reason: string | null = null;
  #machine: Machine<Input, Effect> | null = null;
  /** The last durable state, for reads while the store fails. */
  #readable: Machine<Input, Effect> | null = null;
  #epoch = 0;
  #lastSequence = 0;
  #queue: Queued<Input>[] = [];
  #bugsAt: number[] = [];
  /** Since the last append that succeeded. */
  #failedAppends = 0;

  constructor(options: MachineRunnerOptions<Input, Effect>) {
    const { store, clock, partition, observe, onEffect, log } = options;
    this.#effects = new EffectRelease(onEffect, log);
    this.#options = options;
    this.#timer = new DueTimer(clock, () => this.#onDue());
    this.#commit = new GroupCommit<Effect>({
      clock,
      observe,
      append: async (append) => {
        await store.append(partition, this.#epoch, append);
        this.#failedAppends = 0;
      },
      release: (released) => this.#effects.release(released),
      failed: (cause, lostSteps, undone) => this.#onAppendFailed(cause, lostSteps, undone),
    });
  }

  /**
   * Builds the machine from its partition; once, before anything else matters. Rejects when the store fails, and goes on
   * trying in the background until closed. Documents that cannot be loaded halt the runner without a rejection.
   */
  async load(): Promise<void> {
    try {
      await this.#loadPartition();
    } catch (error) {
      this.#rejectQueue(notDurable(error));
      void this.#reload(1);
      throw error;
    }
  }

  /**
   * Gives the machine `input` and settles when everything that the answer shows is durable: with the reply's value, or
   * rejecting with the step's Refusal or one of the errors of `runner-errors.ts`.
   */
  async submit(input: Input): Promise<unknown> {
    const answer = await this.answer(input);
    if (!answer.ok) throw answer.refusal;
    return answer.value;
  }

  /** As `submit`, but the answer comes without a promise when nothing has to be waited for, as with most reads. */
  answer(input: Input): Answer | Promise<Answer> {
    const max = this.#options.waitingMax ?? waitingMax;
    if (this.#commit.waiting + this.#queue.length >= max) {
      return Promise.reject(new errors.OverloadError(`${this.#options.partition}: ${max} calls wait already`));
    }
    if (this.#state === "running") return this.#take(input);
    if (this.#state === "loading") {
      const read = this.#read(input);
      if (read !== null) return read;
      return new Promise((resolve, reject) => this.#queue.push({ input, resolve, reject }));
    }
    return Promise.reject(this.#stoppedError());
  }

  status(): RunnerStatus {
    const waiting = this.#commit.waiting + this.#queue.length;
    const reads = this.#state === "running" || this.#isReading();
    return { state: this.#state, reason: this.#reason, reads, lastSequence: this.#lastSequence, waiting };
  }

  /** Takes no more inputs; resolves when everything that was taken is durable or lost. */
  async close(): Promise<void> {
    if (this.#state === "running" || this.#state === "loading") this.#stop("closed");
    await this.#commit.flushed();
  }

  #take(input: Input): Answer | Promise<Answer> {
    const result = this.#step(input);
    if (result !== null) return this.#commit.whenDurable(result.reply);
    return Promise.reject(new errors.StepFailedError(`${this.#options.partition}: a step met a bug`));
  }

  /** The answer from the last durable state, for an input that changes nothing and only while the store fails; else null. */
  #read(input: Input): Answer | null {
    const { clock, random, partition, log } = this.#options;
    if (!this.#isReading() || this.#readable === null) return null;
    try {
      const result = this.#readable.read(input, clock.now(), random);
      if (result === null) return null;
      if (result.effects.length > 0) this.#effects.release(result.effects);
      return result.reply;
    } catch (error) {
      log("error", { partition, err: error, input: input.type }, "A read met a bug; it waits for the store");
      return null;
    }
  }

  #isReading(): boolean {
    return this.#state === "loading" && this.#reason !== null && this.#readable !== null;
  }

  /** One step, its writes on their way to the store; null when it met a bug. */
  #step(input: Input): StepResult<Effect> | null {
    const { clock, random } = this.#options;
    let result: StepResult<Effect>;
    const now = clock.now();
    try {
      const machine = this.#machine;
      assert(machine !== null, "a running runner has a machine");
      result = machine.step(input, now, random);
      for (const event of result.events) {
        assert(event.sequence === this.#lastSequence + 1, `event ${event.sequence} follows ${this.#lastSequence}`);
        this.#lastSequence = event.sequence;
      }
      this.#timer.follow(machine.nextDueAt());
    } catch (error) {
      this.#onBug(error, { input: input.type, operation: "operation" in input ? input.operation : undefined });
      return null;
    }
    this.#commit.add(result, now);
    return result;
  }

  #onDue(): void {
    const { clock, partition, timerInput, log } = this.#options;
    if (this.#state !== "running") return;
    const dueBefore = this.#machine?.nextDueAt();
    // LIMIT: not even a machine that is always due takes more than one timer step per millisecond.
    this.#timer.hold(clock.now() + 1);
    const result = this.#step(timerInput);
    const dueAt = this.#machine?.nextDueAt() ?? null;
    if (result === null || result.documents.length > 0 || dueAt === null || dueAt !== dueBefore) return;
    log("warn", { partition, dueAt }, "A timer step changed nothing and is due again; it is held back");
    this.#timer.hold(clock.now() + fruitlessTimerMs);
    this.#timer.follow(dueAt);
  }

  #onAppendFailed(cause: unknown, lostSteps: number, undone: boolean): Error {
    const { partition, log } = this.#options;
    log("error", { partition, ...problemFields(cause), lostSteps }, "An append failed");
    if (cause instanceof FencedError) {
      this.#stop("fenced");
      return new errors.FencedOutError(`${partition} is owned by another process`, { cause });
    }
    this.#failedAppends += 1;
    if (this.#state === "running") {
      const readable = undone ? this.#machine : null;
      this.#throwAway();
      this.#readable = readable;
      if (this.#failedAppends > 1) this.#reason = textOf(cause);
      void this.#reload(this.#failedAppends - 1);
    }
    return notDurable(cause);
  }

  /** The steps before the bug are sound: they are appended before the machine is built anew. */
  #onBug(error: unknown, fields: Readonly<Record<string, unknown>>): void {
    const { partition, clock, log } = this.#options;
    const now = clock.now();
    this.#bugsAt = [...this.#bugsAt.filter((at) => at > now - bugWindowMs), now];
    log("error", { partition, err: error, ...fields }, "A step met a bug; the machine is loaded anew");
    this.#throwAway();
    void this.#reload(0);
  }

  #throwAway(): void {
    this.#state = "loading";
    this.#machine = null;
    this.#readable = null;
    this.#timer.stop();
  }

  /**
   * Loads until it succeeds or the runner stops, after a pause that grows with the `failures` before. Calls that wait
   * are turned away after each failure. Never rejects.
   */
  async #reload(failures: number): Promise<void> {
    const { partition, log } = this.#options;
    await this.#commit.flushed();
    if (this.#state === "loading" && this.#bugsAt.length >= bugsMax) {
      this.#halt(`${bugsMax} bugs within ${bugWindowMs} ms`);
    }
    for (let attempt = failures; this.#state === "loading"; attempt++) {
      if (attempt > 0) await this.#pause(reloadDelayMs.first * 2 ** Math.min(attempt - 1, 10));
      try {
        await this.#loadPartition();
        return;
      } catch (error) {
        // Once: the store is asked every few seconds, for as long as the disk is full.
        const level = this.#reason === null ? "error" : "debug";
        log(level, { partition, ...problemFields(error) }, "The store does not give the partition; it is asked again");
        this.#reason = textOf(error);
        this.#rejectQueue(notDurable(error));
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#options.clock.setTimer(Math.min(ms, reloadDelayMs.longest), resolve);
    });
  }

  /** Rejects only with what the store says; halts when that is damaged. */
  async #loadPartition(): Promise<void> {
    const { partition, store, create } = this.#options;
    if (this.#state !== "loading") return;
    try {
      const opened = await store.open(partition);
      if (this.#state !== "loading") return;
      this.#start(loadMachine(create(), opened, `${store.medium}, partition "${partition}"`), opened);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      this.#halt(error.message);
    }
  }

  #start(machine: Machine<Input, Effect>, { epoch, lastSequence }: OpenedPartition): void {
    const { partition, afterLoad, onLoaded, log } = this.#options;
    if (this.#reason !== null) log("info", { partition }, "The store works again; the partition is loaded");
    this.#reason = null;
    this.#readable = null;
    this.#machine = machine;
    this.#epoch = epoch;
    this.#lastSequence = lastSequence;
    this.#state = "running";
    this.#timer.follow(machine.nextDueAt());
    if (afterLoad !== null) this.#step(afterLoad);
    if (this.#isRunning()) onLoaded?.();
    this.#takeQueue();
  }

  /** A step of the queue may meet a bug; those behind it then wait for the next load. */
  #takeQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    let taken = 0;
    for (; taken < queue.length && this.#state === "running"; taken++) {
      const { input, resolve } = queue[taken] as Queued<Input>;
      resolve(this.#take(input));
    }
    this.#queue = queue.slice(taken).concat(this.#queue);
  }

  #isRunning(): boolean {
    return this.#state === "running";
  }

  #halt(reason: string): void {
    this.#reason = reason;
    this.#options.log("error", { partition: this.#options.partition, reason }, "The machine is halted");
    this.#stop("halted");
  }

  #stop(state: "halted" | "fenced" | "closed"): void {
    this.#throwAway();
    this.#state = state;
    this.#rejectQueue(this.#stoppedError());
  }

  #stoppedError(): Error {
    const { partition } = this.#options;
    if (this.#state === "halted") return new errors.MachineHaltedError(`${partition} is halted: ${this.#reason}`);
    if (this.#state === "fenced") return new errors.FencedOutError(`${partition} is owned by another process`);
    return new errors.MachineClosedError(`${partition} is closed`);
  }

  #rejectQueue(error: Error): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }
}

/** Operating errors are logged as one sentence, anything else with its stack. */
function problemFields(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof StoreError ? { reason: error.message } : { err: error };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function notDurable(cause: unknown): errors.NotDurableError {
  return new errors.NotDurableError("The store did not confirm this call", { cause });
}
