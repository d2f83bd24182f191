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

  /** Whether a retry of the call may succeed. 501 comes from a server that lacks the operation. */
  get mayPass(): boolean {
    const { status } = this;
    if (status === null || (status >= 500 && status !== 501)) return true;
    return status === 429 || throttlingCodes.includes(this.code);
  }
}

/** AWS: what its services call a caller that is too fast. */
const throttlingCodes: readonly string[] = [
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "SlowDown",
];

/** The error in an answer. AWS: its code is in `__type`, possibly after a namespace. */
export function errorInAnswer(status: number, text: string, service = "ECS"): ApiError {
  let body: { readonly __type?: unknown; readonly message?: unknown; readonly Message?: unknown } = {};
  try {
    body = (JSON.parse(text) ?? {}) as typeof body;
  } catch {
    // Something other than AWS's service answered.
  }
  if (typeof body.__type !== "string") return foreignAnswer(status, service);
  const code = body.__type.slice(body.__type.lastIndexOf("#") + 1);
  const message = body.message ?? body.Message;
  return new ApiError(code, typeof message === "string" ? message : code, status);
}

/** The error in an answer of a service that speaks XML. */
export function errorInXml(status: number, text: string, service: string): ApiError {
  const code = xmlElement(text, "Code");
  return code === null
    ? foreignAnswer(status, service)
    : new ApiError(code, xmlElement(text, "Message") ?? code, status);
}

/** The text of the first element with this name, or null. For answers of AWS, which have no attributes, comments or CDATA. */
export function xmlElement(xml: string, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (found === undefined) return null;
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return found.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity] ?? "");
}

function foreignAnswer(status: number, service: string): ApiError {
  const code = service === "ECS" ? "NotEcs" : "NotAws";
  return new ApiError(code, `The answer was HTTP ${status} and did not come from ${service}.`, status);
}
