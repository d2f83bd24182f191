import type { Stats } from "node:fs";
import type { Worker } from "node:worker_threads";
import { must } from "../../lib/assert.ts";
import { startThread } from "../../lib/start-thread.ts";
import {
  type Append,
  type ListedPartition,
  type OpenedPartition,
  type Store,
  type StoreCondition,
  type StoredDocument,
  type StoredEvent,
  StoreError,
  type TakeDocuments,
} from "../store.ts";
import { filesAdvice, nameProblem, statOf } from "./database-files.ts";
import type { SqliteStoreOptions } from "./sqlite-store.ts";
import { type OpenedWithoutDocuments, receivedError, type StoreCall, type StoreReply } from "./store-messages.ts";

/** LIMIT: what an append leaves behind is garbage at once; more room would only delay its collection. */
const maxYoungGenerationSizeMb = 8;

type Call = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Of a partition that is being opened. */
  readonly take: TakeDocuments | null;
};

/**
 * A SQLite store in a thread of its own: packing, writing and the disk leave the event loop to the machines. Calls reach the store in
 * their order.
 */
export class ThreadedStore implements Store {
  readonly #thread: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #opening = Promise.withResolvers<string>();
  #medium = "";
  #fileWas: Stats | undefined;
  #lastId = 0;
  #condition: StoreCondition = { failing: null, damaged: [], warnings: [] };
  #closing: Promise<void> | null = null;
  /** Why the thread is gone. */
  #gone: StoreError | null = null;

  /** Opens the store of a data directory. Rejects as the constructor of `SqliteStore` throws. */
  static async open(options: Omit<SqliteStoreOptions, "scheduleFlush">): Promise<ThreadedStore> {
    const store = new ThreadedStore(options);
    store.#medium = await store.#opening.promise;
    store.#fileWas = statOf(store.#medium);
    return store;
  }

  private constructor(options: SqliteStoreOptions) {
    const resourceLimits = { maxYoungGenerationSizeMb };
    this.#thread = startThread(new URL("./store-thread.ts", import.meta.url), { workerData: options, resourceLimits });
    this.#thread.on("message", (reply: StoreReply) => this.#receive(reply));
    this.#thread.on("error", (error) => this.#lose(error instanceof Error ? error : new Error(String(error))));
    this.#thread.on("exit", () => this.#lose(null));
  }

  get medium(): string {
    return this.#medium;
  }

  async open(partition: string, take?: TakeDocuments): Promise<OpenedPartition> {
    const documents: StoredDocument[] = [];
    const takeAll: TakeDocuments = async (portion) => void documents.push(...portion);
    const opened = await this.#call({ method: "open", args: [partition] }, take ?? takeAll);
    return { ...(opened as OpenedWithoutDocuments), documents };
  }

  async append(partition: string, epoch: number, append: Append): Promise<void> {
    await this.#call({ method: "append", args: [partition, epoch, append] });
  }

  async remove(partition: string, epoch: number): Promise<void> {
    await this.#call({ method: "remove", args: [partition, epoch] });
  }

  async readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]> {
    return (await this.#call({ method: "readEvents", args: [partition, afterSequence, limit] })) as StoredEvent[];
  }

  async partitions(prefix: string): Promise<ListedPartition[]> {
    return (await this.#call({ method: "partitions", args: [prefix] })) as ListedPartition[];
  }

  async newestAt(): Promise<number> {
    return (await this.#call({ method: "newestAt", args: [] })) as number;
  }

  /** As of the last answer, or half a second ago if none came since; a file that was moved is noticed at once. */
  condition(): StoreCondition {
    if (this.#gone !== null) return { ...this.#condition, failing: this.#gone.message };
    if (this.#condition.failing !== null) return this.#condition;
    const problem = nameProblem(this.#medium, this.#fileWas, statOf(this.#medium));
    return problem === null
      ? this.#condition
      : { ...this.#condition, failing: `${problem}. ${filesAdvice(this.#medium)}` };
  }

  close(): Promise<void> {
    if (this.#closing === null) {
      const closed = this.#call({ method: "close", args: [] });
      this.#closing = closed.then(() => {
        this.#gone ??= new StoreError("The store is closed.");
      });
    }
    return this.#closing;
  }

  #call(call: StoreCall, take: TakeDocuments | null = null): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone);
        return;
      }
      this.#lastId += 1;
      this.#calls.set(this.#lastId, { resolve, reject, take });
      this.#thread.postMessage({ id: this.#lastId, ...call });
    });
  }

  async #take({ take, reject }: Call, { id, documents, opened }: StoreReply & { type: "documents" }): Promise<void> {
    let isWell = true;
    try {
      await take?.(documents, opened);
    } catch (error) {
      isWell = false;
      // The store answers that it stopped reading; nobody waits for that any more.
      reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.#thread.postMessage({ id: 0, method: "took", of: id, isWell });
  }

  #receive(reply: StoreReply): void {
    if (reply.type === "condition") this.#condition = reply.condition;
    if (reply.type === "opened") this.#opening.resolve(reply.medium);
    if (reply.type === "not-opened") this.#opening.reject(receivedError(reply.error));
    if (!("id" in reply)) return;
    const call = must(this.#calls.get(reply.id), "a call that waits for this answer");
    if (reply.type === "documents") {
      void this.#take(call, reply);
      return;
    }
    this.#calls.delete(reply.id);
    if (reply.type === "answer") call.resolve(reply.value);
    else call.reject(receivedError(reply.error));
  }

  /** The thread is gone, orderly after `close`, otherwise by a bug. What it was doing may have been kept or not. */
  #lose(error: Error | null): void {
    this.#gone ??= new StoreError(
      `The thread of the store of ${this.medium} ended (${error?.message ?? "without an error"}). Restart Berth.`,
      { cause: error },
    );
    this.#opening.reject(this.#gone);
    for (const { reject } of this.#calls.values()) reject(this.#gone);
    this.#calls.clear();
  }
}
