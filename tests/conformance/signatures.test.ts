/** `berth serve --auth sigv4`: keys from `berth keys create` give access, everything else gets AWS's errors. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { type BerthProcess, runBerth, startBerth } from "../berth-process.ts";
import { expectRefused } from "./world.ts";

type Key = { readonly accessKeyId: string; readonly secretAccessKey: string };

const account = "123456789012";
const dataDir = mkdtempSync(join(tmpdir(), "berth-signatures-"));
let berth: BerthProcess;
let key: Key;
let deleted: Key;
const clients: ECS[] = [];

before(async () => {
  key = createKey();
  deleted = createKey();
  const { code, err } = runBerth(["keys", "delete", deleted.accessKeyId, "--data-dir", dataDir]);
  assert.equal(code, 0, err);
  berth = await startBerth("serve", ["--auth", "sigv4", "--data-dir", dataDir, "--log-level", "debug"]);
});
after(async () => {
  for (const client of clients) client.destroy();
  await berth.end("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

function createKey(): Key {
  const { code, out, err } = runBerth(["keys", "create", "--json", "--account", account, "--data-dir", dataDir]);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Key;
}

function client(credentials: Key & { readonly sessionToken?: string }, more: object = {}): ECS {
  const made = new ECS({
    endpoint: berth.listening.url,
    region: "eu-west-1",
    credentials,
    maxAttempts: 1,
    ...more,
  });
  clients.push(made);
  return made;
}

/** Posts ListClusters with `headers`, and returns status and error. */
async function post(headers: Record<string, string>): Promise<{ readonly status: number; readonly type: unknown }> {
  const response = await fetch(`${berth.listening.url}/`, {
    method: "POST",
    headers: { "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters", ...headers },
    body: "{}",
  });
  const { __type: type } = (await response.json()) as { __type?: unknown };
  return { status: response.status, type };
}

describe("a key that was created", () => {
  test("opens the account that it belongs to, in any region", async () => {
    const { cluster } = await client(key).createCluster({ clusterName: "signed" });
    assert.equal(cluster?.clusterArn, `arn:aws:ecs:eu-west-1:${account}:cluster/signed`);
    const { clusterArns } = await client(key, { region: "us-east-2" }).listClusters({});
    assert.deepEqual(clusterArns, []);
  });

  test("signs calls of any size and with any text", async () => {
    const { taskDefinition } = await client(key).registerTaskDefinition({
      family: "signed",
      containerDefinitions: [
        { name: "main", image: "nginx", memory: 6, environment: [{ name: "A", value: "naïve 🚢 ".repeat(3_000) }] },
      ],
    });
    assert.equal(taskDefinition?.revision, 1);
  });
});

describe("without a correct signature", () => {
  test("a wrong secret", async () => {
    const wrong = client({ ...key, secretAccessKey: `${key.secretAccessKey}x` });
    await expectRefused(
      wrong.createCluster({ clusterName: "wrong" }),
      "InvalidSignatureException",
      /^The request signature we calculated does not match the signature you provided\./,
    );
    const { failures } = await client(key).describeClusters({ clusters: ["wrong"] });
    assert.equal(failures?.length, 1, "the refused call did nothing");
  });

  test("an unknown and a deleted key", async () => {
    for (const unknown of [
      { ...key, accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
      { ...key, accessKeyId: account },
      deleted,
    ]) {
      await expectRefused(
        client(unknown).listClusters({}),
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
      );
    }
  });

  test("a clock that is behind, and one that is ahead", async () => {
    const behind = client(key, { systemClockOffset: -20 * 60_000 });
    await expectRefused(behind.listClusters({}), "InvalidSignatureException", /^Signature expired: /);
    const ahead = client(key, { systemClockOffset: 20 * 60_000 });
    await expectRefused(ahead.listClusters({}), "InvalidSignatureException", /^Signature not yet current: /);
  });

  test("no signature", async () => {
    assert.deepEqual(await post({}), { status: 400, type: "MissingAuthenticationTokenException" });
  });

  test("malformed signatures", async () => {
    const whole = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/20260101/eu-west-1/ecs/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`;
    const incomplete = [
      "Basic YTpi",
      "AWS4-HMAC-SHA256",
      whole.replace(/, Signature=.*/, ""),
      whole.replace(/SignedHeaders=[^,]*, /, ""),
      whole.replace(/Credential=[^,]*, /, ""),
      whole.replace("/aws4_request", ""),
    ];
    for (const authorization of incomplete) {
      const answer = await post({ authorization, "x-amz-date": "20260101T000000Z" });
      assert.deepEqual(answer, { status: 400, type: "IncompleteSignatureException" }, authorization);
    }
  });

  test("a call that was changed after it was signed", async () => {
    const changed = client(key);
    changed.middlewareStack.add(
      (next) => async (args) => {
        (args as { request: { body: string } }).request.body = '{"maxResults":6}';
        return next(args);
      },
      { step: "finalizeRequest", priority: "low", name: "changeBody" },
    );
    await expectRefused(changed.listClusters({ maxResults: 5 }), "InvalidSignatureException");
  });

  test("a signature for another service", async () => {
    const other = client(key, { signingName: "ec2" });
    const error = await other.listClusters({}).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.equal(error?.name, "InvalidSignatureException");
  });
});

describe("secrets", () => {
  test("are neither in the data directory nor in the log", async () => {
    for (const file of ["berth.sqlite", "berth.sqlite-wal"]) {
      const bytes = readFileSync(join(dataDir, file));
      assert.ok(bytes.includes(key.accessKeyId) || file.endsWith("-wal"));
      assert.ok(!bytes.includes(key.secretAccessKey), file);
    }
    assert.ok(berth.complaints().includes("ListClusters"), "calls are logged at level debug");
    assert.ok(!berth.complaints().includes(key.secretAccessKey));
    assert.ok(!/Signature=/.test(berth.complaints()));
  });

  test("of a deleted key do not come back, and the rest works after a restart", async () => {
    assert.equal(await berth.end("SIGTERM"), 0);
    berth = await startBerth("serve", ["--data-dir", dataDir, "--log-level", "error"]);
    assert.deepEqual((await client(key).listClusters({})).clusterArns, [
      `arn:aws:ecs:eu-west-1:${account}:cluster/signed`,
    ]);
    await expectRefused(client(deleted).listClusters({}), "UnrecognizedClientException");
  });
});

test("serve without --data-dir, and dev on an address that others can reach, do not start", () => {
  const serve = runBerth(["serve", "--port", "0"]);
  assert.notEqual(serve.code, 0);
  assert.match(serve.err, /--data-dir/);
  const dev = runBerth(["dev", "--port", "0", "--in-memory", "--host", "0.0.0.0"]);
  assert.notEqual(dev.code, 0);
  assert.match(dev.err, /loopback/);
});
