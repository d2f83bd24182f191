import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startThread } from "./start-thread.ts";

const saysItsCache = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { getCompileCacheDir } from "node:module";
    import { parentPort, workerData } from "node:worker_threads";
    parentPort.postMessage([getCompileCacheDir(), workerData]);
  `)}`,
);

test("a thread has the compile cache of its process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-cache-"));
  // A process has one cache; another test of this process may have chosen it already.
  enableCompileCache(folder);
  const thread = startThread(saysItsCache, { workerData: "what it works on" });
  const [[cache, data]] = await once(thread, "message");
  assert.equal(typeof cache, "string");
  assert.equal(cache, getCompileCacheDir());
  assert.equal(data, "what it works on");
  await thread.terminate();
  rmSync(folder, { recursive: true, force: true });
});
