import type { PartitionRow } from "../../store/sqlite/read-database.ts";

/** The version in the newest event about each ARN. */
export type NewestVersions = Map<string, number>;

/** LIMIT: a log with more gaps than this is lost; more lines say nothing new. */
const problemsMax = 20;

type Parsed = {
  readonly sequence?: unknown;
  readonly resources?: unknown;
  readonly detail?: { readonly version?: unknown };
};

/**
 * Checks the events of a partition: valid JSON, without gaps, up to the last sequence, as large as the partition says. Fills `newest`.
 * Returns how many there are and what is wrong, a sentence each. Rejects if reading them does.
 */
export function checkEvents(
  events: Iterable<{ readonly sequence: number; readonly body: string }>,
  { lastSequence, eventBytes }: PartitionRow,
  newest: NewestVersions,
): { readonly count: number; readonly problems: string[] } {
  const problems: string[] = [];
  let [count, bytes, expected] = [0, 0, null as number | null];
  for (const { sequence, body } of events) {
    count += 1;
    bytes += Buffer.byteLength(body);
    if (expected !== null && sequence !== expected) {
      const last = sequence - 1;
      const which = last === expected ? `Event ${expected} is` : `Events ${expected} to ${last} are`;
      problems.push(`${which} missing among its events.`);
    }
    expected = sequence + 1;
    const problem = take(sequence, body, newest);
    if (problem !== null) problems.push(problem);
    if (problems.length >= problemsMax) return { count, problems };
  }
  const end = expected === null ? lastSequence : expected - 1;
  if (end !== lastSequence) problems.push(`Its events end with ${end}, but ${lastSequence} was the last one.`);
  if (bytes !== eventBytes) problems.push(`Its events take ${bytes} bytes, but ${eventBytes} are counted.`);
  return { count, problems };
}

function take(sequence: number, body: string, newest: NewestVersions): string | null {
  let event: Parsed;
  try {
    event = JSON.parse(body) as Parsed;
  } catch {
    return `Event ${sequence} is not JSON.`;
  }
  if (event?.sequence !== sequence || !Array.isArray(event.resources)) return `Event ${sequence} is another event.`;
  const version = event.detail?.version;
  if (typeof version === "number") for (const arn of event.resources) newest.set(String(arn), version);
  return null;
}
