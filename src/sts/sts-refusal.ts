import { Refusal } from "../ecs/refusals.ts";
import { checkMembers as checkMemberRules, type MemberRules } from "../service-machine/member-rules.ts";

/** AWS: the errors of the STS API that Berth refuses calls with, by the names of their classes in the SDK; the first two are common to all services. */
export type StsRefusalCode =
  | "AccessDenied"
  | "ValidationError"
  | "ExpiredTokenException"
  | "InvalidIdentityTokenException"
  | "PackedPolicyTooLargeException";

/** Throws the refusal `code` with the text that the caller reads. */
export function refuse(code: StsRefusalCode, message: string): never {
  throw new Refusal(code, message);
}

/** Refuses with ValidationError what breaks the rules of a request's members. */
export const checkMembers = (request: object, rules: MemberRules): void =>
  checkMemberRules(request, rules, "ValidationError");
