import { AuthError } from "../auth/auth-error.ts";
import { looseCredentials } from "../auth/authorization-header.ts";
import { type FindKey, type SignedCall, type SignedHead, verifyHead } from "../auth/sigv4.ts";
import { isTemporaryKey, type TaskCredentials, type TaskKeyOwner } from "../auth/task-credentials.ts";
import type { Caller } from "../ecs/call.ts";
import { WireError } from "../wire/errors.ts";
import { checkTaskOperation, type TaskCaller } from "./task-caller.ts";

/** Who calls, and the account and region whose resources the call is about. */
export type Authenticated = {
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** The task that calls with the credentials of a role of its own; it may ask for what is its own only. */
  readonly task?: TaskCaller;
};

/**
 * Finds out who makes a call, in two steps: what its headers show, before its body is awaited, and then the rest. Both throw WireError
 * with the code of the API for a caller that is not known.
 */
export type Authenticate = (head: SignedHead) => Promise<AuthenticateBody>;
export type AuthenticateBody = (body: string | Uint8Array) => Promise<Authenticated>;

/** AWS: how the container agent names itself. */
const agentUserAgent = "Amazon ECS Agent";

/**
 * Takes any complete credentials: for a server that only the own machine reaches. Those of a task, as far as they are genuine,
 * belong to the account of the task.
 */
export function looseAuthentication(defaultAccount: string, tasks: TaskCredentials | null = null): Authenticate {
  const known = ({ headers, nowMs }: SignedHead): Authenticated => {
    const { accessKeyId, account, region } = looseCredentials(single(headers.authorization), defaultAccount);
    const isAgent = isAgentCall(headers);
    const token = single(headers["x-amz-security-token"]);
    const owner =
      token === undefined || !isTemporaryKey(accessKeyId) ? null : genuine(tasks, accessKeyId, token, nowMs);
    if (owner !== null)
      return { account: owner.account, region, caller: { principalArn: owner.principalArn, isAgent } };
    return { account, region, caller: { principalArn: `arn:aws:iam::${account}:root`, isAgent } };
  };
  return async (head) => {
    const authenticated = await asWireErrors(async () => known(head));
    return async () => authenticated;
  };
}

/** Whose these are, or null: where no signature is looked at, neither is a token. */
function genuine(
  tasks: TaskCredentials | null,
  accessKeyId: string,
  token: string,
  nowMs: number,
): TaskKeyOwner | null {
  try {
    return tasks?.owner(accessKeyId, token, nowMs) ?? null;
  } catch (error) {
    if (error instanceof AuthError) return null;
    throw error;
  }
}

/**
 * Checks the signature of every call with the secret that `findKey` gives, or with that of a task's credentials. A task is kept
 * from all but its own business.
 */
export function signedAuthentication(findKey: FindKey, tasks: TaskCredentials | null = null): Authenticate {
  const find: FindKey = (accessKeyId, token, nowMs) =>
    tasks !== null && token !== null && isTemporaryKey(accessKeyId)
      ? tasks.owner(accessKeyId, token, nowMs)
      : findKey(accessKeyId, token, nowMs);
  return async (head) => {
    const verifyBody = await asWireErrors(() => verifyHead(head, find));
    return async (body) => {
      const { account, region, principalArn, task } = await asWireErrors(() => verifyBody(body));
      const caller = { principalArn, isAgent: isAgentCall(head.headers) };
      if (task === null) return { account, region, caller };
      const taskCaller = { ...task, principalArn };
      checkTaskOperation(taskCaller, single(head.headers["x-amz-target"]));
      return { account, region, caller, task: taskCaller };
    };
  };
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
