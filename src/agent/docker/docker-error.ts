/** The engine answered, with a refusal. `message` is the engine's own text. */
export class DockerError extends Error {
  override readonly name = "DockerError";
  readonly status: number;
  /** As `POST /containers/create`. */
  readonly call: string;

  constructor(status: number, message: string, call: string) {
    super(message);
    this.status = status;
    this.call = call;
  }
}

/** No engine answers at the address, or it went away during the call: whether the call took effect is not known. */
export class DockerUnreachable extends Error {
  override readonly name = "DockerUnreachable";
}

/** The engine took the call and did not answer in time: whether the call took effect is not known. */
export class DockerTimeout extends Error {
  override readonly name = "DockerTimeout";
  readonly timeoutMs: number;

  constructor(call: string, timeoutMs: number) {
    super(`${call} was not answered within ${timeoutMs / 1_000} s`);
    this.timeoutMs = timeoutMs;
  }
}

/** Whether the engine said that there is no such thing. */
export const isNotFound = (error: unknown): boolean => error instanceof DockerError && error.status === 404;

/** Whether the engine is away or hangs, which says nothing about what the call was for. */
export const isAway = (error: unknown): boolean => error instanceof DockerUnreachable || error instanceof DockerTimeout;

/** The text of a failure as the agent tells it: what the engine said is marked as the engine's. */
export function failureText(error: unknown): string {
  if (error instanceof DockerError) return `Error response from daemon: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
