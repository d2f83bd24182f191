/** What goes between the process and the thread of the log store. */
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
import type { ReceivedBatch } from "./log-store.ts";

type Receive = { readonly type: "receive"; readonly ticket: number; readonly body: Uint8Array };
type Drop = { readonly type: "drop"; readonly ticket: number };
type Follow = { readonly type: "follow"; readonly follower: number; readonly question: FollowQuestion };
type Unfollow = { readonly type: "unfollow"; readonly follower: number };
/** The follower has taken what was delivered, and can take more. */
type Taken = { readonly type: "taken"; readonly follower: number };

export type WriteRequest =
  | { readonly type: "append"; readonly ticket: number; readonly group: LogGroupReference; readonly now: number }
  | {
      readonly type: "create-stream" | "delete-stream";
      readonly group: LogGroupReference;
      readonly name: string;
      readonly now: number;
    }
  | { readonly type: "delete-group"; readonly groupId: string }
  | { readonly type: "sweep"; readonly now: number; readonly streamsToo: boolean };

export type ReadRequest =
  | {
      readonly type: "describe-streams";
      readonly group: LogGroupReference;
      readonly question: StreamsQuestion;
      readonly now: number;
    }
  | {
      readonly type: "read-stream";
      readonly group: LogGroupReference;
      readonly question: StreamQuestion;
      readonly now: number;
    }
  | {
      readonly type: "read-group";
      readonly group: LogGroupReference;
      readonly question: GroupQuestion;
      readonly now: number;
    }
  | { readonly type: "stored-bytes"; readonly groupIds: readonly string[] };

export type LogRequest = Receive | Drop | Follow | Unfollow | Taken | WriteRequest | ReadRequest;

/** A request with the number that its answer carries. */
export type NumberedRequest = { readonly id: number; readonly request: LogRequest };

export type AnswerValue =
  | ReceivedBatch
  | RejectedLogEventsInfo
  | StreamsPage
  | StreamText
  | GroupText
  | readonly number[]
  | boolean
  | null;

/** The counts of the thread, with every answer. */
export type ThreadCondition = {
  readonly failing: string | null;
  readonly bytes: number;
  readonly storedEvents: number;
  readonly evictedEvents: number;
  readonly failedEvents: number;
};

/** A refusal, or what broke. */
export type Failure = { readonly code: string; readonly message: string };

export type FromThread =
  | { readonly type: "answers"; readonly answers: readonly NumberedAnswer[]; readonly condition: ThreadCondition }
  | { readonly type: "followed"; readonly follower: number; readonly followed: FollowedEvents }
  | { readonly type: "closed" };

export type NumberedAnswer =
  | { readonly id: number; readonly ok: true; readonly value: AnswerValue }
  | { readonly id: number; readonly ok: false; readonly failure: Failure };

export type ToThread =
  | { readonly type: "requests"; readonly requests: readonly NumberedRequest[] }
  | { readonly type: "close" };

/** What the thread is started with. */
export type ThreadSettings = { readonly file: string | null; readonly bytesMax: number };
