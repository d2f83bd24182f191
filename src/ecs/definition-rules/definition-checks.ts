import { refuse } from "../refusals.ts";

/** Refuses a registration. AWS: what is wrong with a task definition is a ClientException. */
export function refuseDefinition(message: string): never {
  refuse("ClientException", message);
}

/** `value`, which must be there and not be the empty text; `what` is its path, as in `Container.image`. */
export function checkedText(value: string | undefined, what: string): string {
  if (value === undefined || value === "") refuseDefinition(`${what} should not be null or empty.`);
  return value;
}

/** Refuses a value that is there and none of `allowed`. */
export function checkOneOf(value: string | undefined, allowed: readonly string[], what: string): void {
  if (value !== undefined && !allowed.includes(value)) {
    refuseDefinition(`${what} should be one of [${allowed.join(", ")}]`);
  }
}

/** Refuses a number that is there and no whole number of `least` .. `most`. */
export function checkRange(value: number | undefined, least: number, most: number, what: string): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most)) {
    refuseDefinition(`${what} must be between ${least} and ${most}.`);
  }
}

/**
 * A role by ARN or name; null when there is none.
 * DIFFERS: AWS refuses roles that do not exist; Berth has no IAM and takes every role with a legal ARN or name.
 */
export function checkedRole(role: string | undefined): string | null {
  if (role === undefined || role === "") return null;
  if (!/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/.test(role) && !/^[\w+=,.@-]{1,64}$/.test(role)) {
    refuseDefinition("Role is not valid");
  }
  return role;
}
