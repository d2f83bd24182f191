/** The engine refused the call. `message` is the engine's own text. */
export class DockerError extends Error {
  override readonly name = "DockerError";
  readonly status: number;
  /** Such as `POST /containers/create`. */
  readonly call: string;

  constructor(status: number, message: string, call: string) {
    super(message);
    this.status = status;
    this.call = call;
  }
}

/** No engine answers at the address, or it went away during the call. Whether the call took effect is unknown. */
export class DockerUnreachable extends Error {
  override readonly name = "DockerUnreachable";
}

/** The engine accepted the call and did not answer in time. Whether the call took effect is unknown. */
export class DockerTimeout extends Error {
  override readonly name = "DockerTimeout";
  readonly timeoutMs: number;

  constructor(call: string, timeoutMs: number) {
    super(`${call} was not answered within ${timeoutMs / 1_000} s`);
    this.timeoutMs = timeoutMs;
  }
}

/** Whether the engine said that the object does not exist. */
export const isNotFound = (error: unknown): boolean => error instanceof DockerError && error.status === 404;

/** Whether the engine is away or hangs, which says nothing about the object of the call. */
export const isAway = (error: unknown): boolean => error instanceof DockerUnreachable || error instanceof DockerTimeout;

/** A failure as the agent reports it. The engine's own text is marked as such. */
export function failureText(error: unknown): string {
  if (error instanceof DockerError) return `Error response from daemon: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
