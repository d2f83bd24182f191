/** A process for tests to kill: appends one event after another and prints the number of each that was acknowledged. `node writing-process.ts FILE` */
import { writeSync } from "node:fs";
import { must } from "../lib/assert.ts";
import { ThreadedLogStore } from "./threaded-log-store.ts";

const store = new ThreadedLogStore({ file: must(process.argv[2], "a file"), bytesMax: 1e9, onCrash: () => {} });
const group = { id: "g1", name: "web", retentionDays: null };
const now = 1_800_000_000_000;
await store.createStream(group, "a", now);
for (let n = 1; ; n += 1) {
  const request = { logGroupName: "web", logStreamName: "a", logEvents: [{ timestamp: now, message: String(n) }] };
  const batch = await store.receive(new TextEncoder().encode(JSON.stringify(request)), "1");
  await store.append(batch, group, now);
  // Written at once: an acknowledgement must not wait in a buffer that dies with the process.
  writeSync(1, `${n}\n`);
}
