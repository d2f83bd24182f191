/**
 * A process for tests to kill: opens the store of a data directory, says so, and repeatedly appends to some partitions at once,
 * printing each acknowledged round. `node appending-process.ts DIRECTORY PARTITIONS`
 */
import { writeSync } from "node:fs";
import { must } from "../../lib/assert.ts";
import { SqliteStore } from "./sqlite-store.ts";

const dataDir = must(process.argv[2], "a data directory");
const partitionCount = Number(must(process.argv[3], "a number of partitions"));
const padding = "x".repeat(3000);

try {
  const store = new SqliteStore({ dataDir });
  const opened = await Promise.all(Array.from({ length: partitionCount }, (_, index) => store.open(`p${index}`)));
  writeSync(1, "opened\n");
  for (let round = must(opened[0], "a partition").lastSequence + 1; ; round += 1) {
    await Promise.all(
      opened.map(({ epoch }, index) =>
        store.append(`p${index}`, epoch, {
          documents: [
            { kind: "round", key: "newest", body: `{"round":${round}}` },
            { kind: "task", key: String(round % 50), body: `{"round":${round},"padding":"${padding}"}` },
          ],
          events: [{ sequence: round, body: `{"round":${round},"padding":"${padding}"}` }],
          forgetEventsThrough: round - 20,
        }),
      ),
    );
    // Written at once: an acknowledgement must not wait in a buffer that dies with the process.
    writeSync(1, `${round}\n`);
  }
} catch (error) {
  if (!(error instanceof Error)) throw error;
  writeSync(2, `${error.name}: ${error.message}\n`);
  process.exitCode = 1;
}
