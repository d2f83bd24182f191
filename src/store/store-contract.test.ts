import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyMemoryDisk, MemoryStore } from "./memory/memory-store.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import { describeStore } from "./store-contract.ts";

describeStore("memory", () => {
  const disk = emptyMemoryDisk();
  return { openStore: () => new MemoryStore({ disk }) };
});

describeStore("sqlite", (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-store-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  return { openStore: () => new SqliteStore({ dataDir }) };
});
