import type { EcsEvent } from "../ecs/events/event.ts";
import type { StepResult } from "../ecs/machine/machine.ts";
import type { Append, DocumentWrite } from "../store/store.ts";

/** What a step answered: a value or a refusal. */
export type Answer = StepResult<never>["reply"];

/** Somebody whose answer shows what the group holds, and who therefore learns it only when the group is durable. */
export type Waiter = {
  readonly answer: Answer;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

/**
 * LIMIT: an append holds the event loop while its documents become text and go to the disk, some ten microseconds each; steps
 * beyond this go into the next append, between which calls are answered. Half as many cost an eighth of RunTask's rate.
 */
const writesPerGroup = 2_000;
/** LIMIT: the same for text: some twenty milliseconds. How large a group becomes is known from those before it. */
const charactersPerGroup = 4_194_304;
/** LIMIT: a step that writes more than a group may hold still needs a group. */
const writesPerGroupMin = 8;

/** How many writes fit into a group, when they are as large as those of the last groups. */
export class GroupSize {
  #charactersPerWrite = 1;

  get writesMax(): number {
    const fitting = Math.floor(charactersPerGroup / this.#charactersPerWrite);
    return Math.max(writesPerGroupMin, Math.min(writesPerGroup, fitting));
  }

  /** A group of so many writes became so much text. */
  saw(writes: number, characters: number): void {
    // Large writes are noticed at once and forgotten in a few groups.
    const each = characters / Math.max(1, writes);
    this.#charactersPerWrite = Math.max(1, each, 0.5 * this.#charactersPerWrite);
  }
}

/** The writes of successive steps that go to the store in one append. */
export class AppendGroup<Effect> {
  readonly events: EcsEvent[] = [];
  readonly effects: Effect[] = [];
  readonly waiters: Waiter[] = [];
  /** Steps that wrote something. */
  steps = 0;
  /** When the machine is needed after the last of these steps; undefined when it does not say. */
  neededAt: number | null | undefined = undefined;
  /** Documents and events. */
  writes = 0;
  readonly #writesMax: number;
  /** The time of the newest of them (epoch milliseconds). */
  #at = 0;
  /** How those that changed documents are undone; null for one that cannot be. */
  readonly #undos: ((() => void) | null)[] = [];
  /** The last value of each document, by kind and then by key. */
  readonly #documents = new Map<string, Map<string, object | null>>();

  constructor(writesMax: number) {
    this.#writesMax = writesMax;
  }

  /** True when the next step is to go into another group. */
  get isFull(): boolean {
    return this.writes >= this.#writesMax;
  }

  /** `at` is the time of the step. */
  add(result: StepResult<Effect>, at: number): void {
    this.steps += 1;
    this.writes += result.documents.length + result.events.length;
    this.#at = at;
    if (result.documents.length > 0) this.#undos.push(result.undo ?? null);
    for (const { kind, key, value } of result.documents) {
      let values = this.#documents.get(kind);
      if (values === undefined) {
        values = new Map();
        this.#documents.set(kind, values);
      }
      values.set(key, value);
    }
    for (const event of result.events) this.events.push(event);
  }

  /** The group as JSON text, and how many characters that is. Documents are immutable, so it is made only once. */
  toAppend(
    forgetEventsThrough: number | null,
    eventBytesMax: number,
  ): { readonly append: Append; readonly characters: number } {
    const documents: DocumentWrite[] = [];
    let characters = 0;
    for (const [kind, values] of this.#documents) {
      for (const [key, value] of values) {
        const body = value === null ? null : JSON.stringify(value);
        characters += body?.length ?? 0;
        documents.push({ kind, key, body });
      }
    }
    const events = this.events.map((event) => ({ sequence: event.sequence, body: JSON.stringify(event) }));
    for (const { body } of events) characters += body.length;
    const append: Append = {
      documents,
      events,
      eventBytesMax,
      at: this.#at,
      ...(forgetEventsThrough !== null && { forgetEventsThrough }),
      ...(this.neededAt !== undefined && { neededAt: this.neededAt }),
    };
    return { append, characters };
  }

  /** Takes the steps back, the newest first. False when one of them could not be. */
  undo(): boolean {
    return this.#undos.toReversed().every((undo) => {
      undo?.();
      return undo !== null;
    });
  }

  resolveWaiters(): void {
    for (const { answer, resolve } of this.waiters) resolve(answer);
  }

  rejectWaiters(error: Error): void {
    for (const { reject } of this.waiters) reject(error);
  }
}
