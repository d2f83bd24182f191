import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

export type ListTaskDefinitionFamiliesRequest = {
  readonly familyPrefix?: string;
  readonly status?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * The names of families that begin with `familyPrefix`. AWS: a family is ACTIVE if it has an ACTIVE revision, otherwise INACTIVE; without a
 * status all are listed. Refuses unknown statuses and bad pages with InvalidParameterException.
 */
export function listTaskDefinitionFamilies(step: AccountStep, request: ListTaskDefinitionFamiliesRequest): object {
  const { familyPrefix = "", status = "ALL" } = request;
  if (status !== "ACTIVE" && status !== "INACTIVE" && status !== "ALL") {
    refuse("InvalidParameterException", "Task definition family status should be one of [ACTIVE, INACTIVE, ALL]");
  }
  const { revisions } = step.state;
  const families = revisions.familyNames.after(null).filter((family) => {
    if (!family.startsWith(familyPrefix)) return false;
    return status === "ALL" || (revisions.latestActive(family) !== null) === (status === "ACTIVE");
  });
  const { items, nextToken } = page(families, (family) => family, {
    operation: "ListTaskDefinitionFamilies",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.pageSize,
    maxSize: limits.pageSize,
  });
  return { families: items, nextToken };
}
