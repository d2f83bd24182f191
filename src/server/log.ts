import { pino } from "pino";
import type { Log } from "../cluster-runner/log.ts";
import { LineWriter, standardStream } from "./line-writer.ts";
import { LogBudget } from "./log-budget.ts";
import { boundedFields, kindOf } from "./log-fields.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type ServerLogLevel = (typeof logLevels)[number];

/** The log of a process: what is written, and whether a level is written at all (asked before fields are put together). */
export type ServerLog = { readonly write: Log; readonly isDebug: boolean };

/** The log as whoever starts and ends the process has it. */
export type OpenLog = ServerLog & {
  /** Writes what was left out, and resolves when the lines are out or after `timeoutMs`. */
  readonly flush: (timeoutMs: number) => Promise<void>;
};

/** Names under which a secret would stand, had somebody logged the object that it is in. */
const secretPaths = ["authorization", "secret", "secretAccessKey", "sealedSecret", "sessionToken"].flatMap((name) => [
  name,
  `*.${name}`,
  `headers.${name}`,
  `request.headers.${name}`,
]);

/** LIMIT: so often a cause that goes on is told of. */
const summaryMs = 60_000;

/**
 * Writes JSON lines of `level` and above to standard error, or to `destination`. It waits for no reader, has a budget for each cause
 * (all levels but debug) and bounds every field. Secrets are redacted by name, as a second line of defence: nothing logs headers or
 * bodies.
 */
export function openLog(level: ServerLogLevel, destination?: { write(line: string): void }): OpenLog {
  const options = {
    level,
    base: null,
    redact: { paths: secretPaths, censor: "[redacted]" },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Lines reach a reader that keeps up before the call returns, so the last one before a crash is there.
  const writer = destination === undefined ? standardErrorLines() : null;
  const logger = pino(options, destination ?? { write: (line: string) => writer?.write(line) });
  const budget = new LogBudget();
  let summary: NodeJS.Timeout | null = null;
  const summarise = (): void => {
    summary = null;
    for (const { level: of, message, kind, lines, seconds } of budget.take(Date.now())) {
      logger[of]({ ...(kind.trim() && { kind: kind.trim() }), lines, seconds }, `${message} (left out)`);
    }
  };
  return {
    write: (lineLevel, fields, message) => {
      if (!logger.isLevelEnabled(lineLevel)) return;
      if (lineLevel !== "debug" && !budget.allows({ level: lineLevel, message, kind: kindOf(fields) }, Date.now())) {
        // It keeps no process alive.
        summary ??= setTimeout(summarise, summaryMs).unref();
        return;
      }
      logger[lineLevel](boundedFields(fields), message);
    },
    isDebug: logger.isLevelEnabled("debug"),
    flush: async (timeoutMs) => {
      if (summary !== null) clearTimeout(summary);
      summarise();
      await writer?.flush(timeoutMs);
    },
  };
}

let standardError: LineWriter | null = null;

/** One for the process: all that is written there shares its bound. */
function standardErrorLines(): LineWriter {
  const missing = (lines: number): string =>
    `${JSON.stringify({ level: "warn", time: new Date().toISOString(), lines, msg: "Lines of the log were dropped: nobody read them." })}\n`;
  standardError ??= new LineWriter({ stream: standardStream(2), missing });
  return standardError;
}
