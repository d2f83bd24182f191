import type { ClusterState } from "../../cluster-state.ts";
import type { ContainerInstance } from "../../container-instances/container-instance.ts";

/**
 * What a cluster does about agents that stay away (kind `lost-agent-policy`, key `policy`). Without the document it does
 * nothing, as ECS does.
 */
export type LostAgentPolicy = {
  /** How long an agent may be gone before the tasks of services on its instance are replaced. */
  readonly replaceAfterSeconds: number;
  readonly updatedAt: number;
};

export const policyKey = "policy";

/**
 * When the tasks on an instance count as lost because its agent is gone, or null when they do not. AWS: they never do; the
 * tasks stay as they were last known, which is what happens without a policy.
 */
export function isLost(state: ClusterState, instance: ContainerInstance): number | null {
  const policy = state.lostAgentPolicies.get(policyKey);
  if (policy === undefined || instance.agentConnected) return null;
  // Of an agent that went while nobody wrote that down is known only that it was gone when the policy was made.
  return (instance.disconnectedAt ?? policy.updatedAt) + policy.replaceAfterSeconds * state.timeline.drainSecondMs;
}

/**
 * False for an instance whose tasks are on their way out: it is not ACTIVE, or its agent is away in a cluster that replaces the
 * tasks of lost agents. Spread does not count tasks there.
 */
export const staysFilled = (
  { lostAgentPolicies }: Pick<ClusterState, "lostAgentPolicies">,
  { status, agentConnected }: ContainerInstance,
): boolean => status === "ACTIVE" && (agentConnected || lostAgentPolicies.get(policyKey) === undefined);
