import { Refusal } from "../ecs/refusals.ts";

/** AWS: the errors of Secrets Manager that Berth refuses calls with; the last one is common to all services. */
export type SecretsRefusalCode =
  | "DecryptionFailure"
  | "EncryptionFailure"
  | "InvalidNextTokenException"
  | "InvalidParameterException"
  | "InvalidRequestException"
  | "LimitExceededException"
  | "ResourceExistsException"
  | "ResourceNotFoundException"
  | "ValidationException";

/** Throws the refusal `code` with the text that the caller reads. */
export function refuse(code: SecretsRefusalCode, message: string): never {
  throw new Refusal(code, message);
}

/** AWS: the text. */
export const refuseNotFound = (): never =>
  refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
