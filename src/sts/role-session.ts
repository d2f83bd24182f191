import { must } from "../lib/assert.ts";
import type { MemberRule } from "../service-machine/member-rules.ts";
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { roleNamed } from "./principal.ts";
import { refuse } from "./sts-refusal.ts";

/** AWS: the limits of what assumes a role; a session lasts an hour unless the call says otherwise. */
export const roleSessionRules = {
  RoleArn: { type: "text", required: true, min: 20, max: 2_048 },
  RoleSessionName: { type: "text", required: true, min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
  DurationSeconds: { type: "number", min: 900, max: 43_200 },
  Policy: { type: "text", min: 1, max: 2_048 },
} as const satisfies Readonly<Record<string, MemberRule>>;

export const defaultSessionSeconds = 3_600;

/** What a request says about the session under a role. */
export type RoleSessionRequest = {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number;
};

/**
 * The credentials and the user of a new session under a role, in API shape. Refuses with ValidationError an ARN that is not a role's, with
 * AccessDenied where Berth gives no credentials.
 */
export function beginRoleSession(
  step: ServiceStep<object>,
  { RoleArn, RoleSessionName, DurationSeconds = defaultSessionSeconds }: RoleSessionRequest,
  { ports }: Pick<ServiceGiven, "ports">,
): { readonly Credentials: object; readonly AssumedRoleUser: object } {
  const role = roleNamed(RoleArn);
  if (role === null) refuse("ValidationError", `${RoleArn} is invalid`);
  const principalArn = `arn:${role.partition}:sts::${role.account}:assumed-role/${role.name}/${RoleSessionName}`;
  return {
    Credentials: sessionCredentials(step, role.account, principalArn, DurationSeconds, ports),
    AssumedRoleUser: {
      AssumedRoleId: `${ports.principalId("AROA", role.idArn)}:${RoleSessionName}`,
      Arn: principalArn,
    },
  };
}

/** New credentials of `principalArn` in API shape. The caller has checked that there are any. */
export function sessionCredentials(
  step: ServiceStep<object>,
  account: string,
  principalArn: string,
  seconds: number,
  { credentialsOf }: ServiceGiven["ports"],
): object {
  const expiresAt = (Math.floor(step.now / 1_000) + seconds) * 1_000;
  const nonce = step.random.stream("sts-session").hex(16);
  const credentials = must(credentialsOf, "the maker of credentials")({ account, principalArn, expiresAt, nonce });
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: expiresAt,
  };
}
