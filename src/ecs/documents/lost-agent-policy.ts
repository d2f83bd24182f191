import type { DocumentKind } from "./document-kind.ts";

/**
 * What a cluster does about agents that stay away (kind `lost-agent-policy`, key `policy`). Without the document it does nothing, like ECS.
 */
export type LostAgentPolicy = {
  /** How long an agent may be gone before services replace their tasks on its instance. */
  readonly replaceAfterSeconds: number;
  readonly updatedAt: number;
};

export const policyKey = "policy";

export const lostAgentPolicyKind: DocumentKind<LostAgentPolicy> = {
  name: "lost-agent-policy",
  keyMember: null,
  version: 1,
  shape: { replaceAfterSeconds: "number", updatedAt: "number" },
};
