import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { beginRoleSession, type RoleSessionRequest, roleSessionRules } from "./role-session.ts";
import { checkMembers, refuse } from "./sts-refusal.ts";
import { claimsOf } from "./web-identity.ts";

type WebIdentityRequest = RoleSessionRequest & { readonly WebIdentityToken: string };

/**
 * Gives whoever has a token of an identity provider credentials of a session under a role.
 * DIFFERS: the token's form and times are checked, but not its signature, because Berth knows no identity providers; only `berth dev` answers.
 */
export function assumeRoleWithWebIdentity(
  step: ServiceStep<object>,
  request: WebIdentityRequest,
  given: ServiceGiven,
): object {
  checkMembers(request, {
    ...roleSessionRules,
    WebIdentityToken: { type: "text", required: true, min: 4, max: 20_000 },
    ProviderId: { type: "text", min: 4, max: 2_048 },
  });
  if (given.ports.credentialsOf === null) {
    refuse(
      "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity: only berth dev gives credentials of roles",
    );
  }
  const { issuer, subject, audience } = claimsOf(request.WebIdentityToken, step.now);
  return {
    ...beginRoleSession(step, request, given),
    SubjectFromWebIdentityToken: subject,
    Provider: issuer,
    Audience: audience,
  };
}
