/** Who sees /metrics and the details of /health where callers need keys. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { AccessKeys } from "../../auth/access-keys.ts";
import { sealKeyPath } from "../../auth/seal-key.ts";
import { Sha256 } from "../../lib/sha256.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { SqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { RunningServer } from "../server.ts";
import { startSmallServer } from "../small-server.ts";

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

async function start(context: TestContext): Promise<{ readonly server: RunningServer; readonly key: Credentials }> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-operators-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = new SqliteStore({ dataDir });
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const { accessKeyId, secret } = await keys.createKey({ account: "123456789012", userName: "operator" });
  await store.close();
  const metricsListen = { host: "127.0.0.1", port: 0 };
  const server = await startSmallServer({ dataDir, auth: { type: "sigv4" }, simulation: null, metricsListen });
  context.after(() => server.close());
  return { server, key: { accessKeyId, secretAccessKey: secret } };
}

async function signedGet(url: string, credentials: Credentials): Promise<Response> {
  const { host, hostname, pathname } = new URL(url);
  const signer = new SignatureV4({ service: "ecs", region: "us-east-1", credentials, sha256: Sha256 });
  const request = { method: "GET", protocol: "http:", hostname, path: pathname, headers: { host }, body: "" };
  const { headers } = await signer.sign(request);
  return fetch(url, { headers });
}

test("/metrics needs a key on the port, none on the operators' listener", async (context) => {
  const { server, key } = await start(context);
  const refused = await fetch(`${server.url}/metrics`);
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /MissingAuthenticationTokenException/);
  const wrong = await signedGet(`${server.url}/metrics`, { ...key, secretAccessKey: "wrong" });
  assert.match(await wrong.text(), /InvalidSignatureException/);
  assert.match(await (await signedGet(`${server.url}/metrics`, key)).text(), /^berth_append_bytes_total 0$/m);
  assert.match(await (await fetch(`${server.metricsUrl}/metrics`)).text(), /^berth_append_bytes_total 0$/m);
});

test("/health tells strangers whether all is well and how many, and operators what is wrong", async (context) => {
  const { server, key } = await start(context);
  const known = ["clockOffsetSeconds", "failed", "healthy", "loading", "machines", "reasons", "warnings"];
  const stranger = (await (await fetch(`${server.url}/health`)).json()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(stranger).sort(), known);
  assert.deepEqual([stranger.healthy, stranger.failed, stranger.reasons, stranger.warnings], [true, 0, 0, 0]);
  for (const answer of [await signedGet(`${server.url}/health`, key), await fetch(`${server.metricsUrl}/health`)]) {
    assert.deepEqual(((await answer.json()) as Record<string, unknown>).failed, []);
  }
  const wrong = await signedGet(`${server.url}/health`, { ...key, secretAccessKey: "wrong" });
  assert.equal(wrong.status, 400);
});

test("the operators' listener answers nothing else, and no web page", async (context) => {
  const { server } = await start(context);
  const { metricsUrl } = server;
  assert.equal((await fetch(`${metricsUrl}/`, { method: "POST", body: "{}" })).status, 404);
  assert.equal((await fetch(`${metricsUrl}/metrics`, { method: "POST" })).status, 404);
  assert.equal((await fetch(`${metricsUrl}/metrics`, { headers: { origin: "http://evil.example" } })).status, 403);
  assert.equal((await fetch(`${metricsUrl}/health`, { headers: { "sec-fetch-site": "cross-site" } })).status, 403);
});
