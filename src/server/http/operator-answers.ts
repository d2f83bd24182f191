/** What operators are told, at /health and /metrics. */
import { mayReadMetrics } from "../../auth/authorize.ts";
import { accessDenied } from "../../wire/errors.ts";
import { ecs } from "../../wire/services.ts";
import { type HttpAnswer, signedHead } from "./answer-call.ts";
import type { Authenticate } from "./authenticate.ts";

/** What /health says; anything but healthy is answered with status 503. */
export type Health = { readonly healthy: boolean; readonly [detail: string]: unknown };

/** Where the answers come from. */
export type OperatorSources = {
  readonly health: () => Health;
  /** The text of /metrics and its content type. */
  readonly metricsText: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

type OperatorRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

type Guarded = OperatorSources & { readonly authenticate: Authenticate; readonly operatorsNeedKey: boolean };

const jsonType = "application/json; charset=utf-8";

/**
 * The answer of /health. Where operators need a key, a request without one learns whether the server is healthy, and numbers. Throws
 * WireError for a key that is not accepted.
 */
export async function answerHealth(guarded: Guarded, request: OperatorRequest): Promise<HttpAnswer> {
  const isOperator = !guarded.operatorsNeedKey || request.headers.authorization !== undefined;
  if (isOperator) await checkOperator(guarded, request);
  return renderHealth(isOperator ? guarded.health() : withoutDetails(guarded.health()));
}

/** The answer of /metrics. Throws WireError for a caller without a key where one is needed. */
export async function answerMetrics(guarded: Guarded, request: OperatorRequest): Promise<HttpAnswer> {
  await checkOperator(guarded, request);
  return renderMetrics(guarded);
}

export function renderHealth(health: Health): HttpAnswer {
  return { status: health.healthy ? 200 : 503, contentType: jsonType, body: JSON.stringify(health) };
}

export async function renderMetrics({ metricsText }: OperatorSources): Promise<HttpAnswer> {
  const { contentType, text } = await metricsText();
  return { status: 200, contentType, body: text };
}

async function checkOperator({ operatorsNeedKey, authenticate }: Guarded, request: OperatorRequest): Promise<void> {
  if (!operatorsNeedKey) return;
  const authenticateBody = await authenticate(
    signedHead(ecs.signingName, request.method, request.url, request.headers),
  );
  const { principal } = await authenticateBody("");
  if (mayReadMetrics(principal)) return;
  throw accessDenied(
    principal.arn,
    "ecs:GetMetrics",
    "*",
    "only a key of the role admin, operator or read-only may read metrics",
  );
}

/** What is no secret: yes or no, and how many. Names and reasons are left out. */
function withoutDetails(health: Health): Health {
  const shown = Object.entries(health).flatMap(([name, value]): [string, unknown][] => {
    if (typeof value === "boolean" || typeof value === "number") return [[name, value]];
    return Array.isArray(value) ? [[name, value.length]] : [];
  });
  return { ...Object.fromEntries(shown), healthy: health.healthy };
}
