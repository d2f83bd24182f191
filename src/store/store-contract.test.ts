import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyMemoryDisk, MemoryStore } from "./memory/memory-store.ts";
import { documentLogLimits } from "./sqlite/document-log.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import { describeStore } from "./store-contract.ts";

describeStore("memory", () => {
  const disk = emptyMemoryDisk();
  return { openStore: () => new MemoryStore({ disk }) };
});

for (const [name, logLimits] of [
  ["sqlite", documentLogLimits],
  ["sqlite, every append logged", { loggedFrom: 1, generationWrites: 3 }],
] as const) {
  describeStore(name, (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-store-"));
    t.after(() => rmSync(dataDir, { recursive: true }));
    return { openStore: () => new SqliteStore({ dataDir, logLimits }) };
  });
}
