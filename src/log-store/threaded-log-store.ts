import { existsSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { Refusal } from "../ecs/refusals.ts";
import { startThread } from "../lib/start-thread.ts";
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
import { refuseLogs } from "../logs/log-refusal.ts";
import type {
  AnswerValue,
  FromThread,
  LogRequest,
  NumberedAnswer,
  NumberedRequest,
  ThreadCondition,
  ToThread,
} from "./log-requests.ts";
import type { LogStore, LogStoreCondition, ReceivedBatch } from "./log-store.ts";

/** LIMIT: bodies that the thread has not stored yet: a quarter of a second's work for it. More are refused at once. */
const waitingBytesMax = 16 * 1_048_576;
/** LIMIT: half of that for one account, so that a flood leaves room for others. */
const waitingBytesPerOwner = waitingBytesMax / 2;
/** LIMIT: calls that wait for the thread, each with a page of a megabyte as its answer at most. */
const waitingCallsMax = 1_000;
/** LIMIT: open live tails and followers, each of which looks at every new event of its groups. */
const followersMax = 100;
/** AWS: the text of its throttling. */
const rateExceeded = "Rate exceeded";

export type ThreadedLogStoreOptions = {
  /** The database; null keeps it in memory. */
  readonly file: string | null;
  readonly bytesMax: number;
  /** Called when the thread has ended by itself, which it never should. */
  readonly onCrash: (error: Error) => void;
};

type Waiting = { readonly resolve: (value: AnswerValue) => void; readonly reject: (error: Error) => void };

const untouched: ThreadCondition = { failing: null, bytes: 0, storedEvents: 0, evictedEvents: 0, failedEvents: 0 };

/**
 * The log store in a thread of its own, which starts with the first call. What waits for the thread is bounded here, so a flood is refused
 * before it costs anybody's time.
 */
export class ThreadedLogStore implements LogStore {
  readonly #options: ThreadedLogStoreOptions;
  #worker: Worker | null = null;
  /** Why the thread ended; it is started again by the next call. */
  #crash: string | null = null;
  #condition = untouched;
  #shedBatches = 0;
  #lastId = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** Bodies by their tickets. */
  readonly #held = new Map<number, { readonly owner: string; readonly bytes: number }>();
  readonly #bytesOf = new Map<string, number>();
  #waitingBytes = 0;
  readonly #followers = new Map<number, (events: FollowedEvents) => void>();
  #outbox: NumberedRequest[] = [];
  #transfers: ArrayBuffer[] = [];
  #closed: (() => void) | null = null;

  constructor(options: ThreadedLogStoreOptions) {
    this.#options = options;
  }

  async receive(body: Uint8Array, owner: string): Promise<ReceivedBatch> {
    if (!this.hasRoom(body.length, owner)) {
      this.shed();
      refuseLogs("ThrottlingException", rateExceeded);
    }
    const ticket = ++this.#lastId;
    const bytes = body.length;
    this.#held.set(ticket, { owner, bytes });
    this.#waitingBytes += bytes;
    this.#bytesOf.set(owner, (this.#bytesOf.get(owner) ?? 0) + bytes);
    // Part of a larger buffer cannot be given away.
    const own = new Uint8Array(body);
    this.#transfers.push(own.buffer);
    try {
      return (await this.#ask({ type: "receive", ticket, body: own })) as ReceivedBatch;
    } catch (error) {
      this.#release(ticket);
      throw error;
    }
  }

  /** Counts a batch that was refused because too many came. */
  shed(): void {
    this.#shedBatches += 1;
  }

  hasRoom(bytes: number, owner: string): boolean {
    const ofOwner = this.#bytesOf.get(owner) ?? 0;
    return this.#waitingBytes + bytes <= waitingBytesMax && ofOwner + bytes <= waitingBytesPerOwner;
  }

  async append(
    { ticket }: ReceivedBatch,
    group: LogGroupReference,
    now: number,
  ): Promise<RejectedLogEventsInfo | null> {
    try {
      return (await this.#ask({ type: "append", ticket, group, now })) as RejectedLogEventsInfo | null;
    } finally {
      this.#release(ticket);
    }
  }

  drop({ ticket }: ReceivedBatch): void {
    if (!this.#held.has(ticket)) return;
    this.#release(ticket);
    this.#post({ type: "drop", ticket });
  }

  async createStream(group: LogGroupReference, name: string, now: number): Promise<void> {
    await this.#ask({ type: "create-stream", group, name, now });
  }

  async deleteStream(group: LogGroupReference, name: string): Promise<void> {
    await this.#ask({ type: "delete-stream", group, name, now: 0 });
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.#ask({ type: "delete-group", groupId });
  }

  async describeStreams(group: LogGroupReference, question: StreamsQuestion, now: number): Promise<StreamsPage> {
    return (await this.#ask({ type: "describe-streams", group, question, now })) as StreamsPage;
  }

  async readStream(group: LogGroupReference, question: StreamQuestion, now: number): Promise<StreamText> {
    return (await this.#ask({ type: "read-stream", group, question, now })) as StreamText;
  }

  async readGroup(group: LogGroupReference, question: GroupQuestion, now: number): Promise<GroupText> {
    return (await this.#ask({ type: "read-group", group, question, now })) as GroupText;
  }

  async storedBytes(groupIds: readonly string[]): Promise<readonly number[]> {
    if (groupIds.length === 0) return [];
    return (await this.#ask({ type: "stored-bytes", groupIds })) as readonly number[];
  }

  async follow(question: FollowQuestion, deliver: (events: FollowedEvents) => void): Promise<() => void> {
    if (this.#followers.size >= followersMax) refuseLogs("LimitExceededException", "Too many live tails are open.");
    const follower = ++this.#lastId;
    this.#followers.set(follower, deliver);
    const stop = (): void => {
      if (this.#followers.delete(follower)) this.#post({ type: "unfollow", follower });
    };
    try {
      await this.#ask({ type: "follow", follower, question });
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  async sweep(now: number, streamsToo: boolean): Promise<void> {
    const { file } = this.#options;
    // A store that nobody has used has nothing to sweep, and needs no thread.
    if (this.#worker === null && (file === null || !existsSync(file))) return;
    while ((await this.#ask({ type: "sweep", now, streamsToo })) === true);
  }

  condition(): LogStoreCondition {
    const { failing, ...counts } = this.#condition;
    const { bytesMax } = this.#options;
    return { failing: this.#crash ?? failing, ...counts, bytesMax, shedBatches: this.#shedBatches };
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#flush();
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    worker.ref();
    worker.postMessage({ type: "close" } satisfies ToThread);
    await closed;
    await worker.terminate();
    this.#worker = null;
  }

  #ask(request: LogRequest): Promise<AnswerValue> {
    if (this.#waiting.size >= waitingCallsMax) return Promise.reject(new Refusal("ThrottlingException", rateExceeded));
    return new Promise((resolve, reject) => {
      const id = this.#post(request);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Requests of one turn go in one message. */
  #post(request: LogRequest): number {
    const id = ++this.#lastId;
    if (this.#outbox.length === 0) setImmediate(() => this.#flush());
    this.#outbox.push({ id, request });
    return id;
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const [requests, transfers] = [this.#outbox, this.#transfers];
    this.#outbox = [];
    this.#transfers = [];
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage({ type: "requests", requests } satisfies ToThread, transfers);
  }

  #start(): Worker {
    const { file, bytesMax } = this.#options;
    const worker = startThread(new URL("./log-thread.ts", import.meta.url), { workerData: { file, bytesMax } });
    this.#crash = null;
    worker.on("message", (message: FromThread) => this.#take(worker, message));
    worker.on("error", (error) => this.#crashed(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#crashed(worker, new Error("The thread of the log store has ended.")));
    return worker;
  }

  #take(worker: Worker, message: FromThread): void {
    switch (message.type) {
      case "answers":
        this.#condition = message.condition;
        for (const answer of message.answers) this.#answered(answer);
        // The process may end while nothing waits.
        if (this.#waiting.size === 0) worker.unref();
        break;
      case "followed":
        this.#followers.get(message.follower)?.(message.followed);
        this.#post({ type: "taken", follower: message.follower });
        break;
      case "closed":
        worker.removeAllListeners();
        this.#closed?.();
        break;
    }
  }

  #answered(answer: NumberedAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new Refusal(answer.failure.code, answer.failure.message));
  }

  #crashed(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#crash = error.message;
    const refusal = new Refusal("ServiceUnavailableException", `The log store does not work: ${error.message}`);
    for (const { reject } of this.#waiting.values()) reject(refusal);
    this.#waiting.clear();
    this.#followers.clear();
    this.#closed?.();
    this.#options.onCrash(error);
  }

  #release(ticket: number): void {
    const held = this.#held.get(ticket);
    if (held === undefined) return;
    this.#held.delete(ticket);
    const { owner, bytes } = held;
    this.#waitingBytes -= bytes;
    const left = (this.#bytesOf.get(owner) ?? 0) - bytes;
    if (left > 0) this.#bytesOf.set(owner, left);
    else this.#bytesOf.delete(owner);
  }
}
