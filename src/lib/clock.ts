/** A timer that was set; cancelling one that has fired does nothing. */
export type Timer = { cancel(): void };

/** The seam for time. Real time in `server`, virtual time in `simulator`; nothing else reads a clock. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `fire` once, `delayMs` milliseconds from now. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `run` after the work of the present turn, before any timer: where a group of writes is closed. */
  defer(run: () => void): void;
}

/** The clock of the machine that we run on. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, fire) {
    // LIMIT: setTimeout takes at most 2^31-1 ms; whoever needs longer asks again when it fires.
    const handle = setTimeout(fire, Math.min(Math.max(delayMs, 0), 2_147_483_647));
    return { cancel: () => clearTimeout(handle) };
  },
  defer: (run) => {
    setImmediate(run);
  },
};
