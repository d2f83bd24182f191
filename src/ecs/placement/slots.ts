import type { Candidate } from "./candidate.ts";

/** Container instances numbered by slot, as sieves and districts read them. */
export type Slots = {
  /** By slot; null if the instance is gone. */
  readonly candidates: readonly (Candidate | null)[];
  /** By slot, how often its instance changed in what sieves read. */
  readonly versions: Int32Array<ArrayBuffer>;
  /** Rises when slots are added or renumbered. */
  readonly layout: number;
  /** Rises when an instance's attributes change. */
  readonly attributesVersion: number;
};
