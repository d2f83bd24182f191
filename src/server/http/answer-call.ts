import { authorize, type Principal, type Resource, wholeAccount } from "../../auth/authorize.ts";
import type { SignedHead } from "../../auth/sigv4.ts";
import { MachineHaltedError, OverloadError } from "../../cluster-runner/runner-errors.ts";
import { Refusal } from "../../ecs/refusals.ts";
import type { Caller } from "../../ecs/state/call.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { WrittenReply } from "../../service-machine/written-reply.ts";
import { StoreError } from "../../store/store.ts";
import { type IsBuiltIn, routeOf } from "../../wire/call-route.ts";
import { accessDenied, callErrorOf, throttled, WireError } from "../../wire/errors.ts";
import { Form } from "../../wire/protocols/form.ts";
import {
  type AnsweredOperation,
  type ApiOperation,
  isAnswered,
  isOfService,
  type ServiceDefinition,
} from "../../wire/service-definition.ts";
import { ecs, notAnswered } from "../../wire/services.ts";
import { operationOfForm, operationOfTarget } from "../../wire/target.ts";
import type { CallMetrics } from "../health/call-metrics.ts";
import type { ServerLog } from "../log/log.ts";
import type { Authenticate, AuthenticateBody, Authenticated } from "./authenticate.ts";
import { hostAddress } from "./host-address.ts";
import type { LargeAnswers } from "./large-answers.ts";
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
  /** As {@link EcsFacts} has it. */
  readonly elsewhere?: ReadonlySet<string>;
};

/**
 * Answers a call in API shape once its effect is durable. Rejects with a Refusal, with an OverloadError (answered with
 * ThrottlingException), or with anything else (answered with ServerException).
 */
export type AnswerApi = (call: ApiCall) => Promise<object>;

/** A form as it was sent. */
export type SentForm = Pick<CallHead, "method" | "url" | "headers"> & {
  /** The body, or the query string of a GET. */
  readonly form: string;
};

/** Answers an operation with what others know in addition; otherwise as {@link AnswerApi}. */
export type AnswerMerged = (call: ApiCall, sent: SentForm) => Promise<object>;

/** What of a call is known when its headers have come. */
export type CallHead = {
  readonly requestId: string;
  readonly method: string;
  /** The request line's target, with its query. */
  readonly url: string;
  /** Where it came from, as the socket knows it. */
  readonly remoteAddress: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
};

/** A call whose headers are in order, so that its body may be read: of which service, and how to find out who calls. */
export type ResolvedCall = {
  readonly requestId: string;
  readonly head: CallHead;
  readonly service: ServiceDefinition;
  /** null when the form names it. */
  readonly operation: ApiOperation | null;
  /** The form in the query string of a GET; null for a call with a body. */
  readonly query: string | null;
  readonly isSigned: boolean;
  readonly authenticateBody: AuthenticateBody;
  /** The request's Host header. */
  readonly host: string | null;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
};

/** An answer; its content type is that of the API unless it names another one. */
export type HttpAnswer = {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What follows instead of the body. */
  readonly stream?: AnswerStream;
  /** How much of a body that was not read the connection outlives; absent for the port's own limit. */
  readonly discardedBytesMax?: number;
};

/** Where an answer without an end is written to. */
export type StreamReader = {
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** What was written and has not left yet. */
  readonly unsentBytes: () => number;
};

/** An answer that is written as it comes. */
export type AnswerStream = {
  readonly contentType: string;
  /** Begins to write; returns what is called when nobody reads any more. */
  readonly begin: (reader: StreamReader) => () => void;
};

/** Answers an operation with a stream. Rejects as {@link AnswerApi}. */
export type AnswerWithStream = (call: ApiCall, requestId: string) => Promise<AnswerStream>;

/** Reads the bodies of an operation in another way than the protocol's, such as in a thread. */
export type BodyReader = {
  /** Whether a body of this size may come now; otherwise the call is answered with ThrottlingException. */
  readonly admits: (bytes: number) => boolean;
  /** The request, with the members that say what it names. Rejects with a Refusal. */
  readonly read: (body: Uint8Array, account: string) => Promise<object>;
  /** To be called when the call is over, with what was read. */
  readonly release: (request: object) => void;
};

export type FrontDoor = {
  /** By the action of the operation, such as `logs:PutLogEvents`. */
  readonly bodyReaders?: ReadonlyMap<string, BodyReader>;
  /** Operations whose answers are streams, likewise. */
  readonly streams?: ReadonlyMap<string, AnswerWithStream>;
  /** Operations whose answers others have a part of, likewise. */
  readonly merged?: ReadonlyMap<string, AnswerMerged>;
  readonly authenticate: Authenticate;
  /** Who calls without a signature where the operation needs none; null where every call needs one. */
  readonly anonymous: Authenticated | null;
  /** Which services are answered here, and not by a companion. */
  readonly isBuiltIn: IsBuiltIn;
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
  callHead: CallHead,
): Promise<{ readonly call: ResolvedCall } | { readonly refused: HttpAnswer }> {
  const { requestId, method, url, headers, isGone } = callHead;
  const noted: Noted = { requestId, service: ecs, operation: "", startedAt: performance.now() };
  try {
    const { path, query } = partsOf(url);
    const route = routeOf({ method, path, query, headers }, frontDoor.isBuiltIn);
    // What is for nobody here is answered as a call of ECS.
    if (route.type === "elsewhere") throw notOurs(headers["x-amz-target"], route.service);
    const { service } = route;
    noted.service = service;
    const operation = route.type === "target" ? route.operation : null;
    if (operation !== null) noted.operation = metricName(operation);
    if (operation !== null && !isAdmitted(frontDoor, operation, headers)) {
      // Before any work is done for it: its body is not even kept. Its sender needs the connection for the next attempt.
      const refused = answerError(frontDoor, noted, throttled());
      return { refused: { ...refused, discardedBytesMax: service.bodyBytesMax ?? 0 } };
    }
    const isSigned = route.type === "target" || route.isSigned;
    const authenticateBody = isSigned
      ? await frontDoor.authenticate(signedHead(service.signingName, method, url, headers))
      : anonymousBody(frontDoor);
    const host = typeof headers.host === "string" ? headers.host : null;
    const form = route.type === "form" && method === "GET" ? query : null;
    return {
      call: { requestId, head: callHead, service, operation, query: form, isSigned, authenticateBody, host, isGone },
    };
  } catch (error) {
    return { refused: answerError(frontDoor, noted, error) };
  }
}

/** Whether the body of a call is read now. Without an announced length it counts as the largest. */
function isAdmitted(
  { bodyReaders }: FrontDoor,
  { action, service }: ApiOperation,
  headers: CallHead["headers"],
): boolean {
  const announced = Number(headers["content-length"] ?? service.bodyBytesMax ?? 0);
  return bodyReaders?.get(action.name)?.admits(announced) ?? true;
}

/** The error for a call of a service that Berth doesn't have. */
function notOurs(target: CallHead["headers"][string], service: string | null): unknown {
  if (service === null || service === ecs.signingName) return errorOfTarget(target);
  return notBuiltIn(service);
}

function errorOfTarget(target: CallHead["headers"][string]): unknown {
  try {
    operationOfTarget(target);
  } catch (error) {
    return error;
  }
  return new WireError("UnknownOperationException", "Calls are POST requests to /.");
}

/** The error for a call of a service that is not built in, where there is no companion. */
export const notBuiltIn = (service: string): WireError =>
  new WireError(
    "NotImplementedException",
    `Berth has no service "${service.slice(0, 64)}". Start Berth with --companion URL to pass its calls on to an emulator that has it, such as moto or LocalStack.`,
  );

/** Without a signature only operations that need none are answered. */
function anonymousBody({ anonymous }: FrontDoor): AuthenticateBody {
  return async () => {
    if (anonymous !== null) return anonymous;
    throw new WireError("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  };
}

/** From the body of a resolved call to the bytes of its answer: read, authorize, submit. Never rejects. */
export async function answerCall(frontDoor: AnswerOptions, call: ResolvedCall, body: Uint8Array): Promise<HttpAnswer> {
  const { requestId, service } = call;
  const noted: Noted = { requestId, service, operation: "", startedAt: performance.now() };
  try {
    const content = call.query ?? body;
    const operation = call.operation ?? operationOfForm(service, new Form(content));
    noted.operation = metricName(operation);
    const who = await call.authenticateBody(body);
    if (!isAnswered(operation)) throw refusalOfAbsent(who.principal, operation);
    if (who === frontDoor.anonymous && !isAnonymous(operation)) {
      throw new WireError("MissingAuthenticationTokenException", "Request is missing Authentication Token");
    }
    const reader = frontDoor.bodyReaders?.get(operation.action.name);
    const request = await (reader?.read(body, who.account) ?? readRequest(frontDoor, who, operation, content));
    let text: string;
    try {
      authorizeCall(who.principal, operation, resourcesOf(operation, request, who));
      const stream = frontDoor.streams?.get(operation.action.name);
      if (stream !== undefined) return await answerStream(stream, call, who, operation, request);
      const merge = frontDoor.merged?.get(operation.action.name);
      text =
        merge === undefined
          ? await submit(frontDoor, call, who, operation, request)
          : await submitMerged(frontDoor, merge, call, who, operation, request, content);
    } finally {
      reader?.release(request);
    }
    note(frontDoor, noted, "");
    return { status: 200, body: text, contentType: service.protocol.contentType };
  } catch (error) {
    return answerError(frontDoor, noted, error);
  }
}

async function answerStream(
  stream: AnswerWithStream,
  { requestId, host }: ResolvedCall,
  { account, region, caller }: Authenticated,
  operation: AnsweredOperation,
  request: object,
): Promise<HttpAnswer> {
  const begun = await stream({ operation, request, account, region, caller, host }, requestId);
  return { status: 200, body: "", contentType: begun.contentType, stream: begun };
}

/** What metrics and the log call an operation: its name, and of services around ECS that of the service before it. */
const metricName = ({ service, name }: ApiOperation): string =>
  service.rulebook === null ? name : `${service.name}:${name}`;

const isAnonymous = (operation: AnsweredOperation): boolean =>
  isOfService(operation) && operation.row.anonymous === true;

/** What a call names, for `authorize`. What belongs to another service belongs to no cluster. */
function resourcesOf(operation: AnsweredOperation, request: object, who: Authenticated): readonly Resource[] {
  if (!isOfService(operation)) return requestResources(operation.row.resources, request, who);
  const arns = operation.row.resources?.(request as never, who) ?? [];
  if (arns.length === 0) return [wholeAccount];
  return arns.map((arn) => ({ arn, type: operation.service.name, cluster: null, onlyUsed: false }));
}

/** Parses a small body at once, and a larger one when it is the account's turn. */
function readRequest(
  { takeTurn }: FrontDoor,
  { account }: Authenticated,
  operation: AnsweredOperation,
  body: Uint8Array | string,
): object | Promise<object> {
  const parse = (): object => operation.service.protocol.parse(operation, body);
  return body.length < smallBodyBytes ? parse() : takeTurn(account, parse);
}

/** Gives the request to the control plane, and the text of its reply. */
function submit(
  { largeAnswers, answerApi, takeTurn }: AnswerOptions,
  { requestId, head, host, isGone }: ResolvedCall,
  { account, region, caller: known }: Authenticated,
  operation: AnsweredOperation,
  request: object,
): Promise<string> {
  const { name } = operation;
  const registers = !isOfService(operation) && operation.row.registersInstance === true;
  const caller = registers ? { ...known, address: hostAddress(head.remoteAddress) } : known;
  return largeAnswers.make(account, name, async () => {
    if (isGone()) return "";
    const reply = await answerApi({ operation, request, account, region, caller, host });
    if (reply instanceof WrittenReply) return reply.text;
    // Replies that waited for one append come all at once, and a large one takes a millisecond.
    return takeTurn(account, () => operation.service.protocol.render(operation, reply, requestId));
  });
}

/** As {@link submit}. Others are waited for before the answer takes a place among the large ones. */
async function submitMerged(
  { largeAnswers, takeTurn }: AnswerOptions,
  merge: AnswerMerged,
  { requestId, host, head }: ResolvedCall,
  { account, region, caller }: Authenticated,
  operation: AnsweredOperation,
  request: object,
  content: Uint8Array | string,
): Promise<string> {
  const form = typeof content === "string" ? content : Buffer.from(content).toString();
  const reply = await merge({ operation, request, account, region, caller, host }, { ...head, form });
  const render = (): string => operation.service.protocol.render(operation, reply, requestId);
  return largeAnswers.make(account, operation.name, async () => takeTurn(account, render));
}

/** Agents and tasks have short lists; to everyone else it helps more to hear that nobody can call this. */
function refusalOfAbsent(principal: Principal, operation: ApiOperation): Refusal | WireError {
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
  return { signingName, method, ...partsOf(url), headers, nowMs: systemClock.wall() };
}

/** The target of a request line, before and behind the question mark. */
export function partsOf(url: string): { readonly path: string; readonly query: string } {
  const question = url.indexOf("?");
  if (question === -1) return { path: url, query: "" };
  return { path: url.slice(0, question), query: url.slice(question + 1) };
}

type Noted = { readonly requestId: string; service: ServiceDefinition; operation: string; readonly startedAt: number };

function answerError(frontDoor: FrontDoor, noted: Noted, thrown: unknown): HttpAnswer {
  const error = thrown instanceof OverloadError ? throttled() : thrown;
  const failure = callErrorOf(error, error instanceof MachineHaltedError ? error.forCallers : null);
  const { service } = noted;
  const rendered = service.protocol.renderError(service, failure, noted.requestId);
  if (!(error instanceof Refusal) && !(error instanceof WireError)) {
    const { requestId, operation } = noted;
    frontDoor.log.write("call-failed", { requestId, operation, ...problemOf(error) });
  }
  note(frontDoor, noted, rendered.code);
  return rendered;
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
