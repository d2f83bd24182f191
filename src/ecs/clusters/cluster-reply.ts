import { type Cluster, type ClusterCounts, noCounts } from "../documents/cluster.ts";

/** What a reply may show of a cluster in addition to its status and counts. */
export const clusterFields = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"] as const;
export type ClusterField = (typeof clusterFields)[number];

/** AWS: the reply to a change always shows settings, configuration and tags. */
const fieldsOfChange: ReadonlySet<ClusterField> = new Set(["CONFIGURATIONS", "SETTINGS", "TAGS"]);

/** `cluster` in API shape. Members that `fields` doesn't name are absent, or empty if they are lists. */
export function clusterReply(
  cluster: Cluster,
  counts: ClusterCounts = noCounts,
  fields: ReadonlySet<ClusterField> = fieldsOfChange,
): object {
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: counts.registeredContainerInstances,
    runningTasksCount: counts.runningTasks,
    pendingTasksCount: counts.pendingTasks,
    activeServicesCount: counts.activeServices,
    statistics: fields.has("STATISTICS") ? statistics(counts) : [],
    tags: fields.has("TAGS") ? cluster.tags : [],
    settings: fields.has("SETTINGS") ? cluster.settings : [],
    configuration: fields.has("CONFIGURATIONS") ? cluster.configuration : null,
    capacityProviders: cluster.capacityProviders,
    defaultCapacityProviderStrategy: cluster.defaultCapacityProviderStrategy,
    attachments: [],
    serviceConnectDefaults: cluster.serviceConnectDefaults,
  };
}

// AWS: the names in the statistics, and the launch type that each counts.
const launchTypes = { EC2: "EC2", Fargate: "FARGATE", External: "EXTERNAL" } as const;

function statistics(counts: ClusterCounts): object[] {
  const entries: { name: string; value: string }[] = [];
  for (const [word, launchType] of Object.entries(launchTypes)) {
    const running = counts.runningTasksByLaunchType[launchType] ?? 0;
    const pending = counts.pendingTasksByLaunchType[launchType] ?? 0;
    entries.push({ name: `running${word}TasksCount`, value: String(running) });
    entries.push({ name: `pending${word}TasksCount`, value: String(pending) });
    const active = counts.activeServicesByLaunchType[launchType] ?? 0;
    const draining = counts.drainingServicesByLaunchType[launchType] ?? 0;
    entries.push({ name: `active${word}ServiceCount`, value: String(active) });
    entries.push({ name: `draining${word}ServiceCount`, value: String(draining) });
  }
  return entries;
}
