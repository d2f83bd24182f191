import { clusterArn, clusterName } from "../arn.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { AccountGiven } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { type ClusterField, clusterFields, clusterReply } from "./cluster-reply.ts";

export type DescribeClustersRequest = { readonly clusters?: readonly string[]; readonly include?: readonly string[] };

/**
 * Describes clusters by name or ARN, or `default` if none is named. INACTIVE ones are included while they are kept.
 * AWS: an unknown one is a failure MISSING with its full ARN. Refuses with InvalidParameterException more than 100 names, an unknown
 * `include` and an ARN of another type or place.
 */
export function describeClusters(step: AccountStep, request: DescribeClustersRequest, given: AccountGiven): object {
  const named = request.clusters ?? [];
  if (named.length > limits.namesPerDescribeClusters) {
    refuse("InvalidParameterException", `clusters can have at most ${limits.namesPerDescribeClusters} items.`);
  }
  const fields = checkedFields(request.include ?? []);
  const clusters: object[] = [];
  const failures: object[] = [];
  for (const reference of named.length === 0 ? [undefined] : named) {
    const name = clusterName(step.place, reference);
    const cluster = step.state.clusters.get(name);
    if (cluster !== undefined) clusters.push(clusterReply(cluster, given.counts.get(cluster.name), fields));
    else failures.push({ arn: clusterArn(step.place, name), reason: "MISSING" });
  }
  return { clusters, failures };
}

function checkedFields(include: readonly string[]): ReadonlySet<ClusterField> {
  return new Set(
    include.map((field) => {
      const known = clusterFields.find((candidate) => candidate === field);
      if (known === undefined) {
        refuse("InvalidParameterException", `include should be one of [${clusterFields.join(", ")}]`);
      }
      return known;
    }),
  );
}
