import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { ClusterCounts } from "../documents/cluster.ts";
import type { ServiceRevision } from "../documents/deployment.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { targetOfService } from "../state/service-documents.ts";

type ServiceCounts = Pick<
  ClusterCounts,
  "activeServices" | "activeServicesByLaunchType" | "drainingServicesByLaunchType"
>;

/** Counts the services of a cluster for replies that show it. AWS: the active ones are ACTIVE; those that drain are counted apart. */
export function countServices(state: ClusterState): ServiceCounts {
  const activeServicesByLaunchType: Record<string, number> = {};
  const drainingServicesByLaunchType: Record<string, number> = {};
  let activeServices = 0;
  for (const name of state.serviceIndex.names.after(null)) {
    const service = state.services.get(name);
    if (service === undefined) continue;
    const isActive = service.status === "ACTIVE";
    if (isActive) activeServices += 1;
    const revision = state.serviceRevisions.get(targetOfService(state, name).revisionId);
    if (revision === undefined) continue;
    const counts = isActive ? activeServicesByLaunchType : drainingServicesByLaunchType;
    const launchType = launchTypeOf(revision);
    counts[launchType] = (counts[launchType] ?? 0) + 1;
  }
  return { activeServices, activeServicesByLaunchType, drainingServicesByLaunchType };
}

/** The launch type that a revision's tasks have; a strategy's providers are all of one. */
function launchTypeOf({ launchType, capacityProviderStrategy: [first] }: ServiceRevision): string {
  if (launchType !== null) return launchType;
  return first !== undefined && isFargateProvider(first.capacityProvider) ? "FARGATE" : "EC2";
}
