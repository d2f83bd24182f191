import type { RejectedLogEventsInfo } from "../logs/accept-log-events.ts";
import type { EventPosition } from "../logs/event-position.ts";

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

export type StreamsQuestion = {
  readonly prefix: string | null;
  readonly orderBy: "LogStreamName" | "LastEventTime";
  readonly descending: boolean;
  /** The last stream of the page before. */
  readonly after: { readonly name: string; readonly lastEventTimestamp: number } | null;
  readonly limit: number;
};

export type StreamsPage = { readonly streams: readonly StoredStream[]; readonly more: boolean };

/** A body of PutLogEvents that the store has read and holds until it is appended or dropped. */
export type ReceivedBatch = { readonly ticket: number; readonly logGroupName: string; readonly logStreamName: string };

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

/** How the store is. Counts begin with the process. */
export type LogStoreCondition = {
  /** Why the last write failed; null while writing works. */
  readonly failing: string | null;
  /** Bytes of the stored rows. */
  readonly bytes: number;
  readonly bytesMax: number;
  readonly storedEvents: number;
  /** Oldest events deleted because the store was full. */
  readonly evictedEvents: number;
  /** Events that could not be written, such as to a full disk. */
  readonly failedEvents: number;
  /** Batches refused because too many were waiting. */
  readonly shedBatches: number;
};

/**
 * Log streams and their events, apart from the documents. All methods reject with Refusal for what CloudWatch Logs refuses,
 * which includes ThrottlingException when too much is waiting and ServiceUnavailableException when the store cannot be written or read.
 */
export interface LogStore {
  /** Whether `receive` would take a body of this size from this owner now. */
  hasRoom(bytes: number, owner: string): boolean;
  /** Reads the body of a PutLogEvents request. The bytes must not be used afterwards. `owner` is the account. */
  receive(body: Uint8Array<ArrayBuffer>, owner: string): Promise<ReceivedBatch>;
  /** Stores a received batch; resolves once it is written. */
  append(batch: ReceivedBatch, group: LogGroupReference, now: number): Promise<RejectedLogEventsInfo | null>;
  drop(batch: ReceivedBatch): void;
  createStream(group: LogGroupReference, streamName: string, now: number): Promise<void>;
  deleteStream(group: LogGroupReference, streamName: string): Promise<void>;
  deleteGroup(groupId: string): Promise<void>;
  describeStreams(group: LogGroupReference, question: StreamsQuestion, now: number): Promise<StreamsPage>;
  readStream(group: LogGroupReference, question: StreamQuestion, now: number): Promise<readonly StoredEvent[]>;
  readGroup(group: LogGroupReference, question: GroupQuestion, now: number): Promise<GroupPage>;
  /** Bytes of the rows of each group. */
  storedBytes(groupIds: readonly string[]): Promise<readonly number[]>;
  /** Calls `deliver` with new events until the returned function is called. */
  follow(question: FollowQuestion, deliver: (events: FollowedEvents) => void): Promise<() => void>;
  /** Deletes what the retention of groups no longer keeps, and with `streamsToo` streams that have long been empty. */
  sweep(now: number, streamsToo: boolean): Promise<void>;
  condition(): LogStoreCondition;
  close(): Promise<void>;
}

/** Rows of the store are not what was written. */
export class LogStoreDamage extends Error {
  override readonly name = "LogStoreDamage";
}
