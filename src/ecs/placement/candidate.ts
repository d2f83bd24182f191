import type { Query } from "../cluster-query/query.ts";
import type { ContainerInstance, ContainerInstanceStatus } from "../documents/container-instance.ts";
import type { Usage } from "../indexes/resource-book.ts";

/** A container instance with what its tasks hold. */
export type Candidate = {
  readonly instance: ContainerInstance;
  readonly usage: Usage;
  /** Answers expressions about it; absent where answers are not kept. */
  readonly selections?: { selects(query: Query, candidate: Candidate, supposing?: string): boolean };
};

/**
 * AWS: the reasons of a placement failure; `RESOURCE:` with the name of a resource. An instance that takes no tasks at all has
 * its status for a reason.
 */
export type FailureReason =
  | "AGENT"
  | "ATTRIBUTE"
  | `RESOURCE:${string}`
  | "MemberOf placement constraint unsatisfied."
  | "DistinctInstance placement constraint unsatisfied."
  | Exclude<ContainerInstanceStatus, "ACTIVE">;

/** Why an instance does not take a task. */
export type PlacementRefusal = {
  readonly instanceId: string;
  readonly reason: FailureReason;
  /** How much is missing, in the unit of the filter: larger is farther away. */
  readonly lack: number;
  /** A sentence for a person. */
  readonly detail: string;
};

/** One rule of placement for one request, able to say why it refuses and by how much. */
export type PlacementFilter = {
  readonly reason: FailureReason;
  /**
   * What the answer follows from: the instance's own document; how much CPU or memory is left there; or anything about the
   * tasks on it. Answers of the first kind are kept until the instance changes.
   */
  readonly looksAt: "instance" | "remainder" | "tasks";
  /** How much the instance lacks of what the task needs: 0 when it passes, larger is farther away. */
  lacks(candidate: Candidate): number;
  /** A sentence for a person, for a refused candidate. */
  explain(candidate: Candidate): string;
};
