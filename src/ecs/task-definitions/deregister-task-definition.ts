import type { TaskDefinition } from "../documents/task-definition.ts";
import { parseTaskDefinitionReference } from "../references/task-definition-reference.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taskDefinitionReply } from "./task-definition-reply.ts";

export type DeregisterTaskDefinitionRequest = { readonly taskDefinition?: string };

/**
 * Makes a revision INACTIVE: it starts no new tasks, and running ones continue. AWS: the revision must be named. An INACTIVE one is
 * returned unchanged, so repeating the call does no harm. Refuses with ClientException a missing or bad revision, an unknown one, and one
 * that is being deleted.
 */
export function deregisterTaskDefinition(step: AccountStep, request: DeregisterTaskDefinitionRequest): object {
  const named =
    request.taskDefinition === undefined ? null : parseTaskDefinitionReference(step, request.taskDefinition);
  if (named !== null && named.revision === null) refuse("ClientException", "Revision is missing.");
  const key = named === null ? "" : `${named.family}:${named.revision}`;
  const definition = step.state.taskDefinitions.get(key);
  if (definition === undefined) refuse("ClientException", "The specified task definition does not exist.");
  if (definition.status === "DELETE_IN_PROGRESS")
    refuse("ClientException", "The specified task definition is being deleted.");
  if (definition.status === "INACTIVE") return { taskDefinition: taskDefinitionReply(definition) };
  const deregistered: TaskDefinition = { ...definition, status: "INACTIVE", deregisteredAt: step.now };
  step.state.taskDefinitions.put(key, deregistered);
  return { taskDefinition: taskDefinitionReply(deregistered) };
}
