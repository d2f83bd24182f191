import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { principalNamed } from "./principal.ts";
import { beginRoleSession, defaultSessionSeconds, type RoleSessionRequest, roleSessionRules } from "./role-session.ts";
import { checkMembers, refuse } from "./sts-refusal.ts";

type AssumeRoleRequest = RoleSessionRequest & { readonly SourceIdentity?: string; readonly Policy?: string };

/**
 * Gives the caller credentials of a session under a role.
 * DIFFERS: Berth has no IAM, so `berth dev` lets everyone assume any role, and the session may do everything in the role's account.
 * DIFFERS: `berth serve` refuses AssumeRole with AccessDenied, because it has no roles that say who may assume them.
 */
export function assumeRole(step: ServiceStep<object>, request: AssumeRoleRequest, given: ServiceGiven): object {
  checkMembers(request, {
    ...roleSessionRules,
    SourceIdentity: { type: "text", min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
    ExternalId: { type: "text", min: 2, max: 1_224, pattern: /^[\w+=,.@:/-]*$/ },
    SerialNumber: { type: "text", min: 9, max: 256, pattern: /^[\w+=/:,.@-]*$/ },
    TokenCode: { type: "text", min: 6, max: 6, pattern: /^[\d]*$/ },
  });
  const { RoleArn, SourceIdentity, DurationSeconds = defaultSessionSeconds } = request;
  const { caller, ports } = given;
  if (ports.credentialsOf === null) {
    // AWS: the text up to "because".
    refuse(
      "AccessDenied",
      `User: ${caller.principalArn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn} because this Berth has no roles to assume; only berth dev gives credentials of roles`,
    );
  }
  if (principalNamed(caller.principalArn).type === "session" && DurationSeconds > defaultSessionSeconds) {
    // AWS: the text.
    const text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
    refuse("ValidationError", text);
  }
  return { ...beginRoleSession(step, request, given), ...(SourceIdentity !== undefined && { SourceIdentity }) };
}
