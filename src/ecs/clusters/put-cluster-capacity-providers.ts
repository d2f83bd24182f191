import type { Cluster } from "../documents/cluster.ts";
import { checkedProviders, checkedStrategy, type RequestStrategyItem } from "../launch/strategy.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { clusterReply } from "./cluster-reply.ts";

export type PutClusterCapacityProvidersRequest = {
  readonly cluster?: string;
  readonly capacityProviders?: readonly string[];
  readonly defaultCapacityProviderStrategy?: readonly RequestStrategyItem[];
};

/**
 * PutClusterCapacityProviders: replaces the cluster's providers and default strategy; empty lists remove them. Refuses an unknown cluster
 * (ClusterNotFoundException), missing members, unknown providers and bad strategies (InvalidParameterException), and removing a provider
 * that tasks use (ResourceInUseException).
 */
export function putClusterCapacityProviders(
  step: AccountStep,
  request: PutClusterCapacityProvidersRequest,
  given: AccountGiven,
): object {
  const { cluster: reference, capacityProviders, defaultCapacityProviderStrategy } = request;
  if (reference === undefined || reference === "") {
    refuse("InvalidParameterException", "cluster can not be empty.");
  }
  const cluster = resolveCluster(step, reference);
  // AWS: both are required, but either may be empty.
  if (capacityProviders === undefined) refuse("InvalidParameterException", "capacityProviders can not be null.");
  if (defaultCapacityProviderStrategy === undefined) {
    refuse("InvalidParameterException", "defaultCapacityProviderStrategy can not be null.");
  }
  const providers = checkedProviders(step, capacityProviders);
  const strategy = checkedStrategy(step.place, defaultCapacityProviderStrategy, providers, true);
  const counts = given.counts.get(cluster.name);
  if (counts?.capacityProvidersInUse.some((inUse) => !providers.some((provider) => provider === inUse))) {
    refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.");
  }
  const updated: Cluster = {
    ...cluster,
    capacityProviders: providers,
    defaultCapacityProviderStrategy: strategy,
  };
  step.state.clusters.put(cluster.name, updated);
  return { cluster: clusterReply(updated, counts) };
}
