import { StoreError } from "../store/store.ts";

/** Too much work is waiting; nothing was done. The server answers ThrottlingException, and clients retry. */
export class OverloadError extends Error {
  override readonly name = "OverloadError";
}

/**
 * The store did not confirm what the call did or saw. It may be stored or not, as after any lost answer. The server answers
 * ServerException, and clients retry.
 */
export class NotDurableError extends StoreError {
  override readonly name = "NotDurableError";
}

/** Another process owns the partition; this runner does nothing any more. */
export class FencedOutError extends Error {
  override readonly name = "FencedOutError";
}

/** The step met a bug and changed nothing. */
export class StepFailedError extends Error {
  override readonly name = "StepFailedError";
}

/** Bugs came too often, or the documents are unusable; the machine is stopped until the process restarts. */
export class MachineHaltedError extends Error {
  override readonly name = "MachineHaltedError";
  /** The text for callers; null if they only learn that something went wrong. */
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
