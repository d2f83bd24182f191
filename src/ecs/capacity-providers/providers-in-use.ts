import type { ClusterState } from "../state/cluster-state.ts";

/** The providers that cannot be taken from the cluster: those of tasks, and those that services start tasks by. */
export function providersInUse(state: ClusterState): string[] {
  const names = new Set(state.providerUses.names());
  for (const service of state.services.values()) {
    if (service.status === "INACTIVE") continue;
    for (const { revisionId } of service.deployments) {
      const strategy = state.serviceRevisions.get(revisionId)?.capacityProviderStrategy ?? [];
      for (const { capacityProvider } of strategy) names.add(capacityProvider);
    }
  }
  return [...names].sort();
}
