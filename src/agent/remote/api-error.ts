/** A call that did not succeed. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** ECS's code if the call was refused, or the connection's (`ECONNREFUSED`, `ETIMEDOUT`) if it was not answered. */
  readonly code: string;
  /** The HTTP status. Null if there was no answer. */
  readonly status: number | null;

  constructor(code: string, message: string, status: number | null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.status = status;
  }

  /** Whether a retry of the call may succeed. */
  get mayPass(): boolean {
    return this.status === null || this.status >= 500 || this.status === 429 || throttlingCodes.includes(this.code);
  }
}

const throttlingCodes: readonly string[] = [
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "TooManyRequestsException",
];

/** The error in an answer. AWS: its code is in `__type`, possibly after a namespace. */
export function errorInAnswer(status: number, text: string): ApiError {
  let body: { readonly __type?: unknown; readonly message?: unknown; readonly Message?: unknown } = {};
  try {
    body = (JSON.parse(text) ?? {}) as typeof body;
  } catch {
    // Something other than ECS answered.
  }
  if (typeof body.__type !== "string") {
    return new ApiError("NotEcs", `The answer was HTTP ${status} and did not come from ECS.`, status);
  }
  const code = body.__type.slice(body.__type.lastIndexOf("#") + 1);
  const message = body.message ?? body.Message;
  return new ApiError(code, typeof message === "string" ? message : code, status);
}
