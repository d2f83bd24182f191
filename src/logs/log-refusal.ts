import { Refusal } from "../ecs/refusals.ts";

/** The codes with which calls of CloudWatch Logs are refused. AWS: exception classes of its API model, except the first. */
export type LogRefusalCode =
  | "SerializationException"
  | "InvalidParameterException"
  | "LimitExceededException"
  | "ResourceAlreadyExistsException"
  | "ResourceNotFoundException"
  | "ServiceUnavailableException"
  | "ThrottlingException"
  | "TooManyTagsException";

/** Throws the refusal `code` of CloudWatch Logs with the text that the caller reads. */
export function refuseLogs(code: LogRefusalCode, message: string): never {
  throw new Refusal(code, message);
}

/** AWS: the texts for what a call names and nobody has created. */
export const refuseMissingGroup = (): never =>
  refuseLogs("ResourceNotFoundException", "The specified log group does not exist.");
export const refuseMissingStream = (): never =>
  refuseLogs("ResourceNotFoundException", "The specified log stream does not exist.");
