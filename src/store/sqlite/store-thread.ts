/** The thread in which a SQLite store runs: started by `ThreadedStore` with the options of the store. */
import { isDeepStrictEqual } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { must } from "../../lib/assert.ts";
import type { StoreCondition } from "../store.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
import { type StoreReply, type StoreRequest, sentError } from "./store-messages.ts";

/** LIMIT: /health learns within this time that somebody deleted the file of an idle server. */
const conditionEveryMs = 500;
/** LIMIT: documents of an opened partition sent at a time: few megabytes, which the owner takes in without a long pause. */
const documentsPerMessage = 1_000;

const port = must(parentPort, "the port to the store's owner");
const send = (reply: StoreReply): void => port.postMessage(reply);

let known: StoreCondition | null = null;

function sendCondition(store: SqliteStore): void {
  const condition = store.condition();
  if (isDeepStrictEqual(condition, known)) return;
  known = condition;
  send({ type: "condition", condition });
}

async function answer(store: SqliteStore, request: StoreRequest): Promise<unknown> {
  switch (request.method) {
    case "open": {
      const { documents, ...opened } = await store.open(...request.args);
      for (let at = 0; at < documents.length; at += documentsPerMessage) {
        send({ type: "documents", id: request.id, documents: documents.slice(at, at + documentsPerMessage) });
      }
      return opened;
    }
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

async function serve(store: SqliteStore, request: StoreRequest): Promise<void> {
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
    void serve(store, request).then(() => {
      if (request.method !== "close") return;
      clearInterval(watch);
      port.close();
    });
  });
} catch (error) {
  send({ type: "not-opened", error: sentError(error) });
}
