/** A call that was not answered with success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** ECS's code for a call that was refused; of the connection (`ECONNREFUSED`, `ETIMEDOUT`) for one that was not answered. */
  readonly code: string;
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null;

  constructor(code: string, message: string, status: number | null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.status = status;
  }

  /** Whether the same call may have another outcome. */
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

/** The error in an answer. AWS: its code is in `__type`, perhaps behind a namespace. */
export function errorInAnswer(status: number, text: string): ApiError {
  let body: { readonly __type?: unknown; readonly message?: unknown; readonly Message?: unknown } = {};
  try {
    body = (JSON.parse(text) ?? {}) as typeof body;
  } catch {
    // An answer of something else than ECS.
  }
  if (typeof body.__type !== "string") {
    return new ApiError("NotEcs", `The answer was HTTP ${status}, and nothing that ECS would say.`, status);
  }
  const code = body.__type.slice(body.__type.lastIndexOf("#") + 1);
  const message = body.message ?? body.Message;
  return new ApiError(code, typeof message === "string" ? message : code, status);
}
