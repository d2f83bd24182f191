import type { RejectedLogEventsInfo } from "./accept-log-events.ts";
import { eventIdOf } from "./event-position.ts";
import { referenceOf } from "./log-group.ts";
import type { NamesStream } from "./log-streams.ts";
import type { LogsStep } from "./logs-state.ts";
import { requiredText } from "./member-rules.ts";
import { groupNamed } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

/** The request without its events, which only the store reads: it checks them, and the stream, when it appends them. */
export function putLogEvents(step: LogsStep, request: NamesStream): object {
  requiredText("logStreamName", request.logStreamName);
  return new StorePlan({ type: "append", group: referenceOf(groupNamed(step, request.logGroupName)) });
}

/** The reply once the events are stored. AWS: sequence tokens are still given out, and any is accepted. */
export function putLogEventsReply(rejected: RejectedLogEventsInfo | null, now: number): object {
  const nextSequenceToken = eventIdOf({ timestamp: now, batch: 0, index: 0 });
  return { nextSequenceToken, ...(rejected === null ? {} : { rejectedLogEventsInfo: rejected }) };
}
