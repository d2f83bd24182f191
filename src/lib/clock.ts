/** A timer that was set; cancelling one that has fired does nothing. */
export type Timer = { cancel(): void };

/** The seam for time. Real time in `server`, virtual time in `simulator`; nothing else reads a clock. */
export interface Clock {
  /**
   * Epoch milliseconds for everything that Berth decides and stores. Never goes back and never jumps, whatever happens to the clock of
   * the machine, so a difference between two readings is an interval.
   */
  now(): number;
  /**
   * Epoch milliseconds on the clock of the machine, which somebody may set. Only for times that others compare with their own
   * clocks: signatures, certificates, and when credentials expire.
   */
  wall(): number;
  /** Calls `fire` once, `delayMs` milliseconds from now. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `run` after the work of the present turn, before any timer: where a group of writes is closed. */
  defer(run: () => void): void;
}
