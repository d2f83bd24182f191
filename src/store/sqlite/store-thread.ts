/** The thread in which a SQLite store runs: started by `ThreadedStore` with the options of the store. */
import { isDeepStrictEqual } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { must } from "../../lib/assert.ts";
import { type StoreCondition, StoreError } from "../store.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
import { type OpenedWithoutDocuments, type StoreReply, type StoreRequest, sentError } from "./store-messages.ts";

/** LIMIT: /health learns within this time that somebody deleted the file of an idle server. */
const conditionEveryMs = 500;
/** LIMIT: portions of documents that are on their way to the owner: it works at one while the next is read. */
const portionsAhead = 2;

const port = must(parentPort, "the port to the store's owner");
const send = (reply: StoreReply): void => port.postMessage(reply);

let known: StoreCondition | null = null;

function sendCondition(store: SqliteStore): void {
  const condition = store.condition();
  if (isDeepStrictEqual(condition, known)) return;
  known = condition;
  send({ type: "condition", condition });
}

/** By the id of an opening, what takes note that the owner took a portion. */
const openings = new Map<number, (isWell: boolean) => void>();

async function open(store: SqliteStore, id: number, partition: string): Promise<OpenedWithoutDocuments> {
  let ahead = 0;
  let isWell = true;
  let wake = (): void => {};
  openings.set(id, (tookWell) => {
    ahead -= 1;
    isWell = isWell && tookWell;
    wake();
  });
  const untilAhead = async (most: number): Promise<void> => {
    while (ahead > most && isWell) await new Promise<void>((resolve) => (wake = resolve));
    if (!isWell) throw new StoreError(`The documents of partition "${partition}" are not wanted`);
  };
  try {
    const { documents: _none, ...opened } = await store.open(partition, async (documents, header) => {
      await untilAhead(portionsAhead - 1);
      ahead += 1;
      send({ type: "documents", id, documents, opened: header });
    });
    await untilAhead(0);
    return opened;
  } finally {
    openings.delete(id);
  }
}

async function answer(store: SqliteStore, request: AnsweredRequest): Promise<unknown> {
  switch (request.method) {
    case "open":
      return open(store, request.id, ...request.args);
    case "append":
      return store.append(...request.args);
    case "remove":
      return store.remove(...request.args);
    case "readEvents":
      return store.readEvents(...request.args);
    case "partitions":
      return store.partitions(...request.args);
    case "newestAt":
      return store.newestAt();
    case "close":
      return store.close();
  }
}

type AnsweredRequest = Exclude<StoreRequest, { readonly method: "took" }>;

async function serve(store: SqliteStore, request: AnsweredRequest): Promise<void> {
  let reply: StoreReply;
  try {
    reply = { type: "answer", id: request.id, value: await answer(store, request) };
  } catch (error) {
    reply = { type: "error", id: request.id, error: sentError(error) };
  }
  // Whoever learns that a write failed finds the condition that says so.
  sendCondition(store);
  send(reply);
}

try {
  const store = new SqliteStore(workerData as SqliteStoreOptions);
  send({ type: "opened", medium: store.medium });
  sendCondition(store);
  const watch = setInterval(() => sendCondition(store), conditionEveryMs);
  port.on("message", (request: StoreRequest) => {
    if (request.method === "took") {
      openings.get(request.of)?.(request.isWell);
      return;
    }
    void serve(store, request).then(() => {
      if (request.method !== "close") return;
      clearInterval(watch);
      port.close();
    });
  });
} catch (error) {
  send({ type: "not-opened", error: sentError(error) });
}
