import { clusterName } from "../arn.ts";
import type { Cluster } from "../documents/cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

/**
 * The ACTIVE cluster that `reference` (name, ARN, or absent for `default`) names.
 * AWS: unknown and INACTIVE clusters have one code and two texts, which tools match.
 */
export function resolveCluster(step: AccountStep, reference: string | undefined): Cluster {
  const cluster = step.state.clusters.get(clusterName(step.place, reference));
  if (cluster === undefined) refuse("ClusterNotFoundException", "Cluster not found.");
  if (cluster.status !== "ACTIVE") refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
  return cluster;
}
