import { dayMs, logLimits } from "./log-limits.ts";
import { refuseLogs } from "./log-refusal.ts";

export type InputLogEvent = { readonly timestamp: number; readonly message: string };

/** Which events of a batch were left out. Ends are exclusive, starts inclusive. AWS: the members of RejectedLogEventsInfo. */
export type RejectedLogEventsInfo = {
  readonly tooNewLogEventStartIndex?: number;
  readonly tooOldLogEventEndIndex?: number;
  readonly expiredLogEventEndIndex?: number;
};

/** The events from index `from` up to `to`, without `to`, are stored. */
export type Acceptance = {
  readonly from: number;
  readonly to: number;
  readonly rejected: RejectedLogEventsInfo | null;
};

/**
 * Which events of a batch of PutLogEvents are stored at `now`, in a group that keeps events for `retentionDays` (null: always).
 * Refuses a batch that AWS refuses as a whole.
 */
export function acceptLogEvents(
  events: readonly InputLogEvent[],
  { now, retentionDays }: { readonly now: number; readonly retentionDays: number | null },
): Acceptance {
  checkSize(events);
  checkOrder(events);
  const tooOld = countBefore(events, now - logLimits.oldestMs);
  const expired = retentionDays === null ? 0 : countBefore(events, now - retentionDays * dayMs);
  const to = countBefore(events, now + logLimits.newestMs + 1);
  const from = Math.min(to, Math.max(tooOld, expired));
  const rejected: RejectedLogEventsInfo = {
    ...(to < events.length ? { tooNewLogEventStartIndex: to } : {}),
    ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
    ...(expired > tooOld ? { expiredLogEventEndIndex: expired } : {}),
  };
  return { from, to, rejected: Object.keys(rejected).length > 0 ? rejected : null };
}

function checkSize(events: readonly InputLogEvent[]): void {
  const { batchEvents, batchBytes, eventOverheadBytes } = logLimits;
  if (events.length === 0) constraint("[]", "logEvents", "Member must have length greater than or equal to 1");
  if (events.length > batchEvents) {
    constraint(
      `[${events.length} events]`,
      "logEvents",
      `Member must have length less than or equal to ${batchEvents}`,
    );
  }
  const empty = events.findIndex(({ message }) => message === "");
  if (empty >= 0) {
    constraint("", `logEvents.${empty + 1}.member.message`, "Member must have length greater than or equal to 1");
  }
  const bytes = events.reduce((sum, { message }) => sum + utf8Bytes(message) + eventOverheadBytes, 0);
  if (bytes > batchBytes) invalid(`Upload too large: ${bytes} bytes exceeds limit of ${batchBytes}`);
}

function checkOrder(events: readonly InputLogEvent[]): void {
  const unordered = events.some(({ timestamp }, index) => timestamp < (events[index - 1]?.timestamp ?? 0));
  if (unordered) invalid("Log events in a single PutLogEvents request must be in chronological order.");
  const span = (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0);
  if (span > logLimits.batchSpanMs) {
    invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

function constraint(value: string, member: string, text: string): never {
  invalid(`1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${text}`);
}

function invalid(message: string): never {
  refuseLogs("InvalidParameterException", message);
}

/** How many of the events, which are in order, are before `time`. */
function countBefore(events: readonly InputLogEvent[], time: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.timestamp ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The length of a text in UTF-8. A surrogate without its partner counts as the three bytes of its replacement. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      bytes += 2;
      at += 1;
    } else bytes += 2;
  }
  return bytes;
}

const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;
