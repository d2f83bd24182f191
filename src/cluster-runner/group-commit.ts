import { limits } from "../ecs/limits.ts";
import type { StepResult } from "../ecs/machine/machine.ts";
import type { Clock } from "../lib/clock.ts";
import type { Append } from "../store/store.ts";
import { type Answer, AppendGroup, GroupSize } from "./append-group.ts";
import type { TakeTurn } from "./turns/turns.ts";

/** LIMIT: old events are deleted in batches of this size, so few appends pay for it. */
const eventsForgottenAtOnce = 1_000;

/** Called with each append that became durable: how long it took, how many steps it had, how large it was. */
export type AppendObserver = { appended(ms: number, steps: number, bytes: number): void };

export type GroupCommitOptions<Effect> = {
  readonly clock: Clock;
  /** An append blocks the event loop while its documents are serialised. */
  readonly takeTurn: TakeTurn;
  readonly observe: AppendObserver | undefined;
  readonly append: (append: Append) => Promise<void>;
  readonly release: (effects: readonly Effect[]) => void;
  /**
   * Called when an append failed, with the number of lost steps and whether the machine undid all of them. Returns the error for those who
   * waited.
   */
  readonly failed: (cause: unknown, lostSteps: number, undone: boolean) => Error;
};

/**
 * Writes steps to the store in groups: many steps cost one append. While one group is being appended (`underWay`), the next ones collect
 * (`collected`). Whoever has seen a write waits for it.
 */
export class GroupCommit<Effect> {
  readonly #options: GroupCommitOptions<Effect>;
  /** In append order; all but the last are full. */
  #collected: AppendGroup<Effect>[] = [];
  #underWay: AppendGroup<Effect> | null = null;
  #appendIsDeferred = false;
  readonly #size = new GroupSize();
  #waiting = 0;
  #forgottenThrough = 0;
  #onFlushed: (() => void)[] = [];

  constructor(options: GroupCommitOptions<Effect>) {
    this.#options = options;
  }

  /** The number of answers that wait for an append. */
  get waiting(): number {
    return this.#waiting;
  }

  /** True if everything added is durable or lost. */
  get isFlushed(): boolean {
    return this.#latest() === null;
  }

  /**
   * Adds a step of time `at`, with its writes and effects, to the open group. Effects of a step without writes wait like answers.
   * `neededAt` is what the machine says after the step.
   */
  add(result: StepResult<Effect>, at: number, neededAt?: number | null): void {
    if (result.documents.length > 0 || result.events.length > 0) {
      const open = this.#open();
      open.add(result, at);
      open.neededAt = neededAt;
      this.#appendSoon();
    }
    if (result.effects.length === 0) return;
    const group = this.#latest();
    if (group === null) this.#options.release(result.effects);
    else group.effects.push(...result.effects);
  }

  /** Records when the machine is needed, with the next append. */
  note(neededAt: number | null): void {
    this.#open().neededAt = neededAt;
    this.#appendSoon();
  }

  /** `answer` once everything added is durable: at once, without a promise, if it already is. */
  whenDurable(answer: Answer): Answer | Promise<Answer> {
    // Appends finish in order, so the latest group is the last to wait for.
    const group = this.#latest();
    if (group === null) return answer;
    this.#waiting += 1;
    return new Promise((resolve, reject) => group.waiters.push({ answer, resolve, reject }));
  }

  /** Resolves when nothing is left to append, whether it became durable or was lost. */
  async flushed(): Promise<void> {
    if (this.#latest() === null) return;
    await new Promise<void>((resolve) => {
      this.#onFlushed.push(resolve);
    });
  }

  /** The group for the next step. */
  #open(): AppendGroup<Effect> {
    let open = this.#collected.at(-1);
    if (open === undefined || open.isFull) {
      open = new AppendGroup(this.#size.writesMax);
      this.#collected.push(open);
    }
    return open;
  }

  #latest(): AppendGroup<Effect> | null {
    return this.#collected.at(-1) ?? this.#underWay;
  }

  #appendSoon(): void {
    if (this.#underWay !== null || this.#appendIsDeferred) return;
    this.#appendIsDeferred = true;
    this.#options.clock.defer(() => {
      // Steps beyond a full group must not pile up behind it.
      const isFull = this.#collected[0]?.isFull ?? false;
      this.#options.takeTurn(
        () => {
          this.#appendIsDeferred = false;
          void this.#append();
        },
        isFull ? "first" : "gathered",
      );
    });
  }

  async #append(): Promise<void> {
    const { clock, observe, append, release } = this.#options;
    const group = this.#collected.shift();
    if (group === undefined) return;
    this.#underWay = group;
    const startedAt = clock.now();
    let bytes: number;
    try {
      const written = group.toAppend(this.#eventsToForget(group), limits.eventBytesKeptPerCluster);
      bytes = written.characters;
      this.#size.saw(group.writes, bytes);
      await append(written.append);
    } catch (error) {
      this.#lose(group, error);
      return;
    }
    this.#underWay = null;
    this.#waiting -= group.waiters.length;
    group.resolveWaiters();
    observe?.appended(clock.now() - startedAt, group.steps, bytes);
    release(group.effects);
    // Deferred, because a store may block while it writes: this group's answers go out first.
    if (this.#collected.length > 0) this.#appendSoon();
    else this.#settleFlushed();
  }

  #eventsToForget(group: AppendGroup<Effect>): number | null {
    const kept = limits.eventsKeptPerCluster + limits.eventAttributesReach;
    const through = (group.events.at(-1)?.sequence ?? 0) - kept;
    if (through < this.#forgottenThrough + eventsForgottenAtOnce) return null;
    this.#forgottenThrough = through;
    return through;
  }

  /** Later steps build on what is lost, so they are lost too. */
  #lose(group: AppendGroup<Effect>, cause: unknown): void {
    const later = this.#collected;
    this.#collected = [];
    this.#underWay = null;
    this.#waiting = 0;
    const lost = [group, ...later];
    const error = this.#options.failed(
      cause,
      lost.reduce((steps, each) => steps + each.steps, 0),
      undoAll(lost),
    );
    for (const each of lost) each.rejectWaiters(error);
    this.#settleFlushed();
  }

  #settleFlushed(): void {
    const resolves = this.#onFlushed;
    this.#onFlushed = [];
    for (const resolve of resolves) resolve();
  }
}

/** Undoes the steps of `groups`, newest first. False if that isn't possible. */
function undoAll(groups: readonly AppendGroup<unknown>[]): boolean {
  try {
    return groups.toReversed().every((group) => group.undo());
  } catch {
    // A bug in an index; the machine is only kept if it is intact.
    return false;
  }
}
