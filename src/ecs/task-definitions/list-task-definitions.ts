import { taskDefinitionArn } from "../arn.ts";
import type { TaskDefinitionStatus } from "../documents/task-definition.ts";
import { splitRevisionKey } from "../indexes/revision-index.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

export type ListTaskDefinitionsRequest = {
  readonly familyPrefix?: string;
  readonly status?: string;
  readonly sort?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

const statuses: readonly TaskDefinitionStatus[] = ["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"];

/**
 * The ARNs of revisions in one status (by default ACTIVE), sorted by family and number, ascending or descending.
 * AWS: despite its name, `familyPrefix` is a whole family name here. Refuses unknown statuses and sort orders, and bad pages, with
 * InvalidParameterException.
 */
export function listTaskDefinitions(step: AccountStep, request: ListTaskDefinitionsRequest): object {
  const { familyPrefix, sort = "ASC" } = request;
  const status = statuses.find((known) => known === (request.status ?? "ACTIVE"));
  if (status === undefined) {
    refuse("InvalidParameterException", `Task definition status should be one of [${statuses.join(", ")}]`);
  }
  if (sort !== "ASC" && sort !== "DESC") refuse("InvalidParameterException", "sort should be one of [ASC, DESC]");
  const all = step.state.revisions.byStatus[status];
  const keys =
    familyPrefix === undefined || familyPrefix === ""
      ? all.after(null)
      : keysOfFamily(all.after(`${familyPrefix} `), familyPrefix);
  const { items, nextToken } = page(sort === "DESC" ? keys.toReversed() : keys, (key) => key, {
    operation: "ListTaskDefinitions",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.pageSize,
    maxSize: limits.pageSize,
    descending: sort === "DESC",
  });
  const taskDefinitionArns = items.map((key) => {
    const { family, revision } = splitRevisionKey(key);
    return taskDefinitionArn(step.place, family, revision);
  });
  return { taskDefinitionArns, nextToken };
}

function keysOfFamily(keysFromThere: readonly string[], family: string): readonly string[] {
  const end = keysFromThere.findIndex((key) => !key.startsWith(`${family} `));
  return end < 0 ? keysFromThere : keysFromThere.slice(0, end);
}
