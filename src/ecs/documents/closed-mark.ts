import type { DocumentKind } from "./document-kind.ts";

/**
 * DeleteCluster's mark in the cluster machine (kind `closed`, key `closed`): the incarnation under which it accepts no more calls.
 *
 * - closing: the machine is closed; the account may not know yet.
 * - closed: the account knows, and nothing was written since. All of it may be forgotten once the account has forgotten the cluster.
 * - reopened: something was written for a later incarnation.
 */
export type ClosedMark = {
  readonly incarnation: number;
  readonly phase: "closing" | "closed" | "reopened";
  /** Null in the mark of an older Berth, which didn't record it. */
  readonly closedAt: number | null;
};

export const closedMarkKind: DocumentKind<ClosedMark> = {
  name: "closed",
  keyMember: null,
  version: 1,
  shape: { incarnation: "number", phase: new Set(["closing", "closed", "reopened"]), closedAt: "number?" },
  /** Early marks have only the incarnation; the account is asked again. */
  upgrade: (document) => ({ phase: "closing", closedAt: null, ...document }) as Partial<ClosedMark> as ClosedMark,
};
