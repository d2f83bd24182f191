import { authorize, type Principal, type Resource, wholeAccount } from "../auth/authorize.ts";
import type { SignedHead } from "../auth/sigv4.ts";
import { MachineHaltedError, OverloadError } from "../cluster-runner/runner-errors.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { Caller } from "../ecs/state/call.ts";
import { systemClock } from "../lib/system-clock.ts";
import { StoreError } from "../store/store.ts";
import {
  type AnsweredOperation,
  type ApiOperation,
  actionOf,
  isAnswered,
  notAnswered,
} from "../wire/api-operations.ts";
import { accessDenied, renderError, throttled, WireError } from "../wire/errors.ts";
import { parseRequest } from "../wire/parse.ts";
import { renderReply } from "../wire/render.ts";
import { operationOfTarget } from "../wire/target.ts";
import type { Authenticate, AuthenticateBody } from "./authenticate.ts";
import type { CallMetrics } from "./call-metrics.ts";
import type { LargeAnswers } from "./large-answers.ts";
import type { ServerLog } from "./log.ts";
import { requestResources } from "./request-resources.ts";

/** A call of the API: parsed, its caller known. */
export type ApiCall = {
  readonly operation: AnsweredOperation;
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

/** A call whose headers are in order: its body may be read. */
export type AdmittedCall = {
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
 * Checks all of a call that can be checked before its body is there: that its target names an operation, and who calls. Gives the
 * answer for one that is refused; never rejects.
 */
export async function admitCall(
  frontDoor: FrontDoor,
  { requestId, url, headers, isGone }: CallHead,
): Promise<{ readonly call: AdmittedCall } | { readonly refused: HttpAnswer }> {
  const startedAt = performance.now();
  let operation: ApiOperation | "" = "";
  try {
    operation = operationOfTarget(headers["x-amz-target"]);
    const authenticateBody = await frontDoor.authenticate(signedHead("POST", url, headers));
    const host = typeof headers.host === "string" ? headers.host : null;
    return { call: { requestId, operation, authenticateBody, host, isGone } };
  } catch (error) {
    return { refused: answerError(frontDoor, { requestId, operation, startedAt }, error) };
  }
}

/** From the body of an admitted call to the bytes of its answer; never rejects. */
export async function answerCall(frontDoor: AnswerOptions, call: AdmittedCall, body: Uint8Array): Promise<HttpAnswer> {
  const { requestId, operation, host } = call;
  const noted = { requestId, operation, startedAt: performance.now() };
  try {
    const { account, region, caller, principal } = await call.authenticateBody(body);
    if (!isAnswered(operation)) {
      // Agents and tasks have short lists; to everyone else it helps more to hear that nobody can call this.
      const isConfined = principal.type === "task" || principal.role === "agent";
      if (isConfined) checkAllowed(principal, operation, [wholeAccount]);
      throw notAnswered(operation);
    }
    const parse = () => parseRequest(operation, body);
    const request = body.length < smallBodyBytes ? parse() : await frontDoor.takeTurn(account, parse);
    checkAllowed(principal, operation, requestResources(operation, request, { account, region }));
    const rendered = await frontDoor.largeAnswers.make(account, operation, async () => {
      if (call.isGone()) return "";
      const reply = await frontDoor.answerApi({ operation, request, account, region, caller, host });
      // Replies that waited for one append come all at once, and a large one takes a millisecond.
      return frontDoor.takeTurn(account, () => renderReply(operation, reply));
    });
    note(frontDoor, noted, "");
    return { status: 200, body: rendered };
  } catch (error) {
    return answerError(frontDoor, noted, error);
  }
}

/** Refuses a call that its caller may not make with AccessDeniedException. */
function checkAllowed(principal: Principal, operation: ApiOperation, resources: readonly Resource[]): void {
  const decision = authorize(principal, actionOf(operation), resources);
  if (!decision.allowed) throw accessDenied(principal.arn, operation, decision.resource, decision.because);
}

/** What is known of a request without a body, as {@link Authenticate} takes it. */
export function signedHead(method: string, url: string, headers: CallHead["headers"]): SignedHead {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? "" : url.slice(question + 1);
  return { method, path, query, headers, nowMs: systemClock.wall() };
}

type Noted = { readonly requestId: string; readonly operation: string; readonly startedAt: number };

function answerError(frontDoor: FrontDoor, noted: Noted, thrown: unknown): HttpAnswer {
  const error = thrown instanceof OverloadError ? throttled() : thrown;
  const { status, code, body } = renderError(error, error instanceof MachineHaltedError ? error.forCallers : null);
  if (!(error instanceof Refusal) && !(error instanceof WireError)) {
    const { requestId, operation } = noted;
    frontDoor.log.write("error", { requestId, operation, ...problemOf(error) }, "A call failed.");
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
  frontDoor.log.write("debug", { requestId, operation, code, seconds }, "A call was answered.");
}
