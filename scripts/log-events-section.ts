/** The table of log events in `docs/operations.md`, from `src/lib/log-events.ts`. */
import { logEvents } from "../src/lib/log-events.ts";
import { row, withSection } from "./generated-section.ts";

/** The page with its table of log events brought up to date. */
export function withLogEvents(page: string): string {
  const rows = Object.entries(logEvents).map(([event, { level, text }]) => row(`\`${event}\``, level, text));
  return withSection(page, "log events", ["| event | level | message |", "|---|---|---|", ...rows, ""].join("\n"));
}
