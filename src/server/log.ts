import { pino } from "pino";
import type { Log } from "../cluster-runner/log.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type ServerLogLevel = (typeof logLevels)[number];

/** The log of a process: what is written, and whether a level is written at all (asked before fields are put together). */
export type ServerLog = { readonly write: Log; readonly isDebug: boolean };

/** Names under which a secret would stand, had somebody logged the object that it is in. */
const secretPaths = ["authorization", "secret", "secretAccessKey", "sealedSecret", "sessionToken"].flatMap((name) => [
  name,
  `*.${name}`,
  `headers.${name}`,
  `request.headers.${name}`,
]);

/**
 * Writes JSON lines of `level` and above to standard error, or to `destination`. Secrets are redacted by name, as a second
 * line of defence: nothing logs headers or bodies.
 */
export function openLog(level: ServerLogLevel, destination?: { write(line: string): void }): ServerLog {
  const options = {
    level,
    base: null,
    redact: { paths: secretPaths, censor: "[redacted]" },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Synchronous: the last line before a crash is the one that is wanted.
  const logger = pino(options, destination ?? pino.destination({ fd: 2, sync: true }));
  return {
    write: (lineLevel, fields, message) => logger[lineLevel](fields, message),
    isDebug: logger.isLevelEnabled("debug"),
  };
}
