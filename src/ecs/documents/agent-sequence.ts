import type { DocumentKind } from "./document-kind.ts";

/**
 * The newest number that an instance's agent was sent (key: the instance's id). It changes with every
 * payload and manifest, and is nothing that the instance's version or events should move for.
 */
export type AgentSequence = { readonly last: number };

export const agentSequenceKind: DocumentKind<AgentSequence> = {
  name: "agent-sequence",
  keyMember: null,
  version: 1,
  shape: { last: "number" },
};
