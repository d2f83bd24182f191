/** The operations of STS that Berth answers. */
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { assumeRole } from "./assume-role.ts";
import { assumeRoleWithWebIdentity } from "./assume-role-with-web-identity.ts";
import { getCallerIdentity } from "./get-caller-identity.ts";
import { getSessionToken } from "./get-session-token.ts";

const namedRole = ({ RoleArn }: { readonly RoleArn?: string }): readonly string[] =>
  RoleArn === undefined ? [] : [RoleArn];

export const stsOperations = {
  AssumeRole: {
    machine: "service",
    handler: assumeRole,
    access: "operate",
    tasks: true,
    resources: namedRole,
    errors: [
      "ExpiredTokenException",
      "MalformedPolicyDocumentException",
      "PackedPolicyTooLargeException",
      "RegionDisabledException",
    ],
    missing:
      "Only in `berth dev`; `berth serve` refuses it with AccessDenied. Session policies, tags, MFA and external ids are checked for their form and have no effect, because there are no policies.",
  },
  AssumeRoleWithWebIdentity: {
    machine: "service",
    handler: assumeRoleWithWebIdentity,
    access: "everyone",
    anonymous: true,
    agents: true,
    tasks: true,
    resources: namedRole,
    errors: [
      "ExpiredTokenException",
      "IDPCommunicationErrorException",
      "IDPRejectedClaimException",
      "InvalidIdentityTokenException",
      "MalformedPolicyDocumentException",
      "PackedPolicyTooLargeException",
      "RegionDisabledException",
    ],
    missing:
      "Only in `berth dev`. The token's signature isn't checked, and session policies have no effect, because there are no policies.",
  },
  GetCallerIdentity: {
    machine: "service",
    handler: getCallerIdentity,
    access: "everyone",
    agents: true,
    tasks: true,
    errors: [],
  },
  GetSessionToken: {
    machine: "service",
    handler: getSessionToken,
    access: "operate",
    errors: ["RegionDisabledException"],
    missing: "Only in `berth dev`. MFA codes have no effect.",
  },
} as const satisfies Readonly<Record<string, ServiceRow>>;
