import { MachineHaltedError, OverloadError } from "../cluster-runner/runner-errors.ts";
import type { Caller } from "../ecs/call.ts";
import { Refusal } from "../ecs/refusals.ts";
import { systemClock } from "../lib/clock.ts";
import { StoreError } from "../store/store.ts";
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
  readonly metrics: CallMetrics;
  readonly log: ServerLog;
};

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
      nowMs: systemClock.wall(),
    });
    if (!isAnswered(named)) throw notAnswered(named);
    const request = parseRequest(named, call.body);
    if (task !== undefined) checkTaskRequest(task, named, request, { account, region });
    const host = typeof call.headers.host === "string" ? call.headers.host : null;
    const reply = await frontDoor.answerApi({ operation: named, request, account, region, caller, host });
    const body = renderReply(named, reply);
    note(frontDoor, call, operation, "", startedAt);
    return { status: 200, body };
  } catch (thrown) {
    const error = thrown instanceof OverloadError ? throttled() : thrown;
    const { status, code, body } = renderError(error);
    if (!(error instanceof Refusal) && !(error instanceof WireError)) {
      const fields = { requestId: call.requestId, operation, ...problemOf(error) };
      frontDoor.log.write("error", fields, "A call failed.");
    }
    note(frontDoor, call, operation, code, startedAt);
    return { status, body };
  }
}

/** Operating errors are logged as one sentence, anything else with its stack. */
function problemOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof StoreError) && !(error instanceof MachineHaltedError)) return { err: error };
  const { cause } = error;
  return { reason: cause instanceof Error ? `${error.message}: ${cause.message}` : error.message };
}

function note(frontDoor: FrontDoor, call: HttpCall, operation: string, code: string, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000;
  frontDoor.metrics.record(operation, code, seconds);
  if (!frontDoor.log.isDebug) return;
  const fields = { requestId: call.requestId, operation, code, seconds };
  frontDoor.log.write("debug", fields, "A call was answered.");
}
