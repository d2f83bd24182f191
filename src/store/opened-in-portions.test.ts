import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { MemoryStore } from "./memory/memory-store.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import type { OpenedPartition, Store } from "./store.ts";
import { bodies, events } from "./store-contract.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-portions-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const stores: Record<string, (t: TestContext) => Store | Promise<Store>> = {
  memory: () => new MemoryStore(),
  sqlite: (t) => new SqliteStore({ dataDir: temporaryFolder(t) }),
};

for (const [name, open] of Object.entries(stores)) {
  it(`${name}: gives documents in portions to whoever asks for that, the next when the last is taken`, async (t) => {
    const store = await open(t);
    const { epoch } = await store.open("p");
    const documents = Array.from({ length: 2_500 }, (_, at) => ({ kind: "task", key: `${at}`, body: `{"at":${at}}` }));
    await store.append("p", epoch, { documents, events: events(1) });
    const taken: OpenedPartition["documents"][number][] = [];
    const headers: object[] = [];
    const { documents: returned, ...opened } = await store.open("p", async (portion, header) => {
      headers.push(header);
      await new Promise((resolve) => setImmediate(resolve));
      taken.push(...portion);
    });
    assert.deepEqual(returned, []);
    assert.deepEqual(bodies({ ...opened, documents: taken }), bodies({ ...opened, documents }));
    assert.deepEqual(
      headers,
      headers.map(() => opened),
    );
    await assert.rejects(
      store.open("p", () => Promise.reject(new Error("not wanted"))),
      /not wanted/,
    );
    assert.deepEqual(bodies(await store.open("p")), bodies({ ...opened, documents }));
    await store.close();
  });
}
