import type { EcsEvent } from "../ecs/events/event.ts";
import type { StepResult } from "../ecs/machine/machine.ts";
import type { Append, DocumentWrite } from "../store/store.ts";

/** The answer of a step: a value or a refusal. */
export type Answer = StepResult<never>["reply"];

/** A caller whose answer shows what the group holds, so it is sent only when the group is durable. */
export type Waiter = {
  readonly answer: Answer;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

/**
 * LIMIT: an append blocks the event loop while its documents are serialised and written, about ten microseconds each; later steps go into
 * the next append, and calls are answered in between. Half as many cost an eighth of RunTask's rate.
 */
const writesPerGroup = 2_000;
/** LIMIT: the same for text: about twenty milliseconds. A group's size is estimated from earlier groups. */
const charactersPerGroup = 4_194_304;
/** LIMIT: a step that writes more than a group may hold still needs a group. */
const writesPerGroupMin = 8;

/** How many writes fit into a group if they are as large as in the latest groups. */
export class GroupSize {
  #charactersPerWrite = 1;

  get writesMax(): number {
    const fitting = Math.floor(charactersPerGroup / this.#charactersPerWrite);
    return Math.max(writesPerGroupMin, Math.min(writesPerGroup, fitting));
  }

  /** Records that a group of this many writes became this much text. */
  saw(writes: number, characters: number): void {
    // Large writes count at once and are forgotten within a few groups.
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
  /** When the machine is needed after the last of these steps; undefined if it doesn't say. */
  neededAt: number | null | undefined = undefined;
  /** Documents and events. */
  writes = 0;
  readonly #writesMax: number;
  /** The time of the newest of them (epoch milliseconds). */
  #at = 0;
  /** How to undo the steps that changed documents; null for one that can't be undone. */
  readonly #undos: ((() => void) | null)[] = [];
  /** The last value of each document, by kind and then by key. */
  readonly #documents = new Map<string, Map<string, object | null>>();

  constructor(writesMax: number) {
    this.#writesMax = writesMax;
  }

  /** True if the next step must go into another group. */
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

  /** The group as JSON text, with its length in characters. Built once, because documents are immutable. */
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

  /** Undoes the steps, newest first. False if one of them can't be undone. */
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
