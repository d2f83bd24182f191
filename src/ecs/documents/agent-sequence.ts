import type { DocumentKind } from "./document-kind.ts";

/**
 * The newest number sent to an instance's agent (key: the instance's id). It is a document of its own because it changes with every payload
 * and manifest, which must not affect the instance's version or events.
 */
export type AgentSequence = { readonly last: number };

export const agentSequenceKind: DocumentKind<AgentSequence> = {
  name: "agent-sequence",
  keyMember: null,
  version: 1,
  shape: { last: "number" },
};
