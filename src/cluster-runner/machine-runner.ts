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
import type { Machine, SlicedStep, StepAgain, StepResult } from "../ecs/machine/machine.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { DamagedError, FencedError, NewerDataError, type Store, StoreError } from "../store/store.ts";
import type { Answer } from "./append-group.ts";
import { EffectRelease } from "./effect-release.ts";
import { type AppendObserver, GroupCommit } from "./group-commit.ts";
import type { Log } from "./log.ts";
import type { AnswerLong } from "./long-answers.ts";
import { type LoadedMachine, openMachine } from "./partitions/load-machine.ts";
import * as errors from "./runner-errors.ts";
import { DueTimer } from "./turns/due-timer.ts";
import { inSlices } from "./turns/slices.ts";
import { type Queued, SlowSteps } from "./turns/slow-steps.ts";
import type { TakeTurn } from "./turns/turns.ts";

/** LIMIT: some seconds of the densest traffic; whoever comes later would time out before the answer. */
const waitingMax = 10_000;
/** LIMIT: one bug may be an odd input, two a coincidence; a third within the minute will not go away by itself. */
const bugsMax = 3;
const bugWindowMs = 60_000;
/** LIMIT: the first retry of a failed load comes soon, since most faults are short; then at most one in 5 s. */
const reloadDelayMs = { first: 100, longest: 5_000 };
/** LIMIT: a timer that changed nothing and is due again at once would be a loop; once a second does no harm. */
const fruitlessTimerMs = 1_000;
/** LIMIT: how long calls that waited for the machine are answered without a pause. */
const queueSliceMs = 5;

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
  /** For work that nobody called for just now, such as timers, loading and appends. By default it is done at once. */
  readonly takeTurn?: TakeTurn;
  /** Milliseconds with fractions. By default the clock. */
  readonly stopwatch?: () => number;
  /** Works out answers that take longer than a step. By default at once. */
  readonly answerLong?: AnswerLong;
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
  /** Why it halted, as callers may be told. */
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
  /** Since the last append that succeeded. */
  #failedAppends = 0;
  #hasWritten = false;
  /** Answers that are being made in slices. */
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
    if (this.#waiting() >= max) {
      return Promise.reject(new errors.OverloadError(`${this.#options.partition}: ${max} calls wait already`));
    }
    // Those that waited for the machine come first.
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

  /** As `Machine.neededAt`, and 0 while anything waits or is due: then the runner cannot be closed without anybody noticing. */
  neededAt(): number | null {
    const machine = this.#machine;
    if (this.#state !== "running" || machine === null || !this.#commit.isFlushed) return 0;
    if (this.#slow.size > 0 || this.#long > 0) return 0;
    const dueAt = machine.nextDueAt();
    if (dueAt !== null && dueAt <= this.#options.clock.now()) return 0;
    return machine.neededAt === undefined ? 0 : machine.neededAt();
  }

  /** Takes no more inputs; resolves when everything that was taken is durable or lost. */
  async close(): Promise<void> {
    if (this.#state === "running" || this.#state === "loading") this.#stop("closed");
    await this.#commit.flushed();
  }

  #waiting(): number {
    return this.#commit.waiting + this.#queue.length + this.#slow.size;
  }

  /** True when the machine has written something since this runner began. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /**
   * Closes the runner and removes its partition from the store; null, and the runner goes on, when the machine may not be forgotten and
   * `isForgettable` does not say so. Resolves with false when the last append failed, as then the store may hold more. Rejects with what the store rejects with.
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

  /** The answer, or null when the step has to be made again. */
  #attempt(input: Input): Answer | Promise<Answer> | null {
    const result = this.#step(input);
    if (result === null)
      return Promise.reject(new errors.StepFailedError(`${this.#options.partition}: a step met a bug`));
    if ("again" in result) return null;
    if ("slices" in result) return this.#answerInSlices(result);
    return this.#commit.whenDurable(result.reply);
  }

  /** The answer shows what the machine is now: it is given when that is durable, and not at all when it was lost. */
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
    // LIMIT: not even a machine that is always due takes more than one timer step per millisecond.
    this.#timer.hold(clock.now() + 1);
    const result = this.#step(timerInput);
    const dueAt = this.#machine?.nextDueAt() ?? null;
    if (result === null || dueAt === null) return;
    if (!("reply" in result)) {
      this.#timer.follow(dueAt);
      return;
    }
    if (result.documents.length > 0 || dueAt !== dueBefore) return;
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
    this.#queue = [...this.#slow.takeAll(), ...this.#queue];
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
    if (this.#reason !== null) log("info", { partition }, "The store works again; the partition is loaded");
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

  /** What the store knows may come from a Berth that knew less, or from a time that is over. An empty partition is about to be written. */
  #noteNeededAt(known: number | null): void {
    const neededAt = this.#machine?.neededAt?.();
    if (neededAt !== undefined && neededAt !== known) this.#commit.note(neededAt);
  }

  #slicing(isWanted: () => boolean): Parameters<typeof inSlices>[1] {
    const unwanted = () => this.#stoppedError();
    return { takeTurn: this.#takeTurn, stopwatch: this.#stopwatch, isWanted, unwanted };
  }

  /** A step of the queue may meet a bug; those behind it then wait for the next load. */
  #takeQueue(): void {
    const end = this.#stopwatch() + queueSliceMs;
    do {
      const first = this.#queue.shift();
      if (first === undefined) return;
      first.resolve(this.#take(first.input));
    } while (this.#isRunning() && this.#stopwatch() < end);
    // Before what came later, which only makes the queue longer.
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

/** Operating errors are logged as one sentence, anything else with its stack. */
function problemFields(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof StoreError ? { reason: error.message } : { err: error };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function notDurable(cause: unknown): errors.NotDurableError {
  return new errors.NotDurableError("The store did not confirm this call", { cause });
}
