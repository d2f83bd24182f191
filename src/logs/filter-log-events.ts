import { decodePageToken, encodePageToken } from "../ecs/page.ts";
import { WrittenReply } from "../service-machine/written-reply.ts";
import { type EventPosition, eventIdOf, positionOf } from "./event-position.ts";
import { parseFilterPattern } from "./filter-pattern/filter-pattern.ts";
import { FilterPatternError } from "./filter-pattern/filter-pattern-error.ts";
import { referenceOf } from "./log-group.ts";
import { logLimits } from "./log-limits.ts";
import type { GroupText, StoredEvent } from "./log-questions.ts";
import { refuseLogs } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { optionalText, pageLimit, refuseBoth, refuseConstraint, requiredText } from "./member-rules.ts";
import { groupOf, type NamesGroup } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

export type FilterLogEventsRequest = NamesGroup & {
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterPattern?: string;
  readonly nextToken?: string;
  readonly limit?: number;
  readonly startFromHead?: boolean;
};

/** AWS: at most a hundred. */
const streamNamesMax = 100;

const operation = "FilterLogEvents";

/** AWS: events of all streams in the order of their times. A page may be empty and still have a token. */
export function filterLogEvents(step: LogsStep, request: FilterLogEventsRequest): object {
  refuseBoth(request, "logStreamNames", "logStreamNamePrefix");
  const { logStreamNames, filterPattern = "", startTime = null, endTime = null } = request;
  const limit = pageLimit(request.limit, { otherwise: logLimits.pageEvents, max: logLimits.pageEvents });
  const streamNamePrefix = optionalText("logStreamNamePrefix", request.logStreamNamePrefix);
  if (request.startFromHead === false) {
    refuseLogs("InvalidParameterException", "Berth reads log events from the head only: leave startFromHead out.");
  }
  const group = groupOf(step, request);
  checkPattern(filterPattern);
  const streamNames = logStreamNames === undefined ? null : checkedStreamNames(logStreamNames);
  const after = readToken(request.nextToken);
  return new StorePlan({
    type: "read-group",
    group: referenceOf(group),
    question: { streamNames, streamNamePrefix, filterPattern, after, startTime, endTime, limit },
    // AWS: searchedLogStreams has been empty since 2020. The text of a token needs no escapes.
    reply: ({ text, next }: GroupText) => {
      const token = next === null ? "" : `,"nextToken":"${encodePageToken(operation, eventIdOf(next))}"`;
      return new WrittenReply(`{"events":${text},"searchedLogStreams":[]${token}}`);
    },
  });
}

/** Refuses text that is not a filter pattern, with the reason. */
export function checkPattern(pattern: string): void {
  try {
    parseFilterPattern(pattern);
  } catch (error) {
    if (!(error instanceof FilterPatternError)) throw error;
    refuseLogs("InvalidParameterException", error.message);
  }
}

function checkedStreamNames(names: readonly string[]): readonly string[] {
  const range = names.length < 1 ? "greater than or equal to 1" : `less than or equal to ${streamNamesMax}`;
  if (names.length < 1 || names.length > streamNamesMax) {
    refuseConstraint(`[${names.length} names]`, "logStreamNames", `Member must have length ${range}`);
  }
  return names.map((name) => requiredText("logStreamName", name));
}

function readToken(given: string | undefined): EventPosition | null {
  const token = optionalText("nextToken", given);
  if (token === null) return null;
  const position = positionOf(decodePageToken(operation, token) ?? "");
  if (position === null) refuseLogs("InvalidParameterException", "The specified nextToken is invalid.");
  return position;
}

/** Events in the JSON of the reply, which the store's thread writes. */
export function filteredEventsText(events: readonly StoredEvent[]): string {
  return JSON.stringify(
    events.map((event) => {
      const { streamName: logStreamName, timestamp, message, ingestionTime } = event;
      return { logStreamName, timestamp, message, ingestionTime, eventId: eventIdOf(event) };
    }),
  );
}
