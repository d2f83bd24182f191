import type { ApiError } from "../agent/remote/api-error.ts";

/** A call was refused, or not answered; the text says why in plain words. */
export class CallFailedError extends Error {
  override readonly name = "CallFailedError";
  /** Whether the same call may have another outcome later: a server that starts anew, for example. */
  readonly mayPass: boolean;

  constructor(message: string, cause: Pick<ApiError, "mayPass">) {
    super(message, { cause });
    this.mayPass = cause.mayPass;
  }
}
