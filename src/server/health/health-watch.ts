import type { Clock, Timer } from "../../lib/clock.ts";
import type { LogEvent } from "../../lib/log-events.ts";
import type { ServerLog } from "../log/log.ts";
import type { Problems } from "./server-health.ts";

/** LIMIT: soon enough for people who read the log, and cheap even with thousands of machines. */
const lookMs = 5_000;

/** Logs each problem of the server once when it appears and once when it is gone, even if nobody asks for /health. */
export class HealthWatch {
  readonly #problems: () => Problems;
  readonly #clock: Clock;
  readonly #log: ServerLog;
  #known: Problems = { reasons: new Map(), warnings: new Map() };
  #timer: Timer | null = null;

  constructor(problems: () => Problems, clock: Clock, log: ServerLog) {
    this.#problems = problems;
    this.#clock = clock;
    this.#log = log;
  }

  /** Checks now, and regularly until it is closed. */
  start(): void {
    this.#look();
    this.#timer = this.#clock.setTimer(lookMs, () => this.start());
  }

  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { reasons, warnings } = this.#problems();
    this.#tell("server-unhealthy", this.#known.reasons, reasons);
    this.#tell("server-warning", this.#known.warnings, warnings);
    this.#known = { reasons, warnings };
  }

  #tell(event: LogEvent, before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
    for (const [name, reason] of now) {
      if (before.has(name)) continue;
      this.#log.write(event, { reason });
    }
    for (const [name, reason] of before) if (!now.has(name)) this.#log.write("server-recovered", { reason });
  }
}
