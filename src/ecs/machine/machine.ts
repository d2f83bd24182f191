import type { Random } from "../../lib/random.ts";
import type { EcsEvent } from "../events/event.ts";
import type { Refusal } from "../refusals.ts";
import type { DocumentChange } from "../tables/journal.ts";

/** The result of a step. A refused step has no changes, events or effects. */
export type StepResult<Effect> = {
  readonly reply: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };
  readonly documents: readonly DocumentChange[];
  readonly events: readonly EcsEvent[];
  readonly effects: readonly Effect[];
  /**
   * For a step with changes: restores the documents, newest step first, if the changes could not be made durable. Afterwards the machine
   * can only `read`.
   */
  readonly undo?: () => void;
};

/**
 * The step took too long and was rolled back, keeping only its cached answers. Give the machine the same input again after serving others.
 */
export type StepAgain = { readonly again: true };

/**
 * The answer takes longer than a step may. `slices` works on a copy of what it needs, a few milliseconds at a time, and ends with the
 * reply. Meanwhile the machine takes other inputs.
 */
export type SlicedStep<Effect> = { readonly slices: Iterator<undefined, StepResult<Effect>["reply"]> };

/**
 * A synchronous state machine over documents. `step` decides everything about one input; its caller makes the result durable before anybody
 * outside sees it.
 */
export interface Machine<Input, Effect> {
  /** Loads a stored document; only before the first step. */
  load(kind: string, key: string, document: object): void;
  /** For a machine with events: takes the sequence of the last one stored. After loading, before the first step. */
  resume?(lastSequence: number): void;
  /** Throws only for bugs. The machine is then as it was before, and its owner decides how to continue. */
  step(input: Input, now: number, random: Random): StepResult<Effect> | StepAgain | SlicedStep<Effect>;
  /** As `step`, for an input that changes nothing and takes no longer than a step. Null for any other, without having done anything. */
  read(input: Input, now: number, random: Random): StepResult<Effect> | null;
  /** When the machine next needs a `timer` input (epoch milliseconds), or null. */
  nextDueAt(): number | null;
  /**
   * When the machine must be in memory although nobody calls it (epoch milliseconds): 0 for always, null for never. Until then it may be
   * put away, and a call loads it again. Absent: always.
   */
  neededAt?(): number | null;
  /** True if its documents and events may be deleted, because nothing in it matters any more. Absent: never. */
  mayBeForgotten?(): boolean;
}
