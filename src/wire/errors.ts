import { Refusal } from "../ecs/refusals.ts";
import { ecsShapes } from "./shapes.ts";

/**
 * Errors that a call gets before it reaches its operation: no operation declares them, and every AWS client knows them.
 * AWS: the common errors of the JSON protocol; the access error is also in the ECS model, with its status there.
 */
export const frontDoorStatuses = {
  AccessDeniedException: 403,
  ExpiredTokenException: 400,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  // Not 5xx of the kind that SDKs try again: it won't change until Berth is started in another way.
  NotImplementedException: 501,
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
} as const;

export type WireErrorCode = keyof typeof frontDoorStatuses;

/** A call that is rejected before the rulebook sees it. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: WireErrorCode;
  readonly status: number;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = frontDoorStatuses[code];
  }
}

/** The body doesn't match the operation's input shape. */
export const serializationError = (message: string): WireError => new WireError("SerializationException", message);

/** The caller sends more calls than allowed. AWS: code and text of every throttled call; SDKs wait and retry. */
export const throttled = (): WireError => new WireError("ThrottlingException", "Rate exceeded");

/** The body is larger than the server accepts. */
export const requestTooLarge = (limitBytes: number): WireError =>
  new WireError("RequestEntityTooLargeException", `The request body is larger than ${limitBytes} bytes.`);

/** The caller is known, but nothing allows it this action, such as `ecs:RunTask`; `because` may say why. AWS: the text up to there. */
export function accessDenied(principalArn: string, action: string, resource: string, because = ""): WireError {
  const text = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
  return new WireError("AccessDeniedException", because === "" ? text : `${text} because ${because}`);
}

/** An answer that is an error, ready to be sent; its content type is that of the ECS API unless it names another one. */
export type RenderedError = {
  readonly status: number;
  readonly code: string;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** How a call failed, in the terms of no protocol. */
export type CallError = {
  /** Where it was decided: by the rules of the service, before them, or nowhere: then there is no code. */
  readonly by: "service" | "front-door" | "nobody";
  readonly code: string;
  readonly message: string;
  readonly members: Readonly<Record<string, unknown>>;
  /** The HTTP status where it isn't the service that says it. */
  readonly status: number | null;
};

/**
 * How a call failed that ended with `error`: a Refusal or a WireError with its code and text, anything else as an internal error, which says `text`,
 * or nothing about what happened inside.
 */
export function callErrorOf(error: unknown, text: string | null = null): CallError {
  if (error instanceof Refusal) {
    const { code, message, members } = error;
    return { by: "service", code, message, members, status: null };
  }
  if (error instanceof WireError) {
    return { by: "front-door", code: error.code, message: error.message, members: {}, status: error.status };
  }
  const message = text ?? "The server met an unexpected condition.";
  return { by: "nobody", code: "", message, members: {}, status: 500 };
}

/**
 * The answer to a call of ECS that ended with `error`, as {@link callErrorOf} understands it. AWS: `__type` is the bare code; status 400, or what
 * the API model says (500 for ServerException, 403 for AccessDeniedException).
 */
export function renderError(error: unknown, text: string | null = null): RenderedError {
  return renderJsonError(callErrorOf(error, text), {
    statusOf: (code) => ecsShapes.statusOf(code),
    internalError: "ServerException",
  });
}

/** The answer to a call of a service that speaks JSON. */
export function renderJsonError(
  { by, code: given, message, members, status: known }: CallError,
  { statusOf, internalError }: { readonly statusOf: (code: string) => number | null; readonly internalError: string },
): RenderedError {
  const code = by === "nobody" ? internalError : given;
  const status = known ?? statusOf(code) ?? 400;
  return { status, code, body: JSON.stringify({ ...members, __type: code, message }) };
}
