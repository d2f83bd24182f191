import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, type TestContext } from "node:test";
import { must } from "../../lib/assert.ts";
import { FencedError, StoreError, StoreInUseError } from "../store.ts";
import { bodies, events, put } from "../store-contract.ts";
import { documentLogLimits } from "./document-log.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { openDatabase } from "./open-database.ts";
import { SqliteStore } from "./sqlite-store.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-sqlite-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A store that commits a group when the test says so. */
function steppedStore(dataDir: string): { store: SqliteStore; flush: () => void; scheduled: () => number } {
  const waiting: (() => void)[] = [];
  const store = new SqliteStore({ dataDir, scheduleFlush: (flush) => waiting.push(flush) });
  return { store, flush: () => waiting.shift()?.(), scheduled: () => waiting.length };
}

async function outcomes(appends: readonly Promise<void>[]): Promise<string[]> {
  const results = await Promise.allSettled(appends);
  return results.map((result) => (result.status === "rejected" ? result.reason.name : "kept"));
}

it("creates a missing directory, readable by its user only, with the files in it", async (t) => {
  const dataDir = join(temporaryFolder(t), "some", "where");
  const store = new SqliteStore({ dataDir });
  assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  for (const file of ["berth.sqlite", "berth.sqlite-wal", "berth.pid", "berth.lock"]) {
    assert.equal(statSync(join(dataDir, file)).mode & 0o777, 0o600, file);
  }
  await store.close();
});

it("commits with a write-ahead log that is synchronised at each commit", (t) => {
  const database = openDatabase(join(temporaryFolder(t), "berth.sqlite"));
  const setting = (name: string) => Object.values(must(database.prepare(`PRAGMA ${name}`).get(), name))[0];
  assert.equal(setting("journal_mode"), "wal");
  assert.equal(setting("synchronous"), 2, "2 is FULL");
  assert.equal(setting("fullfsync"), 1);
  assert.equal(setting("page_size"), 8192);
  database.close();
});

it("puts the appends of one turn into one group", async (t) => {
  const { store, flush, scheduled } = steppedStore(temporaryFolder(t));
  const a = await store.open("a");
  const b = await store.open("b");
  const appends = [
    store.append("a", a.epoch, { ...put("1", "a1"), events: events(1) }),
    store.append("b", b.epoch, put("1", "b1")),
    store.append("a", a.epoch, { ...put("1", "a2"), events: events(2) }),
  ];
  assert.equal(scheduled(), 1);
  assert.deepEqual(await store.readEvents("a", 0, 10), [], "nothing is visible before it is durable");
  flush();
  assert.deepEqual(await outcomes(appends), ["kept", "kept", "kept"]);
  assert.deepEqual(await store.readEvents("a", 0, 10), events(1, 2));
  await store.close();
});

it("splits commits that would hold the event loop too long, by writes and by text", async (t) => {
  const { store, flush, scheduled } = steppedStore(temporaryFolder(t));
  const { epoch } = await store.open("p");
  const small = Array.from({ length: 2_001 }, (_, index) =>
    store.append("p", epoch, { documents: [], events: events(index + 1) }),
  );
  flush();
  assert.equal((await store.readEvents("p", 0, 5_000)).length, 2_000);
  assert.equal(scheduled(), 1);
  flush();
  await Promise.all(small);
  const body = JSON.stringify("x".repeat(1_500_000));
  const large = Array.from({ length: 3 }, (_, index) =>
    store.append("p", epoch, {
      documents: [{ kind: "large", key: String(index), body }],
      events: events(2_002 + index),
    }),
  );
  flush();
  assert.equal((await store.readEvents("p", 2_001, 5_000)).length, 2, "a third would make it too much text");
  flush();
  await Promise.all(large);
  await store.close();
});

it("opens a partition completely even if it has more documents than are read at a time", async (t) => {
  const store = new SqliteStore({
    dataDir: temporaryFolder(t),
    logLimits: { ...documentLogLimits, loggedFrom: Number.POSITIVE_INFINITY },
  });
  const { epoch } = await store.open("p");
  const other = await store.open("other");
  const documents = Array.from({ length: 2_500 }, (_, at) => ({ kind: "task", key: `${at}`, body: `{"at":${at}}` }));
  await store.append("p", epoch, { documents: documents.slice(0, 1_200), events: [] });
  await store.append("other", other.epoch, { documents: [{ kind: "task", key: "1", body: "{}" }], events: [] });
  await store.append("p", epoch, { documents: documents.slice(1_200), events: [] });
  let turns = 0;
  let isOpening = true;
  const count = (): void => {
    turns += 1;
    if (isOpening) setImmediate(count);
  };
  setImmediate(count);
  const opened = await store.open("p");
  isOpening = false;
  assert.deepEqual(opened.documents, documents);
  assert.ok(turns >= 2, "the event loop turned while they were read");
  await store.close();
});

it("rejects and rolls back the whole group if the medium fails in the middle, then continues", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir });
  const a = await store.open("a");
  const b = await store.open("b");
  const old = b.epoch - 1;
  // Simulates a full disk: the trigger fails the transaction at this document, in both ways that SQLite knows.
  const saboteur = new DatabaseSync(join(dataDir, "berth.sqlite"));
  for (const way of ["ROLLBACK", "FAIL"]) {
    saboteur.exec(`CREATE TRIGGER fails_${way} BEFORE INSERT ON documents WHEN NEW.key = '${way}'
      BEGIN SELECT RAISE(${way}, 'database or disk is full'); END`);
    const appends = [
      store.append("a", a.epoch, { ...put("1", "a"), events: events(1) }),
      store.append("b", old, put("1", "fenced")),
      store.append("b", b.epoch, put(way, "b")),
      store.append("a", a.epoch, { documents: [], events: events(2) }),
    ];
    assert.deepEqual(await outcomes(appends), ["StoreError", "StoreError", "StoreError", "StoreError"]);
    await assert.rejects(appends[2] ?? Promise.resolve(), (error: StoreError) => {
      assert.match(error.message, /berth\.sqlite: failed to append to partition "a", "b": database or disk is full/);
      return error.cause instanceof Error;
    });
    assert.deepEqual(await store.readEvents("a", 0, 10), []);
  }
  saboteur.close();
  await store.append("a", a.epoch, { ...put("1", "a"), events: events(1) });
  assert.deepEqual(bodies(await store.open("a")), { "task 1": "a" });
  assert.deepEqual(bodies(await store.open("b")), {});
  await store.close();
});

it("another program's transaction on the file fails appends and openings until it ends", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir });
  const { epoch } = await store.open("p");
  const shell = new DatabaseSync(join(dataDir, "berth.sqlite"));
  shell.exec("BEGIN IMMEDIATE");
  await assert.rejects(store.append("p", epoch, put("1", "x")), (error) => {
    return error instanceof StoreError && !(error instanceof FencedError) && /locked/.test(error.message);
  });
  await assert.rejects(store.open("p"), StoreError);
  shell.exec("ROLLBACK");
  shell.close();
  await store.append("p", epoch, put("1", "x"));
  await store.close();
});

it("a removed partition is deleted in slices, resumes after a restart, and nobody gets its id meanwhile", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = new SqliteStore({ dataDir });
  const { epoch } = await first.open("p");
  const many = Array.from({ length: 5_000 }, (_, index) => index + 1);
  const documents = many.map((key) => ({ kind: "task", key: String(key), body: "x" }));
  await first.append("p", epoch, { documents, events: events(...many) });
  await first.remove("p", epoch);
  await first.close();

  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  const count = (table: string) => Number(file.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  assert.ok(count("events") > 0, "the store was closed before all was deleted");
  const second = new SqliteStore({ dataDir });
  const opened = await second.open("p");
  assert.deepEqual(opened.documents, []);
  await second.append("p", opened.epoch, { ...put("1", "new"), events: events(5_001) });
  while (count("leftovers") > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([count("documents"), count("events")], [1, 1]);
  assert.deepEqual(bodies(await second.open("p")), { "task 1": "new" });
  file.close();
  await second.close();
});

it("partitions opened in one turn share a transaction; a damaged one harms no other", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = new SqliteStore({ dataDir });
  const saboteur = new DatabaseSync(join(dataDir, "berth.sqlite"));
  saboteur.exec(`CREATE TRIGGER fails BEFORE INSERT ON partitions WHEN NEW.name = 'bad'
    BEGIN SELECT RAISE(ABORT, 'database disk image is malformed'); END`);
  saboteur.close();
  const opened = await Promise.allSettled(["a", "bad", "b"].map((name) => store.open(name)));
  assert.deepEqual(
    opened.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  await assert.rejects(store.open("bad"), /failed to open partition "bad": database disk image is malformed/);
  await store.close();
});

it("refuses a second store on the directory, naming the process, until the first is closed", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = new SqliteStore({ dataDir });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.throws(
      () => new SqliteStore({ dataDir }),
      (error) => {
        assert.ok(error instanceof StoreInUseError);
        return error.message.includes(dataDir) && error.message.includes(`the process ${process.pid}`);
      },
    );
  }
  rmSync(join(dataDir, "berth.pid"));
  assert.throws(() => new SqliteStore({ dataDir }), /in use by another process/);
  await first.close();
  const second = new SqliteStore({ dataDir });
  await second.close();
});

it("says what to do about a file that is not a database", (t) => {
  const dataDir = temporaryFolder(t);
  writeFileSync(join(dataDir, "berth.sqlite"), "This is a diary. ".repeat(1000));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    assert.throws(() => new SqliteStore({ dataDir }), {
      name: "StoreError",
      message: /berth\.sqlite is not a SQLite database, or it is damaged\. Restore it from a backup, move it away/,
    });
  }
  assert.match(readFileSync(join(dataDir, "berth.sqlite"), "utf8"), /^This is a diary/);
});

it("says what to do about another program's database", (t) => {
  const dataDir = temporaryFolder(t);
  const foreign = new DatabaseSync(join(dataDir, "berth.sqlite"));
  foreign.exec("CREATE TABLE documents (id INTEGER)");
  foreign.close();
  assert.throws(() => new SqliteStore({ dataDir }), {
    name: "StoreError",
    message: /is a SQLite database, but not one of Berth\. Move it away/,
  });
});

it("says what to do about a file of a newer Berth, and leaves it unchanged", async (t) => {
  const dataDir = temporaryFolder(t);
  await new SqliteStore({ dataDir }).close();
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  file.exec("UPDATE schema_version SET version = 999");
  assert.throws(() => new SqliteStore({ dataDir }), {
    name: "StoreError",
    message: /written by a newer Berth \(schema version 999; .*Start that newer version/,
  });
  assert.equal(file.prepare("SELECT version FROM schema_version").get()?.version, 999);
  file.close();
});

it("says what to do about an unusable directory", (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "file");
  writeFileSync(file, "");
  const plain = { name: "StoreError", message: /cannot be used \(.*\)\. Make it a directory that this user may write/ };
  assert.throws(() => new SqliteStore({ dataDir: file }), plain);
  assert.throws(() => new SqliteStore({ dataDir: join(file, "below") }), plain);
  // Permissions do not bind root.
  if (process.getuid?.() === 0) return;
  chmodSync(folder, 0o500);
  assert.throws(() => new SqliteStore({ dataDir: folder }), plain);
  assert.throws(() => new SqliteStore({ dataDir: join(folder, "below") }), plain);
  chmodSync(folder, 0o700);
});

it("a migration that fails leaves the file unchanged", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, "file", readMigrations());
  const next = readMigrations().length + 1;
  const failing = [...readMigrations(), { version: next, sql: "CREATE TABLE half (id INTEGER); SELECT nonsense" }];
  assert.throws(() => migrate(database, "file", failing), /nonsense/);
  assert.equal(database.prepare("SELECT version FROM schema_version").get()?.version, next - 1);
  assert.equal(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").get(), undefined);

  migrate(database, "file", [...readMigrations(), { version: next, sql: "CREATE TABLE whole (id INTEGER)" }]);
  assert.equal(database.prepare("SELECT version FROM schema_version").get()?.version, next);
  assert.notEqual(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'whole'").get(), undefined);
  database.close();
});
