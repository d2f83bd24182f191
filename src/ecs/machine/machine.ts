import type { Random } from "../../lib/random.ts";
import type { EcsEvent } from "../events/event.ts";
import type { Refusal } from "../refusals.ts";
import type { DocumentChange } from "../tables/journal.ts";

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
 * The step took longer than a step may and left no trace but what it found out: it is to be made again with the same input, after
 * others were served.
 */
export type StepAgain = { readonly again: true };

/**
 * The answer takes longer than a step may. The machine has no part in it and takes other inputs meanwhile: `slices` works on a copy of
 * what it needs, a few milliseconds at a time, and ends with the reply.
 */
export type SlicedStep<Effect> = { readonly slices: Iterator<undefined, StepResult<Effect>["reply"]> };

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
  step(input: Input, now: number, random: Random): StepResult<Effect> | StepAgain | SlicedStep<Effect>;
  /** As `step` for an input that changes nothing and takes no longer than a step; null for any other, and then nothing was done either. */
  read(input: Input, now: number, random: Random): StepResult<Effect> | null;
  /** When a `timer` input is next wanted (epoch milliseconds), or null. */
  nextDueAt(): number | null;
  /**
   * When the machine is wanted in memory though nobody asks it anything (epoch milliseconds): 0 for always, null for never. Meanwhile
   * it may be put away, and is loaded again when somebody asks. Absent: always.
   */
  neededAt?(): number | null;
  /** True when nothing in it would be missed, so that its documents and events may be deleted. Absent: never. */
  mayBeForgotten?(): boolean;
}
