/** Finds events in the log of a server: in its lines or in all that it wrote to standard error. */
import type { LogEvent } from "../src/lib/log-events.ts";

export type LoggedLine = { readonly event?: LogEvent; readonly level: string; readonly msg: string } & Readonly<
  Record<string, unknown>
>;

/** The lines that are JSON, in order. Others, such as those of a command, are skipped; so is a last line that is still being written. */
export function loggedLines(log: string | readonly string[]): readonly LoggedLine[] {
  const lines = typeof log === "string" ? log.split("\n") : log;
  return lines.flatMap((line) => {
    if (!line.startsWith("{")) return [];
    try {
      return [JSON.parse(line) as LoggedLine];
    } catch {
      return [];
    }
  });
}

/** The lines of one event. */
export function logged(log: string | readonly string[], event: LogEvent): readonly LoggedLine[] {
  return loggedLines(log).filter((line) => line.event === event);
}
