import type { RejectedLogEventsInfo } from "../logs/accept-log-events.ts";
import type {
  FollowedEvents,
  FollowQuestion,
  GroupQuestion,
  GroupText,
  LogGroupReference,
  StreamQuestion,
  StreamsPage,
  StreamsQuestion,
  StreamText,
} from "../logs/log-questions.ts";

/** A body of PutLogEvents that the store has read and holds until it is appended or dropped. */
export type ReceivedBatch = { readonly ticket: number; readonly logGroupName: string; readonly logStreamName: string };

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
  /** Reads the body of a PutLogEvents request. `owner` is the account. */
  receive(body: Uint8Array, owner: string): Promise<ReceivedBatch>;
  /** Stores a received batch; resolves once it is written. */
  append(batch: ReceivedBatch, group: LogGroupReference, now: number): Promise<RejectedLogEventsInfo | null>;
  /** Forgets a batch that is not appended. Does nothing for one that was. */
  drop(batch: ReceivedBatch): void;
  createStream(group: LogGroupReference, streamName: string, now: number): Promise<void>;
  deleteStream(group: LogGroupReference, streamName: string): Promise<void>;
  deleteGroup(groupId: string): Promise<void>;
  describeStreams(group: LogGroupReference, question: StreamsQuestion, now: number): Promise<StreamsPage>;
  readStream(group: LogGroupReference, question: StreamQuestion, now: number): Promise<StreamText>;
  readGroup(group: LogGroupReference, question: GroupQuestion, now: number): Promise<GroupText>;
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
