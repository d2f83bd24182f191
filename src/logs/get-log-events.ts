import { WrittenReply } from "../service-machine/written-reply.ts";
import { behind, type EventPosition, eventIdOf, firstPosition, positionOf } from "./event-position.ts";
import { referenceOf } from "./log-group.ts";
import { logLimits } from "./log-limits.ts";
import type { StoredEvent, StreamText } from "./log-questions.ts";
import { refuseLogs } from "./log-refusal.ts";
import type { LogsStep } from "./logs-state.ts";
import { optionalText, pageLimit, requiredText } from "./member-rules.ts";
import { groupOf, type NamesGroup } from "./named-group.ts";
import { StorePlan } from "./store-plan.ts";

export type GetLogEventsRequest = NamesGroup & {
  readonly logStreamName?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly nextToken?: string;
  readonly limit?: number;
  readonly startFromHead?: boolean;
};

/** Where a token leads: `f/` to later events, `b/` to earlier ones. */
type Token = { readonly direction: "forward" | "backward"; readonly from: EventPosition };

/** AWS: a page ends at 10,000 events or a megabyte. At the end of a stream, a token leads to itself. */
export function getLogEvents(step: LogsStep, request: GetLogEventsRequest): object {
  const streamName = requiredText("logStreamName", request.logStreamName);
  const limit = pageLimit(request.limit, { otherwise: logLimits.pageEvents, max: logLimits.pageEvents });
  const group = groupOf(step, request);
  const given = readToken(request.nextToken);
  const first = request.startFromHead === true ? "forward" : "backward";
  const question = {
    streamName,
    direction: given?.direction ?? first,
    from: given?.from ?? null,
    startTime: request.startTime ?? null,
    endTime: request.endTime ?? null,
    limit,
  } as const;
  // The texts of tokens need no escapes.
  const reply = (page: StreamText): WrittenReply => {
    const { forward, backward } = tokens(page, given);
    return new WrittenReply(
      `{"events":${page.text},"nextForwardToken":"${forward}","nextBackwardToken":"${backward}"}`,
    );
  };
  return new StorePlan({ type: "read-stream", group: referenceOf(group), question, reply });
}

/** Events in the JSON of the reply, which the store's thread writes. */
export function outputEventsText(events: readonly StoredEvent[]): string {
  return JSON.stringify(events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })));
}

function tokens({ first, last }: StreamText, given: Token | null): { forward: string; backward: string } {
  if (first !== null && last !== null) return { forward: written("f", last), backward: written("b", first) };
  const { direction, from } = given ?? { direction: "forward", from: firstPosition };
  // The other token must lead back over the event that this one stands at.
  const [forward, backward] = direction === "forward" ? [from, behind(from)] : [before(from), from];
  return { forward: written("f", forward), backward: written("b", backward) };
}

/** The position directly in front. */
function before({ timestamp, batch, index }: EventPosition): EventPosition {
  if (index > 0) return { timestamp, batch, index: index - 1 };
  return { timestamp: Math.max(0, timestamp - 1), batch: Number.MAX_SAFE_INTEGER, index: 0 };
}

// AWS: the form of its tokens.
const written = (side: "f" | "b", position: EventPosition): string => `${side}/${eventIdOf(position)}/s`;

function readToken(given: string | undefined): Token | null {
  const token = optionalText("nextToken", given);
  if (token === null) return null;
  const [, side, id = ""] = /^([fb])\/(\d{56})\/s$/.exec(token) ?? [];
  const from = positionOf(id);
  if (from === null) refuseLogs("InvalidParameterException", "The specified nextToken is invalid.");
  return { direction: side === "f" ? "forward" : "backward", from };
}
