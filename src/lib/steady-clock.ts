import type { Clock, Timer } from "./clock.ts";

/** Where a steady clock reads the time, in milliseconds. */
export type TimeSource = {
  /** Since the epoch. Jumps when the machine's clock is set. */
  wall(): number;
  /** Since some moment. Never goes back. May stop while the machine sleeps. */
  elapsed(): number;
  /** Since the machine started, including sleep. Read only if the wall clock has jumped ahead. */
  uptime(): number;
};

/**
 * LIMIT: how much faster or slower than real time the clock runs while it follows a machine's clock that was set. The tightest
 * time-out that waits for somebody outside is `reconnectGraceMs`, 150 s for agents that come back within 120 s; at a tenth it
 * keeps a margin.
 */
const slewRate = 0.1;
/**
 * LIMIT: a step this small is noise: wall clocks are read in whole milliseconds, and the kernel constantly adjusts them a little.
 */
const stepMs = 20;
/** LIMIT: a machine that slept for less than this is not worth a step. */
const sleepMinMs = 1_000;

/**
 * Time for everything that is decided and stored: it starts with the wall clock and then runs with the machine's monotonic clock.
 * If somebody sets the wall clock, it follows at a bounded rate. So no time-out fires early, and nothing waits for an hour that
 * has to pass twice. Time that the machine slept counts at once. See docs/decisions/0014-steady-time.md.
 */
export class SteadyClock implements Clock {
  readonly #source: TimeSource;
  readonly #timers: Pick<Clock, "setTimer" | "defer">;
  #time: number;
  #elapsed: number;
  /** How far the wall clock was ahead at the last reading, in milliseconds. */
  #ahead = 0;
  /** The readings between which the machine may have slept. */
  #awake: { readonly uptime: number; readonly elapsed: number };

  constructor(source: TimeSource, timers: Pick<Clock, "setTimer" | "defer">) {
    this.#source = source;
    this.#timers = timers;
    this.#elapsed = source.elapsed();
    this.#time = source.wall();
    this.#awake = { uptime: source.uptime(), elapsed: this.#elapsed };
  }

  now(): number {
    const elapsed = this.#source.elapsed();
    const passed = Math.max(0, elapsed - this.#elapsed);
    this.#elapsed += passed;
    this.#time += passed;
    const wall = this.#source.wall();
    let ahead = wall - this.#time;
    if (ahead > this.#ahead + sleepMinMs && ahead > sleepMinMs) {
      const slept = Math.min(this.#sleptMs(), ahead);
      this.#time += slept;
      ahead -= slept;
    }
    const mostMs = ahead > 0 && ahead <= stepMs ? stepMs : passed * slewRate;
    this.#time += Math.min(Math.max(ahead, -mostMs), mostMs);
    this.#ahead = wall - this.#time;
    return Math.floor(this.#time);
  }

  wall(): number {
    return this.#source.wall();
  }

  /** How far the machine's clock is ahead of `now`, in milliseconds. Negative if it is behind. */
  offsetMs(): number {
    this.now();
    return this.#ahead;
  }

  /**
   * Starts no earlier than `ms`, the newest time that an earlier process stored. Call it before anything else reads this clock.
   */
  startAtLeast(ms: number): void {
    this.#time = Math.max(this.#time, ms);
    this.#ahead = this.#source.wall() - this.#time;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#timers.setTimer(delayMs, fire);
  }

  defer(run: () => void): void {
    this.#timers.defer(run);
  }

  /** How long the machine has slept since the last call. */
  #sleptMs(): number {
    const { uptime, elapsed } = this.#awake;
    this.#awake = { uptime: this.#source.uptime(), elapsed: this.#elapsed };
    const slept = this.#awake.uptime - uptime - (this.#awake.elapsed - elapsed);
    return slept > sleepMinMs ? slept : 0;
  }
}
