import { OverloadError } from "../cluster-runner/runner-errors.ts";
import type { Caller } from "../ecs/call.ts";
import { Refusal } from "../ecs/refusals.ts";
import { systemClock } from "../lib/clock.ts";
import { type AnsweredOperation, isAnswered, notAnswered } from "../wire/api-operations.ts";
import { renderError, throttled, WireError } from "../wire/errors.ts";
import { parseRequest } from "../wire/parse.ts";
import { renderReply } from "../wire/render.ts";
import { operationOfTarget } from "../wire/target.ts";
import type { Authenticate } from "./authenticate.ts";
import type { CallMetrics } from "./call-metrics.ts";
import type { ServerLog } from "./log.ts";
import { checkTaskRequest } from "./task-caller.ts";

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

/** A request as it came over HTTP. */
export type HttpCall = {
  readonly requestId: string;
  /** The request line's target, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
};

export type HttpAnswer = { readonly status: number; readonly body: string };

export type FrontDoor = {
  readonly authenticate: Authenticate;
  readonly answerApi: AnswerApi;
  /** Does `work` for an account when it is its turn: at once, or later when others wait. */
  readonly takeTurn: <T>(account: string, work: () => T) => T | Promise<Awaited<T>>;
  readonly metrics: CallMetrics;
  readonly log: ServerLog;
};

/** LIMIT: a body below this is parsed as it comes, in some tenths of a millisecond; a larger one when it is its account's turn. */
const smallBodyBytes = 8_192;

/** From the bytes of a call to the bytes of its answer; never rejects. */
export async function answerCall(frontDoor: FrontDoor, call: HttpCall): Promise<HttpAnswer> {
  const startedAt = performance.now();
  let operation = "";
  try {
    const named = operationOfTarget(call.headers["x-amz-target"]);
    operation = named;
    const question = call.url.indexOf("?");
    const { account, region, caller, task } = await frontDoor.authenticate({
      method: "POST",
      path: question === -1 ? call.url : call.url.slice(0, question),
      query: question === -1 ? "" : call.url.slice(question + 1),
      headers: call.headers,
      body: call.body,
      nowMs: systemClock.now(),
    });
    if (!isAnswered(named)) throw notAnswered(named);
    const parse = () => parseRequest(named, call.body);
    const request = call.body.length < smallBodyBytes ? parse() : await frontDoor.takeTurn(account, parse);
    if (task !== undefined) checkTaskRequest(task, named, request, { account, region });
    const host = typeof call.headers.host === "string" ? call.headers.host : null;
    const reply = await frontDoor.answerApi({ operation: named, request, account, region, caller, host });
    // Replies that waited for one append come all at once, and a large one takes a millisecond.
    const rendered = frontDoor.takeTurn(account, () => renderReply(named, reply));
    const body = typeof rendered === "string" ? rendered : await rendered;
    note(frontDoor, call, operation, "", startedAt);
    return { status: 200, body };
  } catch (thrown) {
    const error = thrown instanceof OverloadError ? throttled() : thrown;
    const { status, code, body } = renderError(error);
    if (!(error instanceof Refusal) && !(error instanceof WireError)) {
      frontDoor.log.write("error", { requestId: call.requestId, operation, err: error }, "A call failed.");
    }
    note(frontDoor, call, operation, code, startedAt);
    return { status, body };
  }
}

function note(frontDoor: FrontDoor, call: HttpCall, operation: string, code: string, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000;
  frontDoor.metrics.record(operation, code, seconds);
  if (!frontDoor.log.isDebug) return;
  const fields = { requestId: call.requestId, operation, code, seconds };
  frontDoor.log.write("debug", fields, "A call was answered.");
}
