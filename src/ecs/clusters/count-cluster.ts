import type { ClusterCounts } from "../documents/cluster.ts";
import { countServices } from "../services/count-services.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** The counts that replies show of a cluster. AWS: ACTIVE and DRAINING instances count as registered. */
export function countCluster(state: ClusterState): ClusterCounts {
  let registeredContainerInstances = 0;
  for (const { status } of state.instances.values()) {
    if (status === "ACTIVE" || status === "DRAINING") registeredContainerInstances += 1;
  }
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    registeredContainerInstances,
    runningTasks: total(state.runningByLaunchType),
    pendingTasks: total(state.pendingByLaunchType),
    runningTasksByLaunchType: Object.fromEntries(state.runningByLaunchType),
    pendingTasksByLaunchType: Object.fromEntries(state.pendingByLaunchType),
    ...countServices(state),
    capacityProvidersInUse: providersInUse(state),
  };
}

/** The providers that can't be removed from the cluster, because tasks run by them or services start tasks by them. */
function providersInUse(state: ClusterState): string[] {
  const names = new Set(state.providerUses.names());
  for (const { deployments } of state.rollouts.values()) {
    for (const { revisionId } of deployments) {
      const strategy = state.serviceRevisions.get(revisionId)?.capacityProviderStrategy ?? [];
      for (const { capacityProvider } of strategy) names.add(capacityProvider);
    }
  }
  return [...names].sort();
}
