import { AuthError } from "../../auth/auth-error.ts";
import { looseCredentials } from "../../auth/authorization-header.ts";
import type { Principal } from "../../auth/authorize.ts";
import type { SessionCredentialsIssuer } from "../../auth/session-credentials.ts";
import {
  type bodyCheckedLater,
  type FindKey,
  type KeyOwner,
  type SignedCall,
  type SignedHead,
  type VerifiedCaller,
  verifyHead,
} from "../../auth/sigv4.ts";
import { isTemporaryKey, type TaskCredentialsIssuer } from "../../auth/task-credentials.ts";
import type { Caller } from "../../ecs/state/call.ts";
import { WireError } from "../../wire/errors.ts";

/** Who calls, and the account and region whose resources the call is about. */
export type Authenticated = {
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** What `authorize` decides by. */
  readonly principal: Principal;
};

/**
 * Finds out who makes a call, in two steps: what its headers show, before its body is awaited, and then the rest. Both throw WireError
 * with the code of the API for a caller that is not known.
 */
export type Authenticate = (head: SignedHead) => Promise<AuthenticateBody>;
export type AuthenticateBody = (body: string | Uint8Array | typeof bodyCheckedLater) => Promise<Authenticated>;

/** The keys that signatures are checked with. */
export type SigningKeys = {
  readonly find: FindKey;
  /** Called for each call whose signature was right; null when the key has ended since it was found. */
  use(accessKeyId: string): { readonly principal: Principal; readonly origin: string } | null;
};

/** AWS: how the container agent names itself. */
const agentUserAgent = "Amazon ECS Agent";

/** The makers of temporary credentials. */
export type TemporaryCredentials = {
  readonly tasks: TaskCredentialsIssuer;
  readonly sessions: SessionCredentialsIssuer;
};

/**
 * Takes any complete credentials: for a server that only the own machine reaches. Temporary ones of its own, as far as they are genuine,
 * belong to the account of their task or session; those of a session are refused when they have expired.
 */
export function looseAuthentication(defaultAccount: string, own: TemporaryCredentials | null = null): Authenticate {
  const known = ({ headers, nowMs }: SignedHead): Authenticated => {
    const { accessKeyId, account, region } = looseCredentials(single(headers.authorization), defaultAccount);
    const isAgent = isAgentCall(headers);
    const token = single(headers["x-amz-security-token"]);
    const owner = token === undefined || !isTemporaryKey(accessKeyId) ? null : genuine(own, accessKeyId, token, nowMs);
    const principalArn = owner?.principalArn ?? `arn:aws:iam::${account}:root`;
    return {
      account: owner?.account ?? account,
      region,
      caller: { principalArn, isAgent },
      principal: trustedPrincipal(principalArn),
    };
  };
  return async (head) => {
    const authenticated = await asWireErrors(async () => known(head));
    return async () => authenticated;
  };
}

/** Where no signature is checked, everyone may do everything in their account. */
export const trustedPrincipal = (arn: string): Principal => ({
  type: "key",
  arn,
  role: "admin",
  clusters: null,
  accessKeyId: null,
});

/** Whose these are, or null: where no signature is looked at, neither is a token. A program that renews its session has to see that it ended. */
function genuine(own: TemporaryCredentials | null, accessKeyId: string, token: string, nowMs: number): KeyOwner | null {
  if (own === null) return null;
  try {
    return (own.sessions.isToken(token) ? own.sessions : own.tasks).owner(accessKeyId, token, nowMs);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    if (own.sessions.isToken(token) && error.code === "ExpiredTokenException") throw error;
    return null;
  }
}

/** Checks the signature of every call with the secret that `keys` has, or with that of a task's credentials. */
export function signedAuthentication(keys: SigningKeys, tasks: TaskCredentialsIssuer | null = null): Authenticate {
  const find: FindKey = (accessKeyId, token, nowMs) =>
    tasks !== null && token !== null && isTemporaryKey(accessKeyId)
      ? tasks.owner(accessKeyId, token, nowMs)
      : keys.find(accessKeyId, token, nowMs);
  return async (head) => {
    const verifyBody = await asWireErrors(() => verifyHead(head, find));
    return (body) => asWireErrors(async () => signedCaller(keys, head, await verifyBody(body)));
  };
}

/** Who made a call whose signature is right. */
function signedCaller(
  keys: SigningKeys,
  { headers }: SignedHead,
  { accessKeyId, account, region, principalArn, task }: VerifiedCaller,
): Authenticated {
  const caller = { principalArn, isAgent: isAgentCall(headers) };
  if (task !== null) return { account, region, caller, principal: taskPrincipal(principalArn, task.arn) };
  const used = keys.use(accessKeyId);
  if (used === null) {
    throw new AuthError("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  const { principal, origin } = used;
  const isOfAgent = principal.type === "key" && principal.role === "agent";
  const keyCaller = { ...caller, keyOrigin: origin, ...(isOfAgent && { ownInstancesOnly: true }) };
  return { account, region, caller: keyCaller, principal };
}

/** The ARN of a task names its cluster. */
function taskPrincipal(arn: string, taskArn: string): Principal {
  const clusterArn = taskArn.slice(0, taskArn.lastIndexOf("/")).replace(":task/", ":cluster/");
  return { type: "task", arn, taskArn, clusterArn };
}

function isAgentCall(headers: SignedCall["headers"]): boolean {
  return single(headers["user-agent"])?.startsWith(agentUserAgent) ?? false;
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

async function asWireErrors<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    throw error instanceof AuthError ? new WireError(error.code, error.message) : error;
  }
}
