import type { TaskDefinition } from "../documents/task-definition.ts";
import { refuse } from "../refusals.ts";
import type { ResolvePurpose } from "../state/account-input.ts";
import type { AccountStep } from "../state/account-step.ts";
import { findTaskDefinition } from "./task-definition-reference.ts";

/**
 * The ACTIVE definition for new tasks or services. AWS: an unknown one is a ClientException; an INACTIVE one is an
 * InvalidParameterException for tasks and a ClientException for services.
 */
export function resolveTaskDefinition(
  step: AccountStep,
  reference: string | undefined,
  purpose: ResolvePurpose,
): TaskDefinition {
  if (reference === undefined || reference === "") {
    refuse("InvalidParameterException", "TaskDefinition can not be blank.");
  }
  const definition = findTaskDefinition(step, reference);
  if (definition === undefined) refuse("ClientException", "TaskDefinition not found.");
  if (definition.status !== "ACTIVE") {
    refuse(purpose === "task" ? "InvalidParameterException" : "ClientException", "TaskDefinition is inactive");
  }
  return definition;
}
