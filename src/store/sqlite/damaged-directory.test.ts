/** What happens to the files of a data directory behind Berth's back, while it runs and while it is stopped. */
import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { must } from "../../lib/assert.ts";
import { DamagedError, StoreError } from "../store.ts";
import { bodies, events, put } from "../store-contract.ts";
import { SqliteStore } from "./sqlite-store.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "berth-damage-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function opened(dataDir: string) {
  const store = new SqliteStore({ dataDir });
  const { epoch } = await store.open("p");
  await store.append("p", epoch, { ...put("1", "one"), events: events(1) });
  return { store, append: (body: string) => store.append("p", epoch, put("1", body)) };
}

/** What a process that starts on a copy of the directory would find, as after a kill. */
async function foundBy(
  dataDir: string,
  t: TestContext,
): Promise<{ task: string | undefined; warnings: readonly string[] }> {
  const copy = folder(t);
  cpSync(dataDir, copy, { recursive: true });
  const store = new SqliteStore({ dataDir: copy });
  const task = bodies(await store.open("p"))["task 1"];
  const { warnings } = store.condition();
  await store.close();
  return { task, warnings };
}

const attacks: Record<string, { does: (file: string) => void; says: RegExp }> = {
  "the database is deleted": { does: (file) => unlinkSync(file), says: /berth\.sqlite was deleted or renamed/ },
  "the database is renamed": {
    does: (file) => renameSync(file, `${file}.old`),
    says: /berth\.sqlite was deleted or renamed/,
  },
  "another file takes its place": {
    does: (file) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
    says: /berth\.sqlite was replaced by another file/,
  },
  "the log is deleted": { does: (file) => unlinkSync(`${file}-wal`), says: /berth\.sqlite-wal was deleted or renamed/ },
  "the index of the log is deleted": { does: (file) => unlinkSync(`${file}-shm`), says: /-shm was deleted or renamed/ },
  "the log is cut": { does: (file) => truncateSync(`${file}-wal`, 4_096), says: /-wal was overwritten or shortened/ },
  "the directory is deleted": {
    does: (file) => rmSync(join(file, ".."), { recursive: true }),
    says: /berth\.sqlite was deleted or renamed/,
  },
  "a backup is copied over the database": {
    does: (file) => writeFileSync(file, readFileSync(`${file}.backup`)),
    says: /berth\.sqlite was overwritten or shortened/,
  },
};

for (const [name, { does, says }] of Object.entries(attacks)) {
  test(`${name} under a running store: no more appends are acknowledged, and the reason is given`, async (t) => {
    const dataDir = join(folder(t), "data");
    const { store, append } = await opened(dataDir);
    const file = join(dataDir, "berth.sqlite");
    copyFileSync(file, `${file}.backup`);
    await append("two");
    assert.deepEqual(store.condition(), { failing: null, damaged: [], warnings: [] });
    does(file);
    assert.match(store.condition().failing ?? "", says, "without a write");
    await assert.rejects(append("three"), (error: Error) => error instanceof StoreError && says.test(error.message));
    await assert.rejects(store.open("p"), says);
    await store.close();
  });
}

test("a database that comes back under its name is written to again", async (t) => {
  const dataDir = folder(t);
  const { store, append } = await opened(dataDir);
  const file = join(dataDir, "berth.sqlite");
  renameSync(file, `${file}.old`);
  await assert.rejects(append("two"), /was deleted or renamed/);
  renameSync(`${file}.old`, file);
  await append("three");
  assert.equal(store.condition().failing, null);
  assert.equal((await foundBy(dataDir, t)).task, "three");
  await store.close();
});

test("what was acknowledged is found under the file's name, even if it vanishes during the write", async (t) => {
  const dataDir = folder(t);
  const flushes: (() => void)[] = [];
  const store = new SqliteStore({ dataDir, scheduleFlush: (flush) => flushes.push(flush) });
  const { epoch } = await store.open("p");
  const file = join(dataDir, "berth.sqlite");
  // A trigger within the transaction cannot rename, so the file goes between the checks before and after it.
  const exec = DatabaseSync.prototype.exec;
  t.after(() => {
    DatabaseSync.prototype.exec = exec;
  });
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql === "COMMIT") renameSync(file, `${file}.old`);
    return exec.call(this, sql);
  };
  const append = store.append("p", epoch, put("1", "x"));
  flushes.shift()?.();
  await assert.rejects(append, /was deleted or renamed/);
  DatabaseSync.prototype.exec = exec;
  await store.close();
});

test("other programs that use SQLite do no damage: a shell that writes, moves the log into the file, or makes a backup", async (t) => {
  const dataDir = folder(t);
  const { store, append } = await opened(dataDir);
  const shell = new DatabaseSync(join(dataDir, "berth.sqlite"));
  const uses = ["PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "CREATE TABLE x (y)"];
  for (const [index, sql] of uses.entries()) {
    await append(`before ${index}`);
    shell.exec(sql);
    assert.equal(store.condition().failing, null, sql);
    await append(`after ${index}`);
  }
  shell.exec(`VACUUM INTO '${join(dataDir, "backup.sqlite")}'`);
  shell.close();
  await append("last");
  assert.equal((await foundBy(dataDir, t)).task, "last");
  // Enough to make our own commits move the log into the file.
  for (let n = 0; n < 300; n += 1) await append("x".repeat(100_000));
  assert.equal(store.condition().failing, null);
  await store.close();
});

test("a start says how many acknowledged appends a lost log contained, until that is accepted", async (t) => {
  const dataDir = folder(t);
  const { store, append } = await opened(dataDir);
  for (let n = 0; n < 4; n += 1) await append(String(n));
  const killed = folder(t);
  cpSync(dataDir, killed, { recursive: true });
  await store.close();

  assert.deepEqual(await foundBy(killed, t), { task: "3", warnings: [] }, "a kill alone loses nothing");
  const wal = statSync(join(killed, "berth.sqlite-wal")).size;
  truncateSync(join(killed, "berth.sqlite-wal"), wal - 1_000);
  const short = await foundBy(killed, t);
  assert.equal(short.task, "2");
  assert.match(must(short.warnings[0], "a warning"), /^1 acknowledged appends are missing from .*--accept-loss/);
  unlinkSync(join(killed, "berth.sqlite-wal"));
  for (let start = 0; start < 2; start += 1) {
    const again = new SqliteStore({ dataDir: killed });
    assert.match(must(again.condition().warnings[0], "a warning"), /^5 acknowledged appends are missing/);
    await again.close();
  }
  const last = new SqliteStore({ dataDir: killed });
  assert.equal(last.acceptMissing(), 5);
  assert.deepEqual(last.condition().warnings, []);
  await last.close();
  assert.deepEqual((await foundBy(killed, t)).warnings, []);
});

test("documents of a partition whose row is missing are given to no other, and the rest works", async (t) => {
  const dataDir = folder(t);
  const { store } = await opened(dataDir);
  const { epoch } = await store.open("other");
  await store.append("other", epoch, put("1", "of other"));
  await store.close();
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  file.exec("DELETE FROM partitions WHERE name = 'other'");
  file.close();
  const again = new SqliteStore({ dataDir });
  assert.match(
    must(again.condition().damaged[0], "damage"),
    /rows in the table partitions are missing\. .*berth check/,
  );
  await assert.rejects(again.open("other"), DamagedError);
  await assert.rejects(again.open("new"), DamagedError);
  assert.deepEqual(bodies(await again.open("p")), { "task 1": "one" });
  await again.close();
});

test("an event that is missing among others is an error, not skipped", async (t) => {
  const dataDir = folder(t);
  const store = new SqliteStore({ dataDir });
  const { epoch } = await store.open("p");
  for (const row of [events(1, 2, 3), events(4), events(5), events(6)]) {
    await store.append("p", epoch, { documents: [], events: row, forgetEventsThrough: 1 });
  }
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  assert.deepEqual(await store.readEvents("p", 0, 2), events(2, 3));
  file.exec("DELETE FROM events WHERE sequence = 4");
  assert.deepEqual(await store.readEvents("p", 0, 2), events(2, 3));
  for (const after of [0, 3]) {
    await assert.rejects(
      store.readEvents("p", after, 10),
      /event 4 of partition "p" is missing, though later ones are/,
    );
  }
  assert.deepEqual(await store.readEvents("p", 4, 10), events(5, 6));
  file.exec("DELETE FROM events WHERE sequence = 6");
  await assert.rejects(store.readEvents("p", 4, 10), /event 6 of partition/);
  file.close();
  await store.close();
});

test("a damaged page harms only its own partition", async (t) => {
  const dataDir = folder(t);
  const first = new SqliteStore({ dataDir });
  const names = ["a", "b", "c"];
  for (const name of names) {
    const { epoch } = await first.open(name);
    // Each fills pages of its own.
    for (let n = 0; n < 20; n += 1) await first.append(name, epoch, put(String(n), `${name}:`.repeat(2_000)));
  }
  await first.close();
  const path = join(dataDir, "berth.sqlite");
  const content = readFileSync(path);
  const page = Math.floor(content.indexOf("b:b:b:b:") / 8_192);
  const file = openSync(path, "r+");
  for (let at = page; at < page + 4; at += 1) writeSync(file, Buffer.alloc(8_192, 0xff), 0, 8_192, at * 8_192);
  const again = new SqliteStore({ dataDir });
  await assert.rejects(again.open("b"), (error: Error) => {
    assert.ok(error instanceof DamagedError);
    return /berth\.sqlite: failed to read the documents of partition "b": .*berth check/.test(error.message);
  });
  for (const name of ["a", "c"]) {
    const { epoch, documents } = await again.open(name);
    assert.equal(documents.length, 20);
    await again.append(name, epoch, put("0", "still written"));
  }
  await again.close();
});
