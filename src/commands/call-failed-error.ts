import type { ApiError } from "../agent/remote/api-error.ts";

/** A call was refused, or not answered. The text says why in plain words. */
export class CallFailedError extends Error {
  override readonly name = "CallFailedError";
  /** Whether the same call may succeed later, for example because the server is restarting. */
  readonly mayPass: boolean;

  constructor(message: string, cause: Pick<ApiError, "mayPass">) {
    super(message, { cause });
    this.mayPass = cause.mayPass;
  }
}
