import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, type TestContext } from "node:test";
import fc from "fast-check";
import { must } from "../../lib/assert.ts";
import { DamagedError } from "../store.ts";
import { bodies, events, put } from "../store-contract.ts";
import { ReadDatabase } from "./read-database.ts";
import { SqliteStore } from "./sqlite-store.ts";

const logLimits = { loggedFrom: 2, generationWrites: 8 };

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-log-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const tasks = (body: string, ...keys: number[]) => ({
  documents: keys.map((key) => ({ kind: "task", key: String(key), body })),
  events: [],
});

const rows = (dataDir: string, sql: string): Record<string, unknown>[] => {
  const database = new DatabaseSync(join(dataDir, "berth.sqlite"), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};

/** The documents as `berth check` reads them, while the store is open. */
function readBeside(dataDir: string): Record<string, string> {
  const database = new ReadDatabase(join(dataDir, "berth.sqlite"));
  try {
    const { id } = must(database.partitions()[0], "a partition");
    const read = [...database.documents(id)].map((each) => (each.ok ? each.document : assert.fail(each.why)));
    return bodies({ documents: read, epoch: 0, lastSequence: 0, neededAt: 0, writtenBy: null });
  } finally {
    database.close();
  }
}

it("documents of large appends are in the table after a close, written once, and the log is empty", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir, logLimits });
  const { epoch } = await store.open("p");
  for (let n = 0; n < 3; n += 1) await store.append("p", epoch, tasks(`v${n}`, 1, 2));
  assert.deepEqual(rows(dataDir, "SELECT * FROM documents"), [], "not yet");
  assert.equal(rows(dataDir, "SELECT * FROM document_log").length, 3);
  assert.deepEqual(readBeside(dataDir), { "task 1": "v2", "task 2": "v2" });
  await store.close();
  const found = rows(dataDir, "SELECT key, body FROM documents ORDER BY key").map(({ key, body }) => `${key} ${body}`);
  assert.deepEqual(found, ["1 v2", "2 v2"]);
  assert.deepEqual(rows(dataDir, "SELECT * FROM document_log"), []);
});

it("small appends go straight into the table, unless the log holds documents of their partition", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir, logLimits });
  const [p, q] = [await store.open("p"), await store.open("q")];
  await store.append("p", p.epoch, tasks("large", 1, 2));
  await Promise.all([store.append("p", p.epoch, tasks("small", 1)), store.append("q", q.epoch, tasks("small", 1))]);
  const found = rows(dataDir, "SELECT name, key FROM documents JOIN partitions ON partitions.id = partition_id");
  assert.deepEqual(
    found.map(({ name, key }) => `${name} ${key}`),
    ["q 1"],
  );
  assert.deepEqual(bodies(await store.open("p")), { "task 1": "small", "task 2": "large" });
  await store.close();
});

it("a process that dies at any append leaves the documents of all of them", async (t) => {
  const step = fc.record({
    keys: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 5 }),
    isDeletion: fc.boolean(),
  });
  let run = 0;
  const folder = temporaryFolder(t);
  const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
    run += 1;
    const dataDir = join(folder, `${run}`);
    const model = new Map<string, string>();
    const store = new SqliteStore({ dataDir, logLimits });
    const { epoch } = await store.open("p");
    for (const [at, { keys, isDeletion }] of steps.entries()) {
      const { documents } = tasks(`${at}`, ...keys);
      const written = documents.map((each) => (isDeletion ? { ...each, body: null } : each));
      await store.append("p", epoch, { documents: written, events: [] });
      for (const { kind, key, body } of written) {
        if (body === null) model.delete(`${kind} ${key}`);
        else model.set(`${kind} ${key}`, body);
      }
      assert.deepEqual(readBeside(dataDir), Object.fromEntries(model), "as berth check reads it");
    }
    const died = join(folder, `${run}-died`);
    cpSync(dataDir, died, { recursive: true });
    await store.close();
    for (const directory of [dataDir, died]) {
      const again = new SqliteStore({ dataDir: directory, logLimits });
      assert.deepEqual(bodies(await again.open("p")), Object.fromEntries(model));
      await again.close();
    }
  });
  await fc.assert(property, { numRuns: 20 });
});

it("what the log holds of a removed partition is gone, and its successor does not get it", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = new SqliteStore({ dataDir, logLimits });
  const { epoch } = await first.open("p");
  // Ten writes: the first generation is being moved when the partition goes.
  for (let n = 0; n < 5; n += 1) await first.append("p", epoch, tasks("old", n, n + 20));
  await first.remove("p", epoch);
  const died = temporaryFolder(t);
  cpSync(dataDir, died, { recursive: true });
  for (const [directory, store] of [
    [dataDir, first],
    [died, new SqliteStore({ dataDir: died, logLimits })],
  ] as const) {
    const again = await store.open("p");
    await store.append("p", again.epoch, tasks("new", 1, 2));
    assert.deepEqual(bodies(await store.open("p")), { "task 1": "new", "task 2": "new" });
    await store.close();
    assert.deepEqual(rows(directory, "SELECT * FROM document_log"), []);
  }
});

it("a damaged row of the log harms only its partition, and stays", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = new SqliteStore({ dataDir, logLimits });
  for (const name of ["p", "q"]) {
    const { epoch } = await first.open(name);
    await first.append(name, epoch, tasks(name.repeat(1_000), 1, 2));
  }
  const died = temporaryFolder(t);
  cpSync(dataDir, died, { recursive: true });
  await first.close();
  const file = new DatabaseSync(join(died, "berth.sqlite"));
  file.exec("UPDATE document_log SET body = substr(body, 1, length(body) - 1) || x'00' WHERE id = 1");
  file.close();
  for (let start = 0; start < 2; start += 1) {
    const store = new SqliteStore({ dataDir: died, logLimits });
    await assert.rejects(store.open("p"), (error: Error) => {
      assert.ok(error instanceof DamagedError);
      return /failed to open partition "p": packed texts are damaged: .*berth check/.test(error.message);
    });
    const q = await store.open("q");
    assert.equal(q.documents.length, 2);
    await store.append("q", q.epoch, { ...put("2", `start ${start}`), events: events(start + 1) });
    await store.close();
  }
});
