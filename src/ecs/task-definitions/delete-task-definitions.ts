import { taskDefinitionArn } from "../arn.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { parseTaskDefinitionReference } from "../references/task-definition-reference.ts";
import { Refusal, refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taskDefinitionReply } from "./task-definition-reply.ts";

export type DeleteTaskDefinitionsRequest = { readonly taskDefinitions?: readonly string[] };

/**
 * Puts up to 10 INACTIVE revisions into DELETE_IN_PROGRESS; they are removed once nothing uses them. Each one that can't be deleted is a
 * failure. Refuses an empty list and more than 10 with InvalidParameterException.
 */
export function deleteTaskDefinitions(step: AccountStep, request: DeleteTaskDefinitionsRequest): object {
  const references = request.taskDefinitions ?? [];
  if (references.length < 1) refuse("InvalidParameterException", "taskDefinitions can not be empty.");
  if (references.length > limits.taskDefinitionsPerDelete) {
    refuse("InvalidParameterException", `taskDefinitions can have at most ${limits.taskDefinitionsPerDelete} items.`);
  }
  const taskDefinitions: object[] = [];
  const failures: object[] = [];
  for (const reference of references) {
    const outcome = deleteOne(step, reference);
    if ("reason" in outcome) failures.push(outcome);
    else taskDefinitions.push(taskDefinitionReply(outcome));
  }
  if (taskDefinitions.length > 0) step.reviewDeletedRevisions();
  return { taskDefinitions, failures };
}

type Failure = { readonly arn: string; readonly reason: string };

function deleteOne(step: AccountStep, reference: string): TaskDefinition | Failure {
  const named = parsedOrReason(step, reference);
  if (typeof named === "string") return { arn: reference, reason: named };
  const arn = taskDefinitionArn(step.place, named.family, named.revision);
  const key = `${named.family}:${named.revision}`;
  const definition = step.state.taskDefinitions.get(key);
  if (definition === undefined) return { arn, reason: "The specified task definition does not exist." };
  if (definition.status === "ACTIVE") {
    return {
      arn,
      reason: "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
    };
  }
  if (definition.status === "DELETE_IN_PROGRESS") return definition;
  const deleted: TaskDefinition = { ...definition, status: "DELETE_IN_PROGRESS", deleteRequestedAt: step.now };
  step.state.taskDefinitions.put(key, deleted);
  return deleted;
}

/** AWS: entries fail separately, so what is a refusal elsewhere is a failure's reason here. */
function parsedOrReason(step: AccountStep, reference: string): { family: string; revision: number } | string {
  try {
    const named = parseTaskDefinitionReference(step, reference);
    if (named.revision === null) return "Revision is missing.";
    return { family: named.family, revision: named.revision };
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** Removes those of `arns` that are in DELETE_IN_PROGRESS. Their numbers are never used again. */
export function removeUnusedRevisions(step: AccountStep, arns: readonly string[]): null {
  for (const arn of arns) {
    const named = parseTaskDefinitionReference(step, arn);
    const key = `${named.family}:${named.revision}`;
    if (step.state.taskDefinitions.get(key)?.status === "DELETE_IN_PROGRESS") step.state.taskDefinitions.delete(key);
  }
  return null;
}
