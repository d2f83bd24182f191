import type { DocumentKind } from "./document-kind.ts";

/**
 * The document of a drain (kind `drain`, key: the id of the container instance). There is one while the instance is DRAINING,
 * but for instances that a version without these documents began to drain.
 */
export type Drain = {
  readonly startedAt: number;
  /** Tasks that were on the instance when it was set to DRAINING, or when that was first written down. */
  readonly tasksAtStart: number;
  /** When what is left is stopped; null without a deadline. */
  readonly deadlineAt: number | null;
  /** When that was done; null before. */
  readonly enforcedAt: number | null;
};

export const drainKind: DocumentKind<Drain> = {
  name: "drain",
  keyMember: null,
  version: 1,
  shape: { startedAt: "number", tasksAtStart: "number", deadlineAt: "number?", enforcedAt: "number?" },
  /** What is left on the instance is stopped. */
  dueAt: ({ deadlineAt, enforcedAt }) => (enforcedAt === null ? deadlineAt : null),
};
