import type { Cluster } from "../documents/cluster.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { clusterReply } from "./cluster-reply.ts";
import { checkedClusterSettings, type RequestClusterSetting } from "./cluster-settings.ts";

export type UpdateClusterSettingsRequest = {
  readonly cluster?: string;
  readonly settings?: readonly RequestClusterSetting[];
};

/**
 * Changes the settings of a cluster. Refuses an unknown or INACTIVE cluster (ClusterNotFoundException), and missing names and missing or
 * bad settings (InvalidParameterException).
 */
export function updateClusterSettings(
  step: AccountStep,
  request: UpdateClusterSettingsRequest,
  given: AccountGiven,
): object {
  if (request.cluster === undefined) refuse("InvalidParameterException", "cluster can not be empty.");
  const cluster = resolveCluster(step, request.cluster);
  const settings = checkedClusterSettings(request.settings ?? []);
  if (settings.length === 0) refuse("InvalidParameterException", "settings can not be empty.");
  const updated: Cluster = { ...cluster, settings };
  step.state.clusters.put(cluster.name, updated);
  return { cluster: clusterReply(updated, given.counts.get(cluster.name)) };
}
