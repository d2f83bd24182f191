import { pino } from "pino";
import { type Log, logEvents } from "../../lib/log-events.ts";
import { LineWriter, standardStream } from "./line-writer.ts";
import { LogBudget } from "./log-budget.ts";
import { boundedFields, kindOf } from "./log-fields.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type ServerLogLevel = (typeof logLevels)[number];

/** The log of a process. Check `isDebug` before collecting fields for a debug line. */
export type ServerLog = { readonly write: Log; readonly isDebug: boolean };

/** The log for the code that starts and ends the process. */
export type OpenLog = ServerLog & {
  /** Writes the counts of omitted lines; resolves when all lines are written, or after `timeoutMs`. */
  readonly flush: (timeoutMs: number) => Promise<void>;
};

/** Field names that would hold a secret if somebody logged the object around it. */
const secretPaths = ["authorization", "secret", "secretAccessKey", "sealedSecret", "sessionToken"].flatMap((name) => [
  name,
  `*.${name}`,
  `headers.${name}`,
  `request.headers.${name}`,
]);

/** LIMIT: how often omitted lines are counted in the log. */
const summaryMs = 60_000;

/**
 * Writes JSON lines of `level` and above to standard error, or to `destination`. It never waits for a reader, limits the lines per cause
 * (except at level debug) and bounds every field. Secrets are redacted by name as a second line of defence: nothing logs headers or bodies.
 */
export function openLog(level: ServerLogLevel, destination?: { write(line: string): void }): OpenLog {
  const options = {
    level,
    base: null,
    redact: { paths: secretPaths, censor: "[redacted]" },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // If the reader keeps up, a line is out before the call returns, so the last line before a crash is not lost.
  const writer = destination === undefined ? standardErrorLines() : null;
  const logger = pino(options, destination ?? { write: (line: string) => writer?.write(line) });
  const budget = new LogBudget();
  let summary: NodeJS.Timeout | null = null;
  const summarise = (): void => {
    summary = null;
    for (const { level: of, event, kind, lines, seconds } of budget.take(performance.now())) {
      logger[of](
        { event, ...(kind.trim() && { kind: kind.trim() }), lines, seconds },
        `${logEvents[event].text} (left out)`,
      );
    }
  };
  return {
    write: (event, fields) => {
      const { level: lineLevel, text } = logEvents[event];
      if (!logger.isLevelEnabled(lineLevel)) return;
      if (
        lineLevel !== "debug" &&
        !budget.allows({ level: lineLevel, event, kind: kindOf(fields) }, performance.now())
      ) {
        // The timer must not keep the process alive.
        summary ??= setTimeout(summarise, summaryMs).unref();
        return;
      }
      logger[lineLevel]({ event, ...boundedFields(fields) }, text);
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

/** One writer per process, so that all lines share its bound. */
function standardErrorLines(): LineWriter {
  const dropped = logEvents["log-lines-dropped"];
  const missing = (lines: number): string =>
    `${JSON.stringify({ level: dropped.level, time: new Date().toISOString(), event: "log-lines-dropped", lines, msg: dropped.text })}\n`;
  standardError ??= new LineWriter({ stream: standardStream(2), missing });
  return standardError;
}
