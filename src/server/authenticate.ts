import { AuthError } from "../auth/auth-error.ts";
import { looseCredentials } from "../auth/authorization-header.ts";
import { type KeyOwner, type SignedCall, verifySignature } from "../auth/sigv4.ts";
import type { Caller } from "../ecs/call.ts";
import { WireError } from "../wire/errors.ts";

/** Who calls, and the account and region whose resources the call is about. */
export type Authenticated = { readonly account: string; readonly region: string; readonly caller: Caller };

/** Finds out who made a call. Throws WireError with the code of the API for a caller that cannot be told. */
export type Authenticate = (call: SignedCall) => Authenticated | Promise<Authenticated>;

/** AWS: how the container agent names itself. */
const agentUserAgent = "Amazon ECS Agent";

/** Takes any complete credentials: for a server that only the own machine reaches. */
export function looseAuthentication(defaultAccount: string): Authenticate {
  return ({ headers }) => {
    try {
      const { account, region } = looseCredentials(single(headers.authorization), defaultAccount);
      return { account, region, caller: { principalArn: `arn:aws:iam::${account}:root`, isAgent: isAgent(headers) } };
    } catch (error) {
      throw asWireError(error);
    }
  };
}

/** Checks the signature of every call with the secret that `findKey` gives. */
export function signedAuthentication(findKey: (accessKeyId: string) => KeyOwner | null): Authenticate {
  return async (call) => {
    try {
      const { account, region, principalArn } = await verifySignature(call, findKey);
      return { account, region, caller: { principalArn, isAgent: isAgent(call.headers) } };
    } catch (error) {
      throw asWireError(error);
    }
  };
}

function isAgent(headers: SignedCall["headers"]): boolean {
  return single(headers["user-agent"])?.startsWith(agentUserAgent) ?? false;
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

function asWireError(error: unknown): unknown {
  return error instanceof AuthError ? new WireError(error.code, error.message) : error;
}
