import { Refusal } from "../ecs/refusals.ts";
import { errorShape } from "./shapes.ts";

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
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
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

/** An error response, ready to send. */
export type RenderedError = { readonly status: number; readonly code: string; readonly body: string };

/**
 * The response to a call that failed with `error`: a Refusal or WireError with its code and text; anything else as ServerException, which
 * says `text`, or nothing about the cause. AWS: `__type` is the bare code; the status is 400 or the API model's (500 for ServerException,
 * 403 for AccessDeniedException).
 */
export function renderError(error: unknown, text: string | null = null): RenderedError {
  if (error instanceof Refusal) {
    const status = errorShape(error.code)?.status ?? 400;
    return { status, code: error.code, body: envelope(error.code, error.message, error.members) };
  }
  if (error instanceof WireError) {
    return { status: error.status, code: error.code, body: envelope(error.code, error.message, {}) };
  }
  const code = "ServerException";
  return { status: 500, code, body: envelope(code, text ?? "The server met an unexpected condition.", {}) };
}

function envelope(code: string, message: string, members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...members, __type: code, message });
}
