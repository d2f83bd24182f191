/**
 * The states of a runner:
 *
 * - loading: no machine yet, or the last one was thrown away; calls queue. Ends when the partition is loaded. While the store fails, the
 *   last durable state answers reads, if the lost steps could be undone.
 * - running: calls step at once. Becomes `loading` if an append fails or a step meets a bug.
 * - halted: bugs came too often, or the documents can't be loaded. Final.
 * - fenced: another process owns the partition. Final.
 * - closed: shutting down. Final.
 */
import type { Machine, SlicedStep, StepAgain, StepResult } from "../ecs/machine/machine.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random } from "../lib/random.ts";
import { DamagedError, FencedError, NewerDataError, type Store, StoreError } from "../store/store.ts";
import type { Answer } from "./append-group.ts";
import { EffectRelease } from "./effect-release.ts";
import { type AppendObserver, GroupCommit } from "./group-commit.ts";
import type { AnswerLong } from "./long-answers.ts";
import { type LoadedMachine, openMachine } from "./partitions/load-machine.ts";
import * as errors from "./runner-errors.ts";
import { DueTimer } from "./turns/due-timer.ts";
import { inSlices } from "./turns/slices.ts";
import { type Queued, SlowSteps } from "./turns/slow-steps.ts";
import type { TakeTurn } from "./turns/turns.ts";

/** LIMIT: a few seconds of the densest traffic; later calls would time out before their answer. */
const waitingMax = 10_000;
/** LIMIT: one bug may be an odd input, two a coincidence; a third within the minute won't go away by itself. */
const bugsMax = 3;
const bugWindowMs = 60_000;
/** LIMIT: the first retry of a failed load comes soon, because most faults are short; later at most one in 5 s. */
const reloadDelayMs = { first: 100, longest: 5_000 };
/** LIMIT: a timer step that changed nothing and is due again at once would loop; once a second does no harm. */
const fruitlessTimerMs = 1_000;
/** LIMIT: how long calls that waited for the machine are answered without a pause. */
const queueSliceMs = 5;

export type MachineRunnerOptions<Input, Effect> = {
  readonly partition: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Creates an empty machine; called for every load. */
  readonly create: () => Machine<Input, Effect>;
  readonly timerInput: Input;
  /** The first input after each load. */
  readonly afterLoad: Input | null;
  /** Called for each effect once its step is durable, in order. */
  readonly onEffect: (effect: Effect) => void;
  /** Called after each load, before the calls that waited for it: whatever isn't in documents must be reported again. */
  readonly onLoaded?: () => void;
  readonly log: Log;
  readonly observe?: AppendObserver | undefined;
  readonly waitingMax?: number;
  /** Runs work without a waiting call, such as timers, loading and appends. By default at once. */
  readonly takeTurn?: TakeTurn;
  /** Milliseconds with fractions. By default the clock. */
  readonly stopwatch?: () => number;
  /** Computes answers that take longer than a step. By default at once. */
  readonly answerLong?: AnswerLong;
};

export type RunnerStatus = {
  readonly state: "loading" | "running" | "halted" | "fenced" | "closed";
  /** Why it halted, or why loading doesn't succeed. */
  readonly reason: string | null;
  /** Whether it answers reads; if running, it also takes writes. */
  readonly reads: boolean;
  /** The sequence of the newest event, durable or not. */
  readonly lastSequence: number;
  /** Answers that wait for the store, plus calls that wait for loading. */
  readonly waiting: number;
};

/**
 * Runs one machine over its partition, one input at a time, and answers nothing before it is durable. After a failed append or a bug it
 * rebuilds the machine from the store.
 */
export class MachineRunner<Input extends { readonly type: string }, Effect> {
  readonly #options: MachineRunnerOptions<Input, Effect>;
  readonly #timer: DueTimer;
  readonly #commit: GroupCommit<Effect>;
  readonly #effects: EffectRelease<Effect>;
  #state: RunnerStatus["state"] = "loading";
  #reason: string | null = null;
  /** Why it halted, in words for callers. */
  #forCallers: string | null = null;
  #machine: Machine<Input, Effect> | null = null;
  /** The last durable state, for reads while the store fails. */
  #readable: Machine<Input, Effect> | null = null;
  #epoch = 0;
  #lastSequence = 0;
  #queue: Queued<Input>[] = [];
  readonly #slow: SlowSteps<Input>;
  readonly #takeTurn: TakeTurn;
  readonly #stopwatch: () => number;
  readonly #answerLong: AnswerLong;
  #isTimerWaiting = false;
  #bugsAt: number[] = [];
  /** Failures since the last successful append. */
  #failedAppends = 0;
  #hasWritten = false;
  /** The number of answers being computed in slices. */
  #long = 0;

  constructor(options: MachineRunnerOptions<Input, Effect>) {
    const { store, clock, partition, observe, onEffect, log } = options;
    this.#options = options;
    this.#takeTurn = options.takeTurn ?? ((run) => run());
    this.#stopwatch = options.stopwatch ?? (() => clock.now());
    this.#effects = new EffectRelease({ take: onEffect, log, takeTurn: this.#takeTurn, stopwatch: this.#stopwatch });
    this.#answerLong = options.answerLong ?? ((slices, isWanted) => inSlices(slices, this.#slicing(isWanted)));
    this.#slow = new SlowSteps((input) => this.#attempt(input), this.#takeTurn);
    this.#timer = new DueTimer(clock, () => this.#onDue());
    this.#commit = new GroupCommit<Effect>({
      clock,
      takeTurn: this.#takeTurn,
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
   * Builds the machine from its partition. Call it once, first. If the store fails, it rejects, and keeps trying in the background until
   * closed. If documents can't be loaded, the runner halts without a rejection.
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
   * Gives the machine `input`. Once everything that the answer shows is durable, resolves with the reply's value, or rejects with the
   * step's Refusal or an error from `runner-errors.ts`.
   */
  async submit(input: Input): Promise<unknown> {
    const answer = await this.answer(input);
    if (!answer.ok) throw answer.refusal;
    return answer.value;
  }

  /** As `submit`, but returns the answer without a promise if nothing has to be waited for, as with most reads. */
  answer(input: Input): Answer | Promise<Answer> {
    const max = this.#options.waitingMax ?? waitingMax;
    if (this.#waiting() >= max) {
      return Promise.reject(new errors.OverloadError(`${this.#options.partition}: ${max} calls are already waiting`));
    }
    // Calls that waited for the machine come first.
    if (this.#state === "running" && this.#queue.length === 0) return this.#take(input);
    if (this.#state === "loading" || this.#state === "running") {
      const read = this.#read(input);
      if (read !== null) return read;
      return new Promise((resolve, reject) => this.#queue.push({ input, resolve, reject }));
    }
    return Promise.reject(this.#stoppedError());
  }

  status(): RunnerStatus {
    const [state, reason] = [this.#state, this.#reason];
    const reads = state === "running" || this.#isReading();
    return { state, reason, reads, lastSequence: this.#lastSequence, waiting: this.#waiting() };
  }

  /** As `Machine.neededAt`, or 0 while anything waits or is due: then closing the runner would be noticed. */
  neededAt(): number | null {
    const machine = this.#machine;
    if (this.#state !== "running" || machine === null || !this.#commit.isFlushed) return 0;
    if (this.#slow.size > 0 || this.#long > 0) return 0;
    const dueAt = machine.nextDueAt();
    if (dueAt !== null && dueAt <= this.#options.clock.now()) return 0;
    return machine.neededAt === undefined ? 0 : machine.neededAt();
  }

  /** Accepts no more inputs; resolves when everything accepted is durable or lost. */
  async close(): Promise<void> {
    if (this.#state === "running" || this.#state === "loading") this.#stop("closed");
    await this.#commit.flushed();
  }

  #waiting(): number {
    return this.#commit.waiting + this.#queue.length + this.#slow.size;
  }

  /** True if the machine has written something since this runner started. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /**
   * Closes the runner and removes its partition from the store. Returns null, and the runner continues, if neither the machine nor
   * `isForgettable` allows it. Resolves with false if the last append failed, because the store may then hold more. Rejects if the store
   * does.
   */
  forget(isForgettable = this.#machine?.mayBeForgotten?.() === true): Promise<boolean> | null {
    if (this.#state !== "running" || !isForgettable) return null;
    return this.#closeAndRemove();
  }

  async #closeAndRemove(): Promise<boolean> {
    await this.close();
    if (this.#failedAppends > 0) return false;
    await this.#options.store.remove(this.#options.partition, this.#epoch);
    return true;
  }

  #take(input: Input): Answer | Promise<Answer> {
    return this.#attempt(input) ?? this.#slow.add(input);
  }

  /** The answer, or null if the step must be repeated. */
  #attempt(input: Input): Answer | Promise<Answer> | null {
    const result = this.#step(input);
    if (result === null)
      return Promise.reject(new errors.StepFailedError(`${this.#options.partition}: a step met a bug`));
    if ("again" in result) return null;
    if ("slices" in result) return this.#answerInSlices(result);
    return this.#commit.whenDurable(result.reply);
  }

  /** The answer shows the machine's current state: it is given once that is durable, and never if it was lost. */
  async #answerInSlices({ slices }: SlicedStep<Effect>): Promise<Answer> {
    const seen = this.#commit.whenDurable({ ok: true, value: null });
    this.#long += 1;
    try {
      const [answer] = await Promise.all([this.#answerLong(slices, () => this.#state !== "closed"), seen]);
      return answer;
    } finally {
      this.#long -= 1;
    }
  }

  /** While the store fails, the answer from the last durable state for an input that changes nothing; otherwise null. */
  #read(input: Input): Answer | null {
    const { clock, random, partition, log } = this.#options;
    if (!this.#isReading() || this.#readable === null) return null;
    try {
      const result = this.#readable.read(input, clock.now(), random);
      if (result === null) return null;
      if (result.effects.length > 0) this.#effects.release(result.effects);
      return result.reply;
    } catch (error) {
      log("read-bug", { partition, err: error, input: input.type });
      return null;
    }
  }

  #isReading(): boolean {
    return this.#state === "loading" && this.#reason !== null && this.#readable !== null;
  }

  /** Makes one step and sends its writes to the store; null if it met a bug. */
  #step(input: Input): StepResult<Effect> | StepAgain | SlicedStep<Effect> | null {
    const { clock, random } = this.#options;
    let result: StepResult<Effect> | StepAgain | SlicedStep<Effect>;
    let neededAt: number | null | undefined;
    const now = clock.now();
    try {
      const machine = this.#machine;
      assert(machine !== null, "a running runner has a machine");
      result = machine.step(input, now, random);
      if (!("reply" in result)) return result;
      for (const event of result.events) {
        assert(event.sequence === this.#lastSequence + 1, `event ${event.sequence} follows ${this.#lastSequence}`);
        this.#lastSequence = event.sequence;
      }
      this.#timer.follow(machine.nextDueAt());
      neededAt = machine.neededAt?.();
    } catch (error) {
      this.#onBug(error, { input: input.type, operation: "operation" in input ? input.operation : undefined });
      return null;
    }
    if (result.documents.length > 0 || result.events.length > 0) this.#hasWritten = true;
    this.#commit.add(result, now, neededAt);
    return result;
  }

  #onDue(): void {
    if (this.#isTimerWaiting) return;
    this.#isTimerWaiting = true;
    this.#takeTurn(() => {
      this.#isTimerWaiting = false;
      this.#stepTimer();
    });
  }

  #stepTimer(): void {
    const { clock, partition, timerInput, log } = this.#options;
    if (this.#state !== "running") return;
    const dueBefore = this.#machine?.nextDueAt() ?? null;
    if (dueBefore === null || dueBefore > clock.now()) {
      this.#timer.follow(dueBefore);
      return;
    }
    // LIMIT: even a machine that is always due makes at most one timer step per millisecond.
    this.#timer.hold(clock.now() + 1);
    const result = this.#step(timerInput);
    const dueAt = this.#machine?.nextDueAt() ?? null;
    if (result === null || dueAt === null) return;
    if (!("reply" in result)) {
      this.#timer.follow(dueAt);
      return;
    }
    if (result.documents.length > 0 || dueAt !== dueBefore) return;
    log("timer-fruitless", { partition, dueAt });
    this.#timer.hold(clock.now() + fruitlessTimerMs);
    this.#timer.follow(dueAt);
  }

  #onAppendFailed(cause: unknown, lostSteps: number, undone: boolean): Error {
    const { partition, log } = this.#options;
    log("append-failed", { partition, ...problemFields(cause), lostSteps });
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

  /** The steps before the bug are sound: they are appended before the machine is rebuilt. */
  #onBug(error: unknown, fields: Readonly<Record<string, unknown>>): void {
    const { partition, clock, log } = this.#options;
    const now = clock.now();
    this.#bugsAt = [...this.#bugsAt.filter((at) => at > now - bugWindowMs), now];
    log("step-bug", { partition, err: error, ...fields });
    this.#throwAway();
    void this.#reload(0);
  }

  #throwAway(): void {
    this.#state = "loading";
    this.#machine = null;
    this.#readable = null;
    this.#timer.stop();
    this.#queue = [...this.#slow.takeAll(), ...this.#queue];
  }

  /**
   * Loads until it succeeds or the runner stops, with a pause that grows with the number of `failures`. After each failure, waiting calls
   * are rejected. Never rejects.
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
        // Logged once: on a full disk, the store is retried every few seconds.
        const event = this.#reason === null ? "partition-load-failed" : "partition-load-retried";
        log(event, { partition, ...problemFields(error) });
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

  /** Rejects only with the store's errors; halts if the data is damaged. */
  async #loadPartition(): Promise<void> {
    const { partition, store, create } = this.#options;
    if (this.#state !== "loading") return;
    try {
      const slicing = this.#slicing(() => this.#isLoading());
      const loaded = await openMachine(store, partition, create(), (work) => inSlices(work, slicing));
      if (this.#isLoading()) this.#start(loaded);
    } catch (error) {
      if (!this.#isLoading()) return;
      if (!(error instanceof DamagedError)) throw error;
      if (error instanceof NewerDataError) this.#forCallers = error.forCallers;
      this.#halt(error.message);
    }
  }

  #start({ machine, opened, isEmpty }: LoadedMachine<Input, Effect>): void {
    const { partition, afterLoad, onLoaded, log } = this.#options;
    if (this.#reason !== null) log("partition-loaded", { partition });
    this.#reason = null;
    this.#readable = null;
    this.#machine = machine;
    this.#epoch = opened.epoch;
    this.#lastSequence = opened.lastSequence;
    this.#state = "running";
    this.#timer.follow(machine.nextDueAt());
    if (afterLoad !== null) this.#step(afterLoad);
    if (!isEmpty) this.#noteNeededAt(opened.neededAt);
    if (this.#isRunning()) onLoaded?.();
    if (this.#isRunning()) this.#takeQueue();
  }

  /** The stored time may come from an older Berth, or be in the past. An empty partition is about to be written. */
  #noteNeededAt(known: number | null): void {
    const neededAt = this.#machine?.neededAt?.();
    if (neededAt !== undefined && neededAt !== known) this.#commit.note(neededAt);
  }

  #slicing(isWanted: () => boolean): Parameters<typeof inSlices>[1] {
    const unwanted = () => this.#stoppedError();
    return { takeTurn: this.#takeTurn, stopwatch: this.#stopwatch, isWanted, unwanted };
  }

  /** A queued step may meet a bug; those behind it then wait for the next load. */
  #takeQueue(): void {
    const end = this.#stopwatch() + queueSliceMs;
    do {
      const first = this.#queue.shift();
      if (first === undefined) return;
      first.resolve(this.#take(first.input));
    } while (this.#isRunning() && this.#stopwatch() < end);
    // First, because whatever came later only makes the queue longer.
    if (this.#queue.length > 0 && this.#isRunning()) this.#takeTurn(() => this.#takeQueue(), "first");
  }

  #isRunning(): boolean {
    return this.#state === "running";
  }

  #isLoading(): boolean {
    return this.#state === "loading";
  }

  #halt(reason: string): void {
    this.#reason = reason;
    this.#options.log("machine-halted", { partition: this.#options.partition, reason });
    this.#stop("halted");
  }

  #stop(state: "halted" | "fenced" | "closed"): void {
    this.#throwAway();
    this.#state = state;
    this.#rejectQueue(this.#stoppedError());
  }

  #stoppedError(): Error {
    const { partition } = this.#options;
    if (this.#state === "halted") {
      return new errors.MachineHaltedError(`${partition} is halted: ${this.#reason}`, this.#forCallers);
    }
    if (this.#state === "fenced") return new errors.FencedOutError(`${partition} is owned by another process`);
    return new errors.MachineClosedError(`${partition} is closed`);
  }

  #rejectQueue(error: Error): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }
}

/** Operating errors are logged as one sentence, others with their stack. */
function problemFields(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof StoreError ? { reason: error.message } : { err: error };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function notDurable(cause: unknown): errors.NotDurableError {
  return new errors.NotDurableError("The store did not confirm this call", { cause });
}
