import type { Clock, Timer } from "../../lib/clock.ts";
import type { LogEvent } from "../../lib/log-events.ts";
import type { ServerLog } from "../log/log.ts";
import type { Problems } from "./server-health.ts";

/** LIMIT: how often it looks: soon enough for whoever reads the log, and next to nothing for thousands of machines. */
const lookMs = 5_000;

/** Writes to the log what becomes wrong with the server and what is right again, each once, also when nobody asks for /health. */
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

  /** Looks now, and again from time to time until it is closed. */
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
