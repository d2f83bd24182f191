import { newTags, type RequestTag } from "../documents/tag.ts";
import { checkedProviders, checkedStrategy, type RequestStrategyItem } from "../launch/strategy.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import {
  checkedClusterConfiguration,
  type RequestClusterConfiguration,
  refuseWhatIsNotBuilt,
} from "./cluster-configuration.ts";
import { newClusterSettings, putNewCluster } from "./cluster-life.ts";
import { clusterReply } from "./cluster-reply.ts";
import { checkedClusterSettings, type RequestClusterSetting } from "./cluster-settings.ts";

export type CreateClusterRequest = {
  readonly clusterName?: string;
  readonly tags?: readonly RequestTag[];
  readonly settings?: readonly RequestClusterSetting[];
  readonly configuration?: RequestClusterConfiguration;
  readonly capacityProviders?: readonly string[];
  readonly defaultCapacityProviderStrategy?: readonly RequestStrategyItem[];
  readonly serviceConnectDefaults?: { readonly namespace?: string };
};

/**
 * Creates a cluster, `default` if no name is given. AWS: if the name is ACTIVE, the reply is that cluster, unchanged; if it is INACTIVE, a
 * new cluster gets the same ARN. Refuses bad names, settings, configurations, capacity providers and strategies and what Berth doesn't
 * support (InvalidParameterException), empty tags and more than 10,000 clusters (ClientException).
 */
export function createCluster(step: AccountStep, request: CreateClusterRequest, given: AccountGiven): object {
  const name = checkedClusterName(request.clusterName);
  refuseWhatIsNotBuilt(request);
  const tags = newTags(request.tags);
  const configuration = checkedClusterConfiguration(request.configuration);
  const settings = checkedClusterSettings(request.settings ?? []);
  const capacityProviders = checkedProviders(step, request.capacityProviders ?? []);
  const strategy = request.defaultCapacityProviderStrategy ?? [];
  const defaultCapacityProviderStrategy = checkedStrategy(step.place, strategy, capacityProviders, true);
  const existing = step.state.clusters.get(name);
  if (existing?.status === "ACTIVE") return { cluster: clusterReply(existing, given.counts.get(name)) };
  const cluster = putNewCluster(step, {
    name,
    settings: settings.length > 0 ? settings : newClusterSettings(step, given.caller.principalArn),
    configuration,
    serviceConnectDefaults: null,
    capacityProviders,
    defaultCapacityProviderStrategy,
    tags,
  });
  return { cluster: clusterReply(cluster) };
}

function checkedClusterName(name: string | undefined): string {
  if (name === undefined || name === "") return "default";
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) {
    // AWS: users report this text.
    refuse("InvalidParameterException", "ClusterName must match ^[a-zA-Z0-9\\-_]{1,255}$");
  }
  return name;
}
