import type { ClusterState } from "../state/cluster-state.ts";

/** The providers that can't be removed from the cluster, because tasks run by them or services start tasks by them. */
export function providersInUse(state: ClusterState): string[] {
  const names = new Set(state.providerUses.names());
  for (const { deployments } of state.rollouts.values()) {
    for (const { revisionId } of deployments) {
      const strategy = state.serviceRevisions.get(revisionId)?.capacityProviderStrategy ?? [];
      for (const { capacityProvider } of strategy) names.add(capacityProvider);
    }
  }
  return [...names].sort();
}
