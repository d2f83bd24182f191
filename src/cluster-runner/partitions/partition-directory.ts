/**
 * Where the machine of a partition is:
 *
 * - open: in memory, run by a runner.
 * - stored: only in the store. Opened when somebody calls it, or at the partition's own time (`neededAt`).
 * - leaving: being removed from the store. Calls wait until it is gone.
 * - nowhere: nothing was ever written, or all of it was forgotten. An empty machine answers, and nothing is opened until it writes.
 *
 * Callers name a partition and needn't know which of these applies.
 */
import { FargateShortage } from "../../ecs/fargate/use-fargate.ts";
import type { Machine } from "../../ecs/machine/machine.ts";
import { assert, must } from "../../lib/assert.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import { Heap } from "../../lib/heap.ts";
import type { Log } from "../../lib/log-events.ts";
import type { Random } from "../../lib/random.ts";
import type { ListedPartition } from "../../store/store.ts";
import type { Answer } from "../append-group.ts";
import type { MachineRunner, RunnerStatus } from "../machine-runner.ts";
import { MachineClosedError, OverloadError, StepFailedError } from "../runner-errors.ts";
import { MachineRoom, type RoomLimits } from "./machine-room.ts";

/** LIMIT: machines that nobody needs now but that stay in memory for the next call; beyond this number the oldest are put away. */
const idleMax = 2_000;
/** LIMIT: trimming checks every machine, so it is done once for this many openings. */
const openingsPerTrim = 200;
/** LIMIT: partitions opened at a time: as many as share a transaction of the SQLite store. */
const openedAtOnce = 64;
/** LIMIT: a partition that is still needed after it was put away is opened again after a minute, not at once. */
const wakePauseMs = 60_000;

type Input = { readonly type: string };

export type PartitionDirectoryOptions<I extends Input, Effect> = {
  readonly clock: Clock;
  readonly log: Log;
  readonly room: RoomLimits;
  /** Creates an empty machine for a partition. */
  readonly create: (partition: string) => Machine<I, Effect>;
  /** Creates its runner, which doesn't load yet. No other runner of this process draws from `random`. */
  readonly runner: (partition: string, random: Random) => MachineRunner<I, Effect>;
  readonly randomFor: (purpose: string) => Random;
  /** Called when the machine of a partition has left memory. */
  readonly onClosed?: (partition: string) => void;
};

type Opened<I extends Input, Effect> = {
  readonly runner: MachineRunner<I, Effect>;
  readonly account: string;
  /** Settles after the first attempt to load it. */
  readonly loaded: Promise<void>;
  /** Rises with each call of any partition. */
  usedAt: number;
};

/** The partitions of one kind of machine. Names begin with `KIND/ACCOUNT/REGION`. */
export class PartitionDirectory<I extends Input, Effect> {
  readonly #options: PartitionDirectoryOptions<I, Effect>;
  readonly #room: MachineRoom;
  readonly #opened = new Map<string, Opened<I, Effect>>();
  /** Partitions that are not in memory, and when they are needed there. */
  readonly #stored = new Map<string, number | null>();
  readonly #leaving = new Map<string, Promise<void>>();
  /** All partitions, open or stored, by `ACCOUNT/REGION`. */
  readonly #byPlace = new Map<string, Set<string>>();
  #wakes = new Heap<string>();
  #wakeTimer: Timer | null = null;
  #uses = 0;
  #openings = 0;
  /** How many machines have left memory, so a later machine of a partition draws different numbers. */
  #closings = 0;
  #closed = false;

  constructor(options: PartitionDirectoryOptions<I, Effect>) {
    this.#options = options;
    this.#room = new MachineRoom(options.clock, options.room, () => this.#trim(0));
  }

  /** Records what the store lists. Call it before anything else. */
  list(listed: readonly ListedPartition[]): void {
    const now = this.#options.clock.now();
    for (const { name, neededAt } of listed) {
      this.#keep(name, neededAt);
      if (neededAt !== null && neededAt !== 0) this.#wakes.push(Math.max(neededAt, now), name);
    }
  }

  /**
   * Loads what is always needed, a batch at a time, calling `settled` after each; from now on loads others when they are needed. Rejects if
   * the store can't provide a partition.
   */
  async openNeeded(settled: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const needed = [...this.#stored].filter(([, neededAt]) => neededAt === 0).map(([partition]) => partition);
    for (let first = 0; first < needed.length; first += openedAtOnce) {
      const group = needed.slice(first, first + openedAtOnce).filter((partition) => this.#stored.has(partition));
      const opened = group.map((partition) => this.#start(partition));
      await Promise.all(opened.map((each) => each?.loaded));
      this.#wakeAgain(group.filter((_, index) => opened[index] === null));
      await settled();
      // Meanwhile the loads' writes go to the store, so machines can be put away again.
      if (first + openedAtOnce < needed.length) await new Promise<void>((resolve) => clock.defer(resolve));
    }
    this.#setWakeTimer();
  }

  /** True if something of the partition is stored or about to be. */
  has(partition: string): boolean {
    return this.#opened.has(partition) || this.#stored.has(partition);
  }

  /** True if the place has a partition of this kind. */
  hasAny(place: string): boolean {
    return this.#byPlace.has(place);
  }

  /** True when the machine of the partition answers now. */
  isRunning(partition: string): boolean {
    return this.#opened.get(partition)?.runner.status().state === "running";
  }

  /** What a machine without documents answers to an input that writes nothing. */
  answerEmpty(partition: string, input: I): Answer {
    return must(this.#answerEmpty(partition, input), "the answer to a read");
  }

  /**
   * Gives the machine of `partition` the input, as `MachineRunner.answer` does. A partition that is nowhere is opened if the input writes
   * something, and gets the input once `confirm` resolves; if that rejects, nothing of the partition is kept. Throws or rejects with
   * OverloadError if there is no room for another machine.
   */
  answer(partition: string, input: I, confirm?: () => Promise<void>): Answer | Promise<Answer> {
    const opened = this.#opened.get(partition);
    if (opened === undefined) return this.#answerClosed(partition, input, confirm);
    opened.usedAt = ++this.#uses;
    return opened.runner.answer(input);
  }

  /** As `answer`, but rejects with the Refusal if the step refuses. */
  async submit(partition: string, input: I, confirm?: () => Promise<void>): Promise<unknown> {
    const answer = await this.answer(partition, input, confirm);
    if (!answer.ok) throw answer.refusal;
    return answer.value;
  }

  /** Puts the machine away if nobody needs it now. It is opened again on demand. */
  release(partition: string): void {
    const opened = this.#opened.get(partition);
    if (opened !== undefined) this.#putAway(partition, opened);
  }

  /**
   * Removes the partition from memory and store if its machine (or `isForgettable`, if given) allows it; true if it is gone. If the store
   * fails, it rejects; the partition may then be gone or not, and is opened on demand.
   */
  async forget(partition: string, isForgettable?: () => boolean): Promise<boolean> {
    await this.#leaving.get(partition);
    if (!this.has(partition) || this.#closed) return false;
    if (!this.#opened.has(partition)) this.#obtain(partition);
    return this.#forgetIf(partition, isForgettable);
  }

  /** Forgets an open partition. If given, `isForgettable` decides instead of the machine. */
  async #forgetIf(partition: string, isForgettable?: () => boolean): Promise<boolean> {
    await this.#opened.get(partition)?.loaded;
    const forgotten = this.#opened.get(partition)?.runner.forget(isForgettable?.()) ?? null;
    if (forgotten === null) return false;
    this.#remove(partition);
    const left = Promise.withResolvers<void>();
    this.#leaving.set(partition, left.promise);
    let isGone = false;
    try {
      isGone = await forgotten;
      return isGone;
    } finally {
      this.#leaving.delete(partition);
      if (!isGone) this.#keep(partition, 0);
      left.resolve();
    }
  }

  statuses(): (RunnerStatus & { readonly partition: string })[] {
    return [...this.#opened].map(([partition, { runner }]) => ({ partition, ...runner.status() }));
  }

  /** Closes all runners. Later calls are rejected with MachineClosedError. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wakeTimer?.cancel();
    await Promise.all([...[...this.#opened.values()].map(({ runner }) => runner.close()), ...this.#leaving.values()]);
  }

  #answerClosed(partition: string, input: I, confirm?: () => Promise<void>): Answer | Promise<Answer> {
    if (this.#closed) throw new MachineClosedError(`${partition} is closed`);
    const leaving = this.#leaving.get(partition);
    if (leaving !== undefined) return leaving.then(() => this.answer(partition, input, confirm));
    if (!this.#stored.has(partition)) {
      const empty = this.#answerEmpty(partition, input);
      if (empty !== null) return empty;
      if (confirm !== undefined) return this.#answerConfirmed(partition, input, confirm);
    }
    return this.#obtain(partition).runner.answer(input);
  }

  /** Opens the partition first, so whoever is about to forbid it finds it here, and comes before or after this input. */
  async #answerConfirmed(partition: string, input: I, confirm: () => Promise<void>): Promise<Answer> {
    const { runner } = this.#obtain(partition);
    try {
      await confirm();
    } catch (error) {
      // If the store fails now, an empty partition remains, which the next start finds.
      await this.#forgetIf(partition, () => !runner.hasWritten).catch(() => false);
      throw error;
    }
    return this.answer(partition, input);
  }

  /** The answer of a machine without documents; null if it would write something. */
  #answerEmpty(partition: string, input: I): Answer | null {
    const { create, clock, randomFor, log } = this.#options;
    try {
      const result = create(partition).step(input, clock.now(), randomFor(`empty/${partition}`));
      if ("slices" in result) return lastOf(result.slices);
      assert("reply" in result, "a machine without documents asks nothing of them");
      const isRead = result.documents.length === 0 && result.events.length === 0 && result.effects.length === 0;
      // What is short of Fargate is about to write, and what the account reserves needs a machine that knows it.
      const isShort = !result.reply.ok && result.reply.refusal instanceof FargateShortage;
      return isRead && !isShort ? result.reply : null;
    } catch (error) {
      log("empty-machine-bug", { partition, err: error, input: input.type });
      throw new StepFailedError(`${partition}: a step met a bug`);
    }
  }

  /** Opens a partition; calls wait in its runner until it is loaded. Throws OverloadError if there is no room. */
  #obtain(partition: string): Opened<I, Effect> {
    const opened = this.#start(partition);
    if (opened === null) throw new OverloadError(`There is no room in memory for another machine: ${partition}`);
    // The runner keeps trying and logs it; callers get the error themselves.
    opened.loaded.catch(() => {});
    return opened;
  }

  /** Opens a partition; null if there is no room for another machine of its account. */
  #start(partition: string): Opened<I, Effect> | null {
    if (this.#closed) throw new MachineClosedError(`${partition} is closed`);
    const { runner: makeRunner, randomFor } = this.#options;
    const account = partition.split("/", 2)[1] ?? "";
    this.#trimNowAndThen();
    if (!this.#room.take(account)) return null;
    const random = randomFor(this.#closings === 0 ? partition : `${partition} ${this.#closings}`);
    const runner = makeRunner(partition, random);
    this.#keep(partition, null);
    this.#stored.delete(partition);
    const opened = { runner, account, loaded: runner.load(), usedAt: ++this.#uses };
    this.#opened.set(partition, opened);
    return opened;
  }

  /** Records that the partition is in the store. */
  #keep(partition: string, neededAt: number | null): void {
    this.#stored.set(partition, neededAt);
    const place = placeOf(partition);
    const partitions = this.#byPlace.get(place);
    if (partitions === undefined) this.#byPlace.set(place, new Set([partition]));
    else partitions.add(partition);
  }

  /** Records that the machine is no longer in memory, nor the partition in the store. */
  #remove(partition: string): void {
    const opened = this.#opened.get(partition);
    if (opened !== undefined) {
      this.#opened.delete(partition);
      this.#room.leave(opened.account);
      this.#closings += 1;
      this.#options.onClosed?.(partition);
    }
    this.#stored.delete(partition);
    const place = placeOf(partition);
    const partitions = this.#byPlace.get(place);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#byPlace.delete(place);
  }

  #putAway(partition: string, { runner }: Opened<I, Effect>): boolean {
    const neededAt = runner.neededAt();
    if (neededAt === 0) return false;
    this.#remove(partition);
    // Nothing waits in it, so nobody notices.
    void runner.close();
    this.#keep(partition, neededAt);
    if (neededAt !== null) {
      this.#wakes.push(Math.max(neededAt, this.#options.clock.now() + wakePauseMs), partition);
      this.#dropStaleWakes();
      this.#setWakeTimer();
    }
    return true;
  }

  /** Entries of reopened partitions stay in the heap; when they are most of it, it is rebuilt. */
  #dropStaleWakes(): void {
    if (this.#wakes.size <= 2 * this.#stored.size + openingsPerTrim) return;
    this.#wakes = new Heap();
    const soonest = this.#options.clock.now() + wakePauseMs;
    for (const [partition, neededAt] of this.#stored) {
      if (neededAt !== null) this.#wakes.push(Math.max(neededAt, soonest), partition);
    }
  }

  #trimNowAndThen(): void {
    this.#openings += 1;
    if (this.#openings % openingsPerTrim !== 0 || this.#opened.size <= idleMax) return;
    this.#trim(idleMax);
  }

  /** Puts idle machines away, the longest unused first, until `keep` of them are left. */
  #trim(keep: number): void {
    const idle = [...this.#opened].filter(([, { runner }]) => runner.neededAt() !== 0);
    idle.sort(([, one], [, other]) => one.usedAt - other.usedAt);
    for (const [partition, opened] of idle.slice(0, Math.max(0, idle.length - keep))) this.#putAway(partition, opened);
  }

  #setWakeTimer(): void {
    this.#wakeTimer?.cancel();
    this.#wakeTimer = null;
    const at = this.#wakes.peekAt();
    if (at === null || this.#closed) return;
    const { clock } = this.#options;
    this.#wakeTimer = clock.setTimer(Math.max(0, at - clock.now()), () => this.#wake());
  }

  /** Opens what is needed by now, a batch at a time. An entry is stale if the partition was opened or removed meanwhile. */
  #wake(): void {
    const now = this.#options.clock.now();
    const noRoom: string[] = [];
    for (let tried = 0; tried < openedAtOnce; ) {
      const at = this.#wakes.peekAt();
      if (at === null || at > now) break;
      const partition = this.#wakes.pop() ?? "";
      const neededAt = this.#stored.get(partition) ?? null;
      if (neededAt === null || neededAt > now) continue;
      tried += 1;
      const opened = this.#start(partition);
      if (opened === null) noRoom.push(partition);
      else opened.loaded.catch(() => {});
    }
    this.#wakeAgain(noRoom);
    this.#setWakeTimer();
  }

  #wakeAgain(partitions: readonly string[]): void {
    if (partitions.length === 0) return;
    const { clock, log } = this.#options;
    const fields = { partitions: partitions.length, first: partitions[0] };
    log("partitions-without-room", fields);
    for (const partition of partitions) this.#wakes.push(clock.now() + wakePauseMs, partition);
  }
}

/** The result of work in slices. An empty machine has little to do. */
function lastOf<T>(slices: Iterator<undefined, T>): T {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}

const placeOf = (partition: string): string => {
  const [, account = "", region = ""] = partition.split("/", 3);
  return `${account}/${region}`;
};
