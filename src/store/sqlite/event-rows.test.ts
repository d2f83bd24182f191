import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, type TestContext } from "node:test";
import { DamagedError } from "../store.ts";
import { bodies, events } from "../store-contract.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { SqliteStore } from "./sqlite-store.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-events-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

it("a file from before events were packed opens with its documents and events, and goes on from there", async (t) => {
  const dataDir = join(temporaryFolder(t), "old");
  mkdirSync(dataDir, { mode: 0o700 });
  const old = new DatabaseSync(join(dataDir, "berth.sqlite"));
  migrate(old, "old", readMigrations().slice(0, 4));
  old.exec(`
    INSERT INTO partitions (id, name, epoch, last_sequence, event_bytes, appended) VALUES (1, 'p', 3, 5, 33, 7);
    INSERT INTO documents (partition_id, kind, key, body) VALUES (1, 'task', '1', 'one')`);
  const add = old.prepare("INSERT INTO events (partition_id, sequence, body) VALUES (1, ?, ?)");
  for (const { sequence, body } of events(3, 4, 5)) add.run(sequence, body);
  old.close();

  const store = new SqliteStore({ dataDir });
  const opened = await store.open("p");
  assert.deepEqual([bodies(opened), opened.epoch, opened.lastSequence], [{ "task 1": "one" }, 4, 5]);
  assert.deepEqual(await store.readEvents("p", 0, 10), events(3, 4, 5));
  await store.append("p", opened.epoch, { documents: [], events: events(6, 7), eventBytesMax: 44 });
  assert.deepEqual(await store.readEvents("p", 0, 10), events(4, 5, 6, 7), "the old ones count, and go first");
  await store.close();
});

it("events come back byte for byte from rows of many, whatever is in them and wherever reading begins", async (t) => {
  const store = new SqliteStore({ dataDir: temporaryFolder(t) });
  const { epoch } = await store.open("p");
  const texts = ["", "{}", "é\u{1f6a2}\u0000\n[3]", "x".repeat(300_000), JSON.stringify({ a: [1, null, "\n"] })];
  const written = Array.from({ length: 1_000 }, (_, at) => ({
    sequence: at + 1,
    body: at % 97 === 3 ? (texts[3] ?? "") : `${texts[at % 3]}${at}${texts[4]}`,
  }));
  await store.append("p", epoch, { documents: [], events: written });
  for (const [after, limit] of [
    [0, 1_000],
    [255, 2],
    [511, 300],
    [998, 10],
  ] as const) {
    assert.deepEqual(await store.readEvents("p", after, limit), written.slice(after, after + limit));
  }
  await store.append("p", epoch, { documents: [], events: [], forgetEventsThrough: 300 });
  assert.deepEqual(await store.readEvents("p", 0, 5), written.slice(300, 305), "in the middle of a row");
  await store.close();
});

it("a damaged row of events is an error that says what to do, and those after it can be read", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir });
  const { epoch } = await store.open("p");
  const long = (...sequences: number[]) =>
    sequences.map((sequence) => ({ sequence, body: `${sequence}`.repeat(2_000) }));
  for (const row of [long(1, 2), long(3, 4)]) await store.append("p", epoch, { documents: [], events: row });
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  file.exec("UPDATE events SET body = substr(body, 1, length(body) - 1) || x'00' WHERE sequence = 2");
  file.close();
  await assert.rejects(store.readEvents("p", 0, 10), (error: Error) => {
    assert.ok(error instanceof DamagedError);
    return /read events of partition "p": packed texts are damaged: .*berth check/.test(error.message);
  });
  assert.deepEqual(await store.readEvents("p", 2, 10), long(3, 4));
  await store.close();
});
