/**
 * A flood of log events as agents and SDKs make one: some connections put batches one after another, and wait when they are
 * throttled. Prints a line of JSON when it begins, and one with what was accepted
 * when it gets SIGTERM. Arguments: port, key id, secret, connections, events per batch.
 */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { onAnswers } from "./load.ts";
import { batchOf, signedLogs } from "./log-batch.ts";

const [port = 0, connections = 0, events = 0] = [2, 5, 6].map((at) => Number(process.argv[at]));
const key = { accessKeyId: process.argv[3] ?? "", secretAccessKey: process.argv[4] ?? "" };
/** AWS: how the SDK waits when it is throttled: longer each time, up to twenty seconds, at random. */
const firstPauseMs = 100;
const lastPauseMs = 20_000;

const totals = { accepted: 0, throttled: 0, failed: 0 };
let isEnding = false;

async function flood(request: Buffer): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let answered: ((status: number) => void) | null = null;
  onAnswers(socket, (status) => answered?.(status));
  let throttledInRow = 0;
  while (!isEnding) {
    const status = await new Promise<number>((resolve, reject) => {
      answered = resolve;
      socket.once("error", reject);
      socket.write(request);
    });
    socket.removeAllListeners("error");
    if (status === 200) totals.accepted += events;
    else if (status === 400) totals.throttled += 1;
    else totals.failed += 1;
    throttledInRow = status === 200 ? 0 : throttledInRow + 1;
    if (throttledInRow > 0) await sleep(Math.random() * Math.min(lastPauseMs, firstPauseMs * 2 ** throttledInRow));
  }
}

process.on("SIGTERM", () => {
  isEnding = true;
  process.stdout.write(`${JSON.stringify(totals)}\n`, () => process.exit(0));
});
const requests = await Promise.all(
  Array.from({ length: connections }, (_, n) => signedLogs(port, "PutLogEvents", batchOf(`s${n % 8}`, events), key)),
);
process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);
await Promise.all(requests.map((request) => flood(request)));
