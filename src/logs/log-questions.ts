/** What the rules ask the store of log events, and what it answers. */
import type { EventPosition } from "./event-position.ts";

/** The log group of a call, as its document says. A group that was deleted and created again has another id. */
export type LogGroupReference = {
  readonly id: string;
  readonly name: string;
  /** Events that are older are not shown, and are deleted. Null keeps them. */
  readonly retentionDays: number | null;
};

export type StoredEvent = EventPosition & {
  readonly message: string;
  readonly ingestionTime: number;
  readonly streamName: string;
};

export type StoredStream = {
  readonly name: string;
  readonly creationTime: number;
  readonly firstEventTimestamp: number | null;
  readonly lastEventTimestamp: number | null;
  readonly lastIngestionTime: number | null;
};

/** Which events of one stream are wanted. Times are epoch milliseconds; the end is exclusive. */
export type StreamQuestion = {
  readonly streamName: string;
  /** `forward`: the first events after `from`. `backward`: the last ones before it. Null begins at the end where they begin. */
  readonly direction: "forward" | "backward";
  readonly from: EventPosition | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly limit: number;
};

/** Which events of a group are wanted. The end is inclusive, as FilterLogEvents has it. */
export type GroupQuestion = {
  readonly streamNames: readonly string[] | null;
  readonly streamNamePrefix: string | null;
  readonly filterPattern: string | null;
  readonly after: EventPosition | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly limit: number;
};

/** `next` is null when all events have been looked at. A page may be empty and still have one. */
export type GroupPage = { readonly events: readonly StoredEvent[]; readonly next: EventPosition | null };

/** Events of a stream in the JSON of GetLogEvents, and where the first and the last are; null if there are none. */
export type StreamText = {
  readonly text: string;
  readonly first: EventPosition | null;
  readonly last: EventPosition | null;
};

/** Events of a group in the JSON of FilterLogEvents. */
export type GroupText = { readonly text: string; readonly next: EventPosition | null };

export type StreamsQuestion = {
  readonly prefix: string | null;
  readonly orderBy: "LogStreamName" | "LastEventTime";
  readonly descending: boolean;
  /** The last stream of the page before. */
  readonly after: { readonly name: string; readonly lastEventTimestamp: number } | null;
  readonly limit: number;
};

export type StreamsPage = { readonly streams: readonly StoredStream[]; readonly more: boolean };

/** Which new events a follower wants. */
export type FollowQuestion = {
  readonly groups: readonly LogGroupReference[];
  readonly streamNames: readonly string[] | null;
  readonly streamNamePrefixes: readonly string[] | null;
  readonly filterPattern: string | null;
};

export type FollowedEvent = {
  readonly groupId: string;
  readonly streamName: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
};

/** `sampled` says that events were left out, because there were more than a follower gets. */
export type FollowedEvents = { readonly events: readonly FollowedEvent[]; readonly sampled: boolean };
