import { StoreError } from "../store/store.ts";

/** Too much work waits already; nothing was done. The server answers ThrottlingException, and clients try again. */
export class OverloadError extends Error {
  override readonly name = "OverloadError";
}

/**
 * The store did not confirm what the call did or saw. It may have been kept or not, as after any lost answer; the
 * server answers ServerException, and clients try again.
 */
export class NotDurableError extends StoreError {
  override readonly name = "NotDurableError";
}

/** Another process owns the partition; this runner does nothing any more. */
export class FencedOutError extends Error {
  override readonly name = "FencedOutError";
}

/** The step met a bug and left no trace. */
export class StepFailedError extends Error {
  override readonly name = "StepFailedError";
}

/** Bugs came too often, or the documents cannot be used; the machine stands still until the process is started again. */
export class MachineHaltedError extends Error {
  override readonly name = "MachineHaltedError";
  /** What callers may be told; null for no more than that something went wrong. */
  readonly forCallers: string | null;

  constructor(message: string, forCallers: string | null) {
    super(message);
    this.forCallers = forCallers;
  }
}

/** The process is shutting down. */
export class MachineClosedError extends Error {
  override readonly name = "MachineClosedError";
}
