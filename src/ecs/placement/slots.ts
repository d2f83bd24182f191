import type { Candidate } from "./candidate.ts";

/** Container instances numbered by slots, as sieves and districts read them. */
export type Slots = {
  /** By slot; null where an instance is gone. */
  readonly candidates: readonly (Candidate | null)[];
  /** By slot, how often its instance changed in what sieves look at. */
  readonly versions: Int32Array<ArrayBuffer>;
  /** Rises when slots are added or get other numbers. */
  readonly layout: number;
  /** Rises when an instance has other attributes. */
  readonly attributesVersion: number;
};
