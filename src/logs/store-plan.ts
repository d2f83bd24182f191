import type { WrittenReply } from "../service-machine/written-reply.ts";
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
} from "./log-questions.ts";

/**
 * What a call of the log machine leaves to be done with the store of streams and events, once the rules have checked the request and found its
 * group. `reply` makes the call's reply from what the store answers.
 */
export type StoreWork =
  | { readonly type: "append"; readonly group: LogGroupReference }
  | { readonly type: "create-stream" | "delete-stream"; readonly group: LogGroupReference; readonly name: string }
  | {
      readonly type: "describe-streams";
      readonly group: LogGroupReference;
      readonly question: StreamsQuestion;
      readonly reply: (page: StreamsPage) => object;
    }
  | {
      readonly type: "read-stream";
      readonly group: LogGroupReference;
      readonly question: StreamQuestion;
      readonly reply: (page: StreamText) => WrittenReply;
    }
  | {
      readonly type: "read-group";
      readonly group: LogGroupReference;
      readonly question: GroupQuestion;
      readonly reply: (page: GroupText) => WrittenReply;
    }
  | {
      readonly type: "stored-bytes";
      readonly groupIds: readonly string[];
      readonly reply: (bytes: readonly number[]) => object;
    }
  | {
      readonly type: "follow";
      readonly question: FollowQuestion;
      /** The first event of the session. */
      readonly started: (sessionId: string, requestId: string) => object;
      readonly update: (followed: FollowedEvents) => object;
    };

/** A reply that the store completes. */
export class StorePlan {
  readonly work: StoreWork;

  constructor(work: StoreWork) {
    this.work = work;
  }
}
