/** The thread of the log store: takes requests from the process, some at a time, and answers them from its database. */
import { parentPort, workerData } from "node:worker_threads";
import { must } from "../lib/assert.ts";
import { LogEngine, syncIntervalMs } from "./log-engine.ts";
import type { FromThread, NumberedRequest, ThreadSettings, ToThread } from "./log-requests.ts";

/** LIMIT: a transaction of some megabytes; a read never waits for more than this. */
const bytesAtOnce = 4_194_304;
/** LIMIT: requests without a body, of which each takes microseconds, or `searchMs` at most. */
const requestsAtOnce = 200;

const port = must(parentPort, "the port of the log store's thread");
const { file, bytesMax } = workerData as ThreadSettings;
const send = (message: FromThread): void => port.postMessage(message);
const engine = new LogEngine({
  file,
  bytesMax,
  stopwatch: () => performance.now(),
  deliver: (follower, followed) => send({ type: "followed", follower, followed }),
});

const waiting: NumberedRequest[] = [];
let isScheduled = false;
let isClosing = false;
let syncTimer: NodeJS.Timeout | null = null;

port.on("message", (message: ToThread) => {
  if (message.type === "close") isClosing = true;
  else waiting.push(...message.requests);
  schedule();
});

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(run);
}

function run(): void {
  isScheduled = false;
  const requests = some();
  if (requests.length > 0) send({ type: "answers", answers: engine.answer(requests), condition: engine.condition() });
  if (waiting.length > 0) schedule();
  else if (isClosing) end();
  if (engine.hasUnsynced && syncTimer === null && !isClosing) {
    syncTimer = setTimeout(() => {
      syncTimer = null;
      engine.sync();
    }, syncIntervalMs);
  }
}

function some(): NumberedRequest[] {
  let bytes = 0;
  let count = 0;
  for (const { request } of waiting) {
    bytes += request.type === "receive" ? request.body.length : 0;
    if (count >= requestsAtOnce || (bytes > bytesAtOnce && count > 0)) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

function end(): void {
  if (syncTimer !== null) clearTimeout(syncTimer);
  engine.close();
  send({ type: "closed" });
  port.close();
}
