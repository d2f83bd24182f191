import type { DocumentKind } from "./document-kind.ts";

/**
 * The document of a drain (kind `drain`, key: the id of the container instance). It exists while the instance is DRAINING, unless a version
 * without these documents started the drain.
 */
export type Drain = {
  readonly startedAt: number;
  /** Tasks on the instance when it was set to DRAINING, or when that was first recorded. */
  readonly tasksAtStart: number;
  /** When remaining tasks are stopped; null without a deadline. */
  readonly deadlineAt: number | null;
  /** When that was done; null before. */
  readonly enforcedAt: number | null;
};

export const drainKind: DocumentKind<Drain> = {
  name: "drain",
  keyMember: null,
  version: 1,
  shape: { startedAt: "number", tasksAtStart: "number", deadlineAt: "number?", enforcedAt: "number?" },
  /** Then the remaining tasks are stopped. */
  dueAt: ({ deadlineAt, enforcedAt }) => (enforcedAt === null ? deadlineAt : null),
};
