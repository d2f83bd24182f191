import { must } from "../../lib/assert.ts";
import type { CapacityProvider } from "../documents/capacity-provider.ts";
import { limits } from "../limits.ts";
import { capacityProviderReply, providerToChange } from "../references/account-providers.ts";
import type { AccountStep } from "../state/account-step.ts";
import { refuseManagedInstances } from "./managed-instances.ts";

export type DeleteCapacityProviderRequest = { readonly capacityProvider?: string; readonly cluster?: string };

/**
 * DeleteCapacityProvider: the provider becomes INACTIVE and can be described for a while. AWS: a provider that a cluster uses is not
 * refused; it stays ACTIVE, with DELETE_FAILED and a text that names the cluster. Refuses an unknown provider (ClientException) and the
 * Fargate ones (InvalidParameterException).
 */
export function deleteCapacityProvider(step: AccountStep, request: DeleteCapacityProviderRequest): object {
  refuseManagedInstances(request);
  const provider = providerToChange(step, request.capacityProvider, "deleted");
  const { name } = provider;
  const clusters = clustersWith(step, name);
  const after: CapacityProvider =
    clusters.length === 0
      ? {
          ...provider,
          status: "INACTIVE",
          updateStatus: "DELETE_COMPLETE",
          updateStatusReason: null,
          deletedAt: step.now,
        }
      : {
          ...provider,
          updateStatus: "DELETE_FAILED",
          updateStatusReason: `The capacity provider cannot be deleted because it is associated with cluster: ${clusters.join(", ")}. Remove the capacity provider from the cluster and try again.`,
        };
  step.state.capacityProviders.put(name, after);
  forgetOldestProviders(step);
  return { capacityProvider: capacityProviderReply(step, name, true) };
}

/** DIFFERS: only the newest 1,000 deleted capacity providers of an account and region can be described. */
function forgetOldestProviders({ state }: AccountStep): void {
  while (state.inactiveProviders.size > limits.inactiveCapacityProviders) {
    state.capacityProviders.delete(must(state.inactiveProviders.oldest(), "a name"));
  }
}

/** The names of the ACTIVE clusters that use a provider. */
const clustersWith = (step: AccountStep, name: string): string[] =>
  [...step.state.clusters.values()]
    .filter((cluster) => cluster.status === "ACTIVE" && cluster.capacityProviders.includes(name))
    .map((cluster) => cluster.name)
    .sort();
