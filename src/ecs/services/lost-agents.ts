import type { ClusterState } from "../cluster-state.ts";
import type { ContainerInstance } from "../container-instances/container-instance.ts";

/**
 * When the tasks on an instance count as lost because its agent is gone, or null when they do not. AWS: they never do; the
 * tasks stay as they were last known, which is what happens without a policy.
 */
export function isLost(_state: ClusterState, _instance: ContainerInstance): number | null {
  return null;
}
