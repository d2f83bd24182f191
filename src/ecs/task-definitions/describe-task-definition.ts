import { findTaskDefinition } from "../references/task-definition-reference.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { taskDefinitionReply } from "./task-definition-reply.ts";

export type DescribeTaskDefinitionRequest = { readonly taskDefinition?: string; readonly include?: readonly string[] };

/**
 * Describes a revision in any status, or a family's latest ACTIVE one. Refuses an unknown one with ClientException, an unknown `include`
 * with InvalidParameterException.
 */
export function describeTaskDefinition(step: AccountStep, request: DescribeTaskDefinitionRequest): object {
  if (request.include?.some((field) => field !== "TAGS")) {
    refuse("InvalidParameterException", "include should be one of [TAGS]");
  }
  const { taskDefinition: reference } = request;
  const definition = reference === undefined ? undefined : findTaskDefinition(step, reference);
  if (definition === undefined) refuse("ClientException", "Unable to describe task definition.");
  const tags = request.include?.includes("TAGS") === true ? definition.tags : [];
  return { taskDefinition: taskDefinitionReply(definition), tags };
}
