import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { emptyMemoryDisk, MemoryStore } from "./memory/memory-store.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";
import { put } from "./store-contract.ts";

const dataDir = mkdtempSync(join(tmpdir(), "berth-written-by-"));
test.after(() => rmSync(dataDir, { recursive: true }));
const disk = emptyMemoryDisk();

const stores: Record<string, (version: string) => Store> = {
  memory: (version) => new MemoryStore({ disk, version }),
  sqlite: (version) => new SqliteStore({ dataDir, version }),
};

for (const [name, open] of Object.entries(stores)) {
  test(`${name}: a partition says which version of Berth appended last, whoever opened it since`, async () => {
    const versions: (string | null)[] = [];
    const lives = [
      ["1.0.0", true],
      ["2.0.0", false],
      ["3.0.0", true],
      ["2.0.0", false],
    ] as const;
    for (const [version, writes] of lives) {
      const store = open(version);
      const { epoch, writtenBy } = await store.open("p");
      versions.push(writtenBy);
      if (writes) await store.append("p", epoch, put("1", version));
      await store.close();
    }
    assert.deepEqual(versions, [null, "1.0.0", "1.0.0", "3.0.0"]);
  });
}
