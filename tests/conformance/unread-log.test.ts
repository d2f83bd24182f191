/** A server whose log nobody reads: standard error is a full pipe. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { berthMain } from "../berth-process.ts";
import { loggedLines } from "../logged-events.ts";

/** LIMIT: 2,000 calls with a line each are 400 KB; a pipe holds 64 KB. */
const calls = 2_000;

test("a log that nobody reads blocks no call and lets the server end in time", async (t) => {
  const flags = ["--in-memory", "--instances", "0", "--runtime", "simulated", "--log-level", "debug"];
  const argv = [berthMain, "dev", "--port", "0", "--json", ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  child.stderr.pause();
  const [listening] = await once(child.stdout, "data");
  const { url } = JSON.parse(String(listening)) as { readonly url: string };

  const call = async (): Promise<number> => {
    const headers = {
      "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters",
      authorization:
        "AWS4-HMAC-SHA256 Credential=any/20300101/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-date": "20300101T000000Z",
    };
    const response = await fetch(url, { method: "POST", headers, body: "{}", signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    return response.status;
  };
  for (let made = 0; made < calls; made += 20) {
    const statuses = await Promise.all(Array.from({ length: 20 }, call));
    assert.ok(statuses.every((status) => status === 200));
  }
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await exit, [0, null]);
});

test("a reader that is reading gets the last lines", async () => {
  const flags = ["--in-memory", "--instances", "0", "--runtime", "simulated", "--log-level", "info"];
  const child = spawn(process.execPath, [berthMain, "dev", "--port", "0", "--json", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  await once(child, "close");
  assert.equal(loggedLines(log).at(-1)?.event, "server-stopping");
});
