/** A timer that was set. Cancelling one that has fired does nothing. */
export type Timer = { cancel(): void };

/** The interface to time. Real time in `server`, virtual time in `simulator`. Nothing else reads a clock. */
export interface Clock {
  /**
   * Epoch milliseconds for everything that Berth decides and stores. Never goes back and never jumps, whatever happens to the
   * machine's clock, so a difference between two readings is an interval.
   */
  now(): number;
  /**
   * Epoch milliseconds on the machine's clock, which somebody may set. Only for times that others compare with their own clocks:
   * signatures, certificates, and the expiry of credentials.
   */
  wall(): number;
  /** Calls `fire` once, `delayMs` milliseconds from now. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `run` after the work of the current turn, before any timer. This is where a group of writes is closed. */
  defer(run: () => void): void;
}
