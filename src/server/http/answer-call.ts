import { authorize, type Principal, type Resource, wholeAccount } from "../../auth/authorize.ts";
import type { SignedHead } from "../../auth/sigv4.ts";
import { MachineHaltedError, OverloadError } from "../../cluster-runner/runner-errors.ts";
import type { AnsweredName } from "../../ecs/machine/operations.ts";
import { Refusal } from "../../ecs/refusals.ts";
import type { Caller } from "../../ecs/state/call.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { StoreError } from "../../store/store.ts";
import { accessDenied, renderError, throttled, WireError } from "../../wire/errors.ts";
import { type AnsweredOperation, type ApiOperation, isAnswered } from "../../wire/service-definition.ts";
import { notAnswered } from "../../wire/services.ts";
import { operationOfTarget } from "../../wire/target.ts";
import type { CallMetrics } from "../health/call-metrics.ts";
import type { ServerLog } from "../log/log.ts";
import type { Authenticate, AuthenticateBody, Authenticated } from "./authenticate.ts";
import type { LargeAnswers } from "./large-answers.ts";
import { requestResources } from "./request-resources.ts";

/** A call of the API: parsed, its caller known. */
export type ApiCall = {
  readonly operation: AnsweredName;
  readonly request: object;
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  /** The request's Host header. */
  readonly host: string | null;
};

/**
 * Answers a call in API shape once its effect is durable. Rejects with a Refusal, with an OverloadError (answered with
 * ThrottlingException), or with anything else (answered with ServerException).
 */
export type AnswerApi = (call: ApiCall) => Promise<object>;

/** What of a call is known when its headers have come. */
export type CallHead = {
  readonly requestId: string;
  /** The request line's target, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
};

/** A call whose headers are in order, so that its body may be read: which operation, and how to find out who calls. */
export type ResolvedCall = {
  readonly requestId: string;
  readonly operation: ApiOperation;
  readonly authenticateBody: AuthenticateBody;
  /** The request's Host header. */
  readonly host: string | null;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
};

/** An answer; its content type is that of the API unless it names another one. */
export type HttpAnswer = { readonly status: number; readonly body: string; readonly contentType?: string };

export type FrontDoor = {
  readonly authenticate: Authenticate;
  readonly answerApi: AnswerApi;
  /** Does `work` for an account when it is its turn: at once, or later when others wait. */
  readonly takeTurn: <T>(account: string, work: () => T) => T | Promise<Awaited<T>>;
  readonly metrics: CallMetrics;
  readonly log: ServerLog;
};

/** What a call needs besides, to be answered. */
export type AnswerOptions = FrontDoor & { readonly largeAnswers: LargeAnswers };

/** LIMIT: a body below this is parsed as it comes, in some tenths of a millisecond; a larger one when it is its account's turn. */
const smallBodyBytes = 8_192;

/**
 * Resolves a call as far as its headers go, before its body is there: which service and operation, and who calls. Gives the answer for
 * one that is refused; never rejects.
 */
export async function resolveCall(
  frontDoor: FrontDoor,
  { requestId, url, headers, isGone }: CallHead,
): Promise<{ readonly call: ResolvedCall } | { readonly refused: HttpAnswer }> {
  const noted: Noted = { requestId, operation: "", startedAt: performance.now() };
  try {
    const operation = operationOfTarget(headers["x-amz-target"]);
    noted.operation = operation.name;
    const head = signedHead(operation.service.signingName, "POST", url, headers);
    const authenticateBody = await frontDoor.authenticate(head);
    const host = typeof headers.host === "string" ? headers.host : null;
    return { call: { requestId, operation, authenticateBody, host, isGone } };
  } catch (error) {
    return { refused: answerError(frontDoor, noted, error) };
  }
}

/** From the body of a resolved call to the bytes of its answer: read, authorize, submit. Never rejects. */
export async function answerCall(frontDoor: AnswerOptions, call: ResolvedCall, body: Uint8Array): Promise<HttpAnswer> {
  const { requestId, operation } = call;
  const noted: Noted = { requestId, operation: operation.name, startedAt: performance.now() };
  try {
    const who = await call.authenticateBody(body);
    if (!isAnswered(operation)) throw refusalOfAbsent(who.principal, operation);
    const request = await readRequest(frontDoor, who, operation, body);
    authorizeCall(who.principal, operation, requestResources(operation.row.resources, request, who));
    const text = await submit(frontDoor, call, who, operation, request);
    note(frontDoor, noted, "");
    return { status: 200, body: text, contentType: operation.service.protocol.contentType };
  } catch (error) {
    return answerError(frontDoor, noted, error);
  }
}

/** Parses a small body at once, and a larger one when it is the account's turn. */
function readRequest(
  { takeTurn }: FrontDoor,
  { account }: Authenticated,
  operation: AnsweredOperation,
  body: Uint8Array,
): object | Promise<object> {
  const parse = (): object => operation.service.protocol.parse(operation, body);
  return body.length < smallBodyBytes ? parse() : takeTurn(account, parse);
}

/** Gives the request to the control plane, and the text of its reply. */
function submit(
  { largeAnswers, answerApi, takeTurn }: AnswerOptions,
  { host, isGone }: ResolvedCall,
  { account, region, caller }: Authenticated,
  operation: AnsweredOperation,
  request: object,
): Promise<string> {
  const { name } = operation;
  return largeAnswers.make(account, name, async () => {
    if (isGone()) return "";
    const reply = await answerApi({ operation: name, request, account, region, caller, host });
    // Replies that waited for one append come all at once, and a large one takes a millisecond.
    return takeTurn(account, () => operation.service.protocol.render(operation, reply));
  });
}

/** Agents and tasks have short lists; to everyone else it helps more to hear that nobody can call this. */
function refusalOfAbsent(principal: Principal, operation: ApiOperation): Refusal {
  if (principal.type === "task" || principal.role === "agent") authorizeCall(principal, operation, [wholeAccount]);
  return notAnswered(operation);
}

/** Refuses a call that its caller may not make with AccessDeniedException. */
function authorizeCall(principal: Principal, { action }: ApiOperation, resources: readonly Resource[]): void {
  const decision = authorize(principal, action, resources);
  if (!decision.allowed) throw accessDenied(principal.arn, action.name, decision.resource, decision.because);
}

/** What is known of a request without a body, as {@link Authenticate} takes it. */
export function signedHead(signingName: string, method: string, url: string, headers: CallHead["headers"]): SignedHead {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? "" : url.slice(question + 1);
  return { signingName, method, path, query, headers, nowMs: systemClock.wall() };
}

type Noted = { readonly requestId: string; operation: string; readonly startedAt: number };

function answerError(frontDoor: FrontDoor, noted: Noted, thrown: unknown): HttpAnswer {
  const error = thrown instanceof OverloadError ? throttled() : thrown;
  const { status, code, body } = renderError(error, error instanceof MachineHaltedError ? error.forCallers : null);
  if (!(error instanceof Refusal) && !(error instanceof WireError)) {
    const { requestId, operation } = noted;
    frontDoor.log.write("call-failed", { requestId, operation, ...problemOf(error) });
  }
  note(frontDoor, noted, code);
  return { status, body };
}

/** Operating errors are logged as one sentence, anything else with its stack. */
function problemOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof StoreError) && !(error instanceof MachineHaltedError)) return { err: error };
  const { cause } = error;
  return { reason: cause instanceof Error ? `${error.message}: ${cause.message}` : error.message };
}

function note(frontDoor: FrontDoor, { requestId, operation, startedAt }: Noted, code: string): void {
  const seconds = (performance.now() - startedAt) / 1000;
  frontDoor.metrics.record(operation, code, seconds);
  if (!frontDoor.log.isDebug) return;
  frontDoor.log.write("call-answered", { requestId, operation, code, seconds });
}
