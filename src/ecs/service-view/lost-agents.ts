import type { ContainerInstance } from "../documents/container-instance.ts";
import { policyKey } from "../documents/lost-agent-policy.ts";
import type { ClusterState } from "../state/cluster-state.ts";

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
