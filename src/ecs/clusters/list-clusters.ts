import { clusterArn } from "../arn.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import type { AccountStep } from "../state/account-step.ts";

export type ListClustersRequest = { readonly nextToken?: string; readonly maxResults?: number };

/** The ARNs of the ACTIVE clusters, in pages sorted by name. Refuses a bad page size or token (InvalidParameterException). */
export function listClusters(step: AccountStep, request: ListClustersRequest): object {
  const { items, nextToken } = page(step.state.activeClusterNames.after(null), (name) => name, {
    operation: "ListClusters",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.pageSize,
    maxSize: limits.pageSize,
  });
  return { clusterArns: items.map((name) => clusterArn(step.place, name)), nextToken };
}
