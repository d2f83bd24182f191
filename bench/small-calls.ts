/** A worker thread that makes small calls for a while and posts how many milliseconds each took. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { World } from "./dear-calls.ts";
import { KeptLine } from "./kept-line.ts";
import { signedRequest } from "./signed-request.ts";

export type SmallCalls = {
  readonly port: number;
  readonly key: World["key"] /** Epoch milliseconds. */;
  readonly endsAt: number;
};

/** Between an answer and the next call. */
export const pauseMs = 20;

/** ListClusters and DescribeTasks in turn, each a pause after the last answer. */
async function smallCalls({ port, key, endsAt }: SmallCalls): Promise<number[]> {
  // Opened before anything is timed: Node accepts one connection in each turn of its event loop.
  const line = await KeptLine.open(port);
  const requests = [
    await signedRequest(port, "ListClusters", {}, key),
    await signedRequest(port, "DescribeTasks", { tasks: ["0".repeat(32)] }, key),
  ];
  const times: number[] = [];
  for (let made = 0; Date.now() < endsAt || made < 2; made++) {
    const begin = performance.now();
    await line.send(requests[made % requests.length] as Buffer);
    times.push(performance.now() - begin);
    await sleep(pauseMs);
  }
  line.close();
  return times;
}

if (parentPort !== null) parentPort.postMessage(await smallCalls(workerData as SmallCalls));
