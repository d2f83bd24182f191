/** AWS: the error names that agents use to report why they were refused. */
export type HandshakeErrorType =
  | "AccessDeniedException"
  | "BadRequestException"
  | "InactiveInstanceException"
  | "InvalidClusterException"
  | "InvalidInstanceException"
  | "ServerException"
  | "ThrottlingException";

/**
 * An agent may not open a socket. After `inactiveInstance` it waits for an hour; after any other error it retries with growing
 * pauses.
 */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly type: HandshakeErrorType;
  /** The HTTP status. */
  readonly status: number;

  constructor(
    type: HandshakeErrorType,
    message: string,
    more: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.type = type;
    this.status = more.status ?? statuses[type];
  }

  /** AWS: the body from which an agent reads the error. */
  body(): string {
    return JSON.stringify({ [this.type]: this.message });
  }
}

const statuses: Readonly<Record<HandshakeErrorType, number>> = {
  AccessDeniedException: 403,
  BadRequestException: 400,
  InactiveInstanceException: 400,
  InvalidClusterException: 400,
  InvalidInstanceException: 400,
  ServerException: 503,
  ThrottlingException: 400,
};
