import { containerInstanceArn } from "../arn.ts";
import { checkedQuery } from "../cluster-query/checked-query.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { limits } from "../limits.ts";
import { decodePageToken, encodePageToken } from "../page.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type ListContainerInstancesRequest = {
  readonly filter?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
  readonly status?: string;
};

const listedStatuses: readonly string[] = ["ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED"];

/**
 * ARNs of the container instances in `status` (without it, of all that are not INACTIVE) that the expression `filter` selects; an empty
 * filter selects all. Refuses with InvalidParameterException another status, a filter that isn't valid cluster query language, a page size
 * outside 1 to 100 and a foreign token.
 */
export function listContainerInstances(step: ClusterStep, request: ListContainerInstancesRequest, _: Given) {
  const { status } = request;
  const { placement, book } = step.state;
  if (status !== undefined && !listedStatuses.includes(status)) {
    refuse("InvalidParameterException", `Container instance status should be one of [${listedStatuses.join(", ")}]`);
  }
  const query = request.filter ? checkedQuery(request.filter, "filter expression") : null;
  const wanted = (instance: ContainerInstance) =>
    (status === undefined ? instance.status !== "INACTIVE" : instance.status === status) &&
    (query === null || placement.selections.selects(query, { instance, usage: book.usageOf(instance.id) }));
  const { ids, nextToken } = idsOfPage(step, request, wanted);
  return {
    containerInstanceArns: ids.map((id) => containerInstanceArn(step.place, step.clusterName, id)),
    nextToken,
  };
}

/**
 * The ids of one page. Reads instances from the token on until the page is full and one more matches, so paging through everything reads
 * each instance about once, even with a filter that selects few.
 */
function idsOfPage(
  step: ClusterStep,
  request: ListContainerInstancesRequest,
  wanted: (instance: ContainerInstance) => boolean,
): { ids: string[]; nextToken: string | null } {
  const size = pageSize(request.maxResults);
  const ids: string[] = [];
  for (const id of step.state.instanceIds.after(tokenKey("ListContainerInstances", request.nextToken))) {
    const instance = step.state.instances.get(id);
    if (instance === undefined || !wanted(instance)) continue;
    if (ids.length === size) {
      return { ids, nextToken: encodePageToken("ListContainerInstances", ids[size - 1] as string) };
    }
    ids.push(id);
  }
  return { ids, nextToken: null };
}

/** The page size, at most 100. Refuses others with InvalidParameterException. */
export function pageSize(maxResults: number | undefined): number {
  const size = maxResults ?? limits.pageSize;
  if (!Number.isInteger(size) || size < 1 || size > limits.pageSize) {
    refuse("InvalidParameterException", `maxResults must be between 1 and ${limits.pageSize}.`);
  }
  return size;
}

/** The key that `token` of `operation` holds, or null without a token. Refuses a foreign token with InvalidParameterException. */
export function tokenKey(operation: string, token: string | undefined): string | null {
  if (token === undefined) return null;
  const key = decodePageToken(operation, token);
  if (key === null) refuse("InvalidParameterException", "Invalid token.");
  return key;
}
