import { refuse } from "../refusals.ts";

/** Refuses a registration. AWS: errors in a task definition are ClientExceptions. */
export function refuseDefinition(message: string): never {
  refuse("ClientException", message);
}

/** `value`, which must be present and not empty; `what` is its path, such as `Container.image`. */
export function checkedText(value: string | undefined, what: string): string {
  if (value === undefined || value === "") refuseDefinition(`${what} should not be null or empty.`);
  return value;
}

/** Refuses a given value that isn't one of `allowed`. */
export function checkOneOf(value: string | undefined, allowed: readonly string[], what: string): void {
  if (value !== undefined && !allowed.includes(value)) {
    refuseDefinition(`${what} should be one of [${allowed.join(", ")}]`);
  }
}

/** Refuses a given number that isn't an integer from `least` to `most`. */
export function checkRange(value: number | undefined, least: number, most: number, what: string): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most)) {
    refuseDefinition(`${what} must be between ${least} and ${most}.`);
  }
}

/**
 * A role by ARN or name, or null.
 * DIFFERS: AWS refuses roles that do not exist; Berth has no IAM and accepts every role with a valid ARN or name.
 */
export function checkedRole(role: string | undefined): string | null {
  if (role === undefined || role === "") return null;
  if (!/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/.test(role) && !/^[\w+=,.@-]{1,64}$/.test(role)) {
    refuseDefinition("Role is not valid");
  }
  return role;
}
