import type { ContainerInstance } from "../container-instances/container-instance.ts";
import type { Need } from "../tasks/new-task.ts";
import type { Usage } from "./resource-book.ts";

/** A container instance with what its tasks hold. */
export type Candidate = { readonly instance: ContainerInstance; readonly usage: Usage };

/** AWS: the reasons of a placement failure. */
export type FailureReason =
  | "AGENT"
  | "ATTRIBUTE"
  | "RESOURCE:CPU"
  | "RESOURCE:MEMORY"
  | "RESOURCE:GPU"
  | "RESOURCE:PORTS";

/** One rule of placement, able to say why it refuses and by how much. */
export type PlacementFilter = {
  readonly reason: FailureReason;
  /** How much the instance lacks of what the task needs: 0 when it passes, larger is farther away. */
  lacks(need: Need, candidate: Candidate): number;
  /** A sentence for a person, for a refused candidate. */
  explain(need: Need, candidate: Candidate): string;
};
