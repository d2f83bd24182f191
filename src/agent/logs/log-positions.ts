import { readFile, rename, writeFile } from "node:fs/promises";
import type { Clock, Timer } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { LogPosition } from "./log-event.ts";

/** LIMIT: after a crash the events of one second are sent twice. */
const saveMs = 1_000;

/**
 * How far each container's output is in CloudWatch Logs, in a file. It may be older than the truth, never newer: after a crash some
 * events are sent again.
 */
export class LogPositions {
  readonly #file: string | null;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #positions: Map<string, LogPosition>;
  #timer: Timer | null = null;
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string | null, clock: Clock, log: Log, positions: Map<string, LogPosition>) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
    this.#positions = positions;
  }

  /** Nothing is kept. */
  static none(clock: Clock, log: Log): LogPositions {
    return new LogPositions(null, clock, log, new Map());
  }

  /** Reads the file. A damaged file counts as empty, because its loss only repeats events. */
  static async open(file: string, clock: Clock, log: Log): Promise<LogPositions> {
    return new LogPositions(file, clock, log, await read(file, log));
  }

  of(runtimeId: string): LogPosition | null {
    return this.#positions.get(runtimeId) ?? null;
  }

  set(runtimeId: string, position: LogPosition): void {
    this.#positions.set(runtimeId, position);
    this.#saveSoon();
  }

  forget(runtimeId: string): void {
    if (this.#positions.delete(runtimeId)) this.#saveSoon();
  }

  /** Writes the file now. Never rejects. */
  save(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const file = this.#file;
    if (file === null) return Promise.resolve();
    this.#saving = this.#saving.then(async () => {
      try {
        await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(this.#positions)), { mode: 0o600 });
        await rename(`${file}.new`, file);
      } catch (error) {
        // Containers matter more than the repetition of some of their lines after a restart.
        this.#log("log-positions-unsaved", { err: error, file });
      }
    });
    return this.#saving;
  }

  #saveSoon(): void {
    if (this.#file === null) return;
    this.#timer ??= this.#clock.setTimer(saveMs, () => void this.save());
  }
}

async function read(file: string, log: Log): Promise<Map<string, LogPosition>> {
  try {
    const found = Object.entries(Object(JSON.parse(await readFile(file, "utf8")))) as [string, LogPosition][];
    return new Map(found.filter(([, { at, count }]) => typeof at === "string" && Number.isSafeInteger(count)));
  } catch (error) {
    if (!isMissing(error)) log("log-positions-unknown", { err: error, file });
    return new Map();
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
