import { Refusal } from "../ecs/refusals.ts";

/** AWS: the errors of SSM's parameters that Berth refuses calls with. */
export type SsmRefusalCode =
  | "AccessDeniedException"
  | "HierarchyLevelLimitExceededException"
  | "HierarchyTypeMismatchException"
  | "InvalidAllowedPatternException"
  | "InvalidFilterKey"
  | "InvalidFilterOption"
  | "InvalidFilterValue"
  | "InvalidKeyId"
  | "InvalidNextToken"
  | "InvalidPolicyTypeException"
  | "InvalidResourceId"
  | "InvalidResourceType"
  | "ParameterAlreadyExists"
  | "ParameterLimitExceeded"
  | "ParameterMaxVersionLimitExceeded"
  | "ParameterNotFound"
  | "ParameterPatternMismatchException"
  | "ParameterVersionLabelLimitExceeded"
  | "ParameterVersionNotFound"
  | "TooManyTagsError"
  | "ValidationException";

/** Throws the refusal `code` with the text that the caller reads. */
export function refuse(code: SsmRefusalCode, message: string): never {
  throw new Refusal(code, message);
}

/** DIFFERS: SSM's ParameterNotFound has no text; Berth's names the parameter. */
export const refuseNotFound = (name: string): never => refuse("ParameterNotFound", `Parameter ${name} not found.`);

export const refuseToken = (): never => refuse("InvalidNextToken", "The specified token is not valid.");
