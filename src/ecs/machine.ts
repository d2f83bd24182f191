import type { Random } from "../lib/random.ts";
import type { EcsEvent } from "./events/event.ts";
import type { Refusal } from "./refusals.ts";
import type { DocumentChange } from "./table.ts";

/** What came of a step. A refused step has no changes, events or effects. */
export type StepResult<Effect> = {
  readonly reply: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };
  readonly documents: readonly DocumentChange[];
  readonly events: readonly EcsEvent[];
  readonly effects: readonly Effect[];
  /**
   * Of a step with changes: puts the documents back as they were before it, newest step first, when the changes could not be
   * made durable. Afterwards the machine is only good for `read`.
   */
  readonly undo?: () => void;
};

/**
 * A synchronous state machine over documents. `step` decides everything there is to decide about one input; its caller
 * makes the result durable before anything of it is seen outside.
 */
export interface Machine<Input, Effect> {
  /** Takes a stored document in; only before the first step. */
  load(kind: string, key: string, document: object): void;
  /** For a machine that announces events: the sequence of the last one ever stored; after loading, before the first step. */
  resume?(lastSequence: number): void;
  /** Throws only bugs; then the machine is as it was before, and its owner decides how to go on. */
  step(input: Input, now: number, random: Random): StepResult<Effect>;
  /** As `step` for an input that changes nothing; null for any other, and then nothing was done either. */
  read(input: Input, now: number, random: Random): StepResult<Effect> | null;
  /** When a `timer` input is next wanted (epoch milliseconds), or null. */
  nextDueAt(): number | null;
}
