import type { Query } from "../cluster-query/query.ts";
import type { ContainerInstance, ContainerInstanceStatus } from "../documents/container-instance.ts";
import type { Usage } from "../indexes/resource-book.ts";

/** A container instance and what its tasks hold. */
export type Candidate = {
  readonly instance: ContainerInstance;
  readonly usage: Usage;
  /** Evaluates expressions on it; absent where results are not cached. */
  readonly selections?: { selects(query: Query, candidate: Candidate, supposing?: string): boolean };
};

/**
 * AWS: the reasons of a placement failure; `RESOURCE:` is followed by the name of a resource. For an instance that accepts no tasks, the
 * reason is its status.
 */
export type FailureReason =
  | "AGENT"
  | "ATTRIBUTE"
  | `RESOURCE:${string}`
  | "MemberOf placement constraint unsatisfied."
  | "DistinctInstance placement constraint unsatisfied."
  | Exclude<ContainerInstanceStatus, "ACTIVE">;

/** Why an instance doesn't accept a task. */
export type PlacementRefusal = {
  readonly instanceId: string;
  readonly reason: FailureReason;
  /** How much is missing, in the filter's unit; larger is further from fitting. */
  readonly lack: number;
  /** A sentence for people. */
  readonly detail: string;
};

/** One rule of placement for one request. It can say why it refuses and by how much. */
export type PlacementFilter = {
  readonly reason: FailureReason;
  /**
   * What the answer depends on: the instance's own document, how much CPU or memory is left there, or anything about the tasks on it.
   * Answers of the first kind are cached until the instance changes.
   */
  readonly looksAt: "instance" | "remainder" | "tasks";
  /** How much the instance lacks of what the task needs: 0 if it passes; larger is further from fitting. */
  lacks(candidate: Candidate): number;
  /** A sentence for people about a refused candidate. */
  explain(candidate: Candidate): string;
};
