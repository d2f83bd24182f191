import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, type TestContext } from "node:test";
import { FencedError, StoreError, StoreInUseError } from "../store.ts";
import { put } from "../store-contract.ts";
import { ThreadedStore } from "./threaded-store.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-thread-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

it("rejects with the errors of the store if the directory cannot be opened", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = await ThreadedStore.open({ dataDir });
  assert.equal(first.medium, join(dataDir, "berth.sqlite"));
  await assert.rejects(ThreadedStore.open({ dataDir }), (error) => {
    assert.ok(error instanceof StoreInUseError);
    return error.message.includes(`the process ${process.pid}`);
  });
  await first.close();
  writeFileSync(join(dataDir, "berth.sqlite"), "This is a diary. ".repeat(1000));
  rmSync(join(dataDir, "berth.sqlite-wal"), { force: true });
  await assert.rejects(ThreadedStore.open({ dataDir }), { name: "StoreError", message: /is not a SQLite database/ });
});

it("errors keep their class and cause, and the condition says what failed", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = await ThreadedStore.open({ dataDir });
  const { epoch } = await store.open("p");
  await assert.rejects(store.append("p", epoch - 1, put("1", "x")), FencedError);
  assert.equal(store.condition().failing, null);
  const shell = new DatabaseSync(join(dataDir, "berth.sqlite"));
  shell.exec("BEGIN IMMEDIATE");
  await assert.rejects(store.append("p", epoch, put("1", "x")), (error) => {
    return error instanceof StoreError && error.cause instanceof Error && /locked/.test(error.cause.message);
  });
  assert.match(store.condition().failing ?? "", /locked/);
  shell.exec("ROLLBACK");
  shell.close();
  await store.append("p", epoch, put("1", "x"));
  assert.equal(store.condition().failing, null);
  await store.close();
});

it("the condition of an idle store follows its files, a deleted database at once", async (t) => {
  const dataDir = temporaryFolder(t);
  const store = await ThreadedStore.open({ dataDir });
  rmSync(join(dataDir, "berth.sqlite-shm"));
  while (store.condition().failing === null) await new Promise((resolve) => setImmediate(resolve));
  assert.match(store.condition().failing ?? "", /berth\.sqlite-shm was deleted or renamed while Berth had it open/);
  await store.close();
  const other = temporaryFolder(t);
  const second = await ThreadedStore.open({ dataDir: other });
  rmSync(join(other, "berth.sqlite"));
  assert.match(second.condition().failing ?? "", /berth\.sqlite was deleted or renamed while Berth had it open/);
  await second.close();
});
