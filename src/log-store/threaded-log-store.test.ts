/** The thread of the log store: what it answers, what it refuses, and what is left after a full disk and after a kill. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { must } from "../lib/assert.ts";
import type { FollowedEvents, LogGroupReference } from "../logs/log-questions.ts";
import type { ReceivedBatch } from "./log-store.ts";
import { ThreadedLogStore } from "./threaded-log-store.ts";

const now = 1_800_000_000_000;
const group: LogGroupReference = { id: "g1", name: "web", retentionDays: null };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "berth-logs-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function opened(t: TestContext, file: string | null = null, bytesMax = 1e9) {
  const crashes: string[] = [];
  const store = new ThreadedLogStore({ file, bytesMax, onCrash: (error) => crashes.push(error.message) });
  t.after(() => store.close());
  await store.createStream(group, "a", now);
  return { store, crashes };
}

const body = (messages: readonly string[], timestamp = now): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(
    JSON.stringify({
      logGroupName: "web",
      logStreamName: "a",
      logEvents: messages.map((message) => ({ timestamp, message })),
    }),
  );

async function put(store: ThreadedLogStore, messages: readonly string[], owner = "1"): Promise<void> {
  await store.append(await store.receive(body(messages), owner), group, now);
}

const all = {
  streamName: "a",
  direction: "forward",
  from: null,
  startTime: null,
  endTime: null,
  limit: 10_000,
} as const;
const read = async (store: ThreadedLogStore): Promise<string[]> =>
  (JSON.parse((await store.readStream(group, all, now)).text) as { message: string }[]).map(({ message }) => message);

test("batches go through the thread, are read back after a restart, and followers hear of them", async (t) => {
  const file = join(folder(t), "berth.logs.sqlite");
  const { store } = await opened(t, file);
  const followed: FollowedEvents[] = [];
  const question = { groups: [group], streamNames: null, streamNamePrefixes: null, filterPattern: null };
  const heard = new Promise<void>((resolve, reject) => {
    store
      .follow(question, (events) => {
        followed.push(events);
        resolve();
      })
      .catch(reject);
  });
  await put(store, ["one", "two"]);
  await heard;
  assert.deepEqual(
    followed.flatMap(({ events }) => events.map(({ message }) => message)),
    ["one", "two"],
  );
  await assert.rejects(store.createStream(group, "a", now), { code: "ResourceAlreadyExistsException" });
  await assert.rejects(put(store, []), { code: "InvalidParameterException" });
  assert.equal(store.condition().storedEvents, 2);
  await store.close();
  const again = new ThreadedLogStore({ file, bytesMax: 1e9, onCrash: () => {} });
  t.after(() => again.close());
  assert.deepEqual(await read(again), ["one", "two"]);
});

test("what waits is bounded for each account and for all; more is refused at once, and counted", async (t) => {
  const { store } = await opened(t);
  const batch = () => body(["x".repeat(1_000_000)]);
  const taken: Promise<ReceivedBatch>[] = [];
  let refused = 0;
  for (const owner of ["1", "1", "2", "3"]) {
    for (let n = 0; n < 8; n += 1) {
      if (store.hasRoom(batch().length, owner)) taken.push(store.receive(batch(), owner));
      else {
        refused += 1;
        await assert.rejects(store.receive(batch(), owner), { code: "ThrottlingException", message: "Rate exceeded" });
      }
    }
  }
  assert.deepEqual([taken.length, refused, store.condition().shedBatches], [16, 16, 16]);
  for (const [index, each] of taken.entries()) {
    const received = await each;
    if (index % 2 === 0) store.drop(received);
    else await store.append(received, group, now);
  }
  await put(store, ["after"], "1");
  assert.equal(store.condition().storedEvents, 9);
});

test("a full disk fails batches, which are counted, and the store goes on when there is room", async (t) => {
  const file = join(folder(t), "berth.logs.sqlite");
  const { store } = await opened(t, file);
  await put(store, ["before"]);
  // A trigger stands in for the disk: it fails what the thread writes as a full one does.
  const other = new DatabaseSync(file, { timeout: 5_000 });
  other.exec("CREATE TRIGGER full BEFORE INSERT ON chunks BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
  await assert.rejects(put(store, ["lost", "lost too"]), {
    code: "ServiceUnavailableException",
    message: /cannot write: database or disk is full/,
  });
  assert.match(must(store.condition().failing, "a reason"), /disk is full/);
  assert.deepEqual(await read(store), ["before"]);
  other.exec("DROP TRIGGER full");
  other.close();
  await put(store, ["after"]);
  assert.equal(store.condition().failing, null);
  assert.deepEqual(await read(store), ["before", "after"]);
});

test("a file that is not a database fails every call and is reported; nothing else ends", async (t) => {
  const file = join(folder(t), "berth.logs.sqlite");
  writeFileSync(file, "no database, but long enough to be looked at as one by SQLite".repeat(20));
  const crashes: string[] = [];
  const store = new ThreadedLogStore({ file, bytesMax: 1e9, onCrash: (error) => crashes.push(error.message) });
  t.after(() => store.close());
  await assert.rejects(store.createStream(group, "a", now), { code: "ServiceUnavailableException" });
  await assert.rejects(read(store), { code: "ServiceUnavailableException" });
  assert.match(must(store.condition().failing, "a reason"), /not a database/);
  assert.equal(crashes.length, 2);
});

test("a process that is killed while it writes loses nothing that it acknowledged", async (t) => {
  const file = join(folder(t), "berth.logs.sqlite");
  const program = fileURLToPath(new URL("./writing-process.ts", import.meta.url));
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "inherit"] });
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 200) child.kill("SIGKILL");
  }
  assert.ok(acknowledged >= 200);
  const store = new ThreadedLogStore({ file, bytesMax: 1e9, onCrash: () => {} });
  t.after(() => store.close());
  const found = await read(store);
  assert.ok(found.length >= acknowledged, `${found.length} of ${acknowledged}`);
  assert.deepEqual(
    found.slice(0, acknowledged),
    Array.from({ length: acknowledged }, (_, index) => String(index + 1)),
  );
});
