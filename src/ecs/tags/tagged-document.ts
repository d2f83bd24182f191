import { type Tag, taggedResource } from "../documents/tag.ts";
import { providerToChange } from "../references/account-providers.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

/** Something in the account with tags: the tags, and a function that replaces them. */
export type TaggedDocument = { readonly tags: readonly Tag[]; readonly putTags: (tags: readonly Tag[]) => void };

/**
 * The cluster, task definition or capacity provider with this ARN. Refuses a bad ARN and an unknown task definition with
 * InvalidParameterException, an unknown or INACTIVE cluster with ClusterNotFoundException, an unknown capacity provider with
 * ClientException.
 */
export function taggedDocument(step: AccountStep, resourceArn: string | undefined): TaggedDocument {
  const resource = taggedResource(step.place, resourceArn);
  if (resource.type === "cluster") {
    const cluster = resolveCluster(step, resource.cluster);
    return { tags: cluster.tags, putTags: (tags) => step.state.clusters.put(cluster.name, { ...cluster, tags }) };
  }
  if (resource.type === "capacity-provider") {
    const provider = providerToChange(step, resource.name, "tagged");
    const putTags = (tags: readonly Tag[]) => step.state.capacityProviders.put(provider.name, { ...provider, tags });
    return { tags: provider.tags, putTags };
  }
  if (resource.type !== "task-definition") {
    refuse(
      "InvalidParameterException",
      "Only clusters, task definitions and capacity providers are resources of the account.",
    );
  }
  const { taskDefinitions } = step.state;
  const key = `${resource.family}:${resource.revision}`;
  const definition = taskDefinitions.get(key);
  if (definition === undefined) {
    // ListTagsForResource declares no ResourceNotFoundException, so all three operations use this one.
    refuse("InvalidParameterException", "The specified task definition does not exist.");
  }
  return { tags: definition.tags, putTags: (tags) => taskDefinitions.put(key, { ...definition, tags }) };
}
