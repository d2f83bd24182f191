import type { Cluster } from "../documents/cluster.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import {
  checkedClusterConfiguration,
  type RequestClusterConfiguration,
  refuseWhatIsNotBuilt,
} from "./cluster-configuration.ts";
import { clusterReply } from "./cluster-reply.ts";
import { checkedClusterSettings, type RequestClusterSetting } from "./cluster-settings.ts";

export type UpdateClusterRequest = {
  readonly cluster?: string;
  readonly settings?: readonly RequestClusterSetting[];
  readonly configuration?: RequestClusterConfiguration;
  readonly serviceConnectDefaults?: { readonly namespace?: string };
};

/**
 * Changes a cluster's settings and configuration; what the request leaves out stays. Refuses an unknown or INACTIVE cluster
 * (ClusterNotFoundException), and a missing name, bad values and what Berth doesn't support (InvalidParameterException).
 */
export function updateCluster(step: AccountStep, request: UpdateClusterRequest, given: AccountGiven): object {
  if (request.cluster === undefined) refuse("InvalidParameterException", "cluster can not be empty.");
  const cluster = resolveCluster(step, request.cluster);
  refuseWhatIsNotBuilt(request);
  const configuration = checkedClusterConfiguration(request.configuration);
  const settings = checkedClusterSettings(request.settings ?? []);
  const updated: Cluster = {
    ...cluster,
    settings: settings.length > 0 ? settings : cluster.settings,
    configuration: configuration ?? cluster.configuration,
  };
  step.state.clusters.put(cluster.name, updated);
  return { cluster: clusterReply(updated, given.counts.get(cluster.name)) };
}
