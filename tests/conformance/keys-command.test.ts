/** `berth keys` with a running server, after a killed one, and alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { KeyClient } from "../../src/commands/keys/key-client.ts";
import { startAgent } from "../agent-process.ts";
import { type BerthProcess, runBerth, startBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";

type Created = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly role: string;
  readonly clusters: readonly string[] | null;
  readonly expiresAt: string | null;
};
type Listed = Omit<Created, "secretAccessKey"> & {
  readonly userName: string | null;
  readonly lastUsedAt: string | null;
  readonly expired: boolean;
};

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "berth-keys-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function serve(context: TestContext, dataDir: string): Promise<BerthProcess> {
  const berth = await startBerth("serve", ["--data-dir", dataDir]);
  context.after(() => berth.end("SIGKILL"));
  return berth;
}

/** Runs `berth keys` with --json to its end. It must succeed. */
function keys<T>(dataDir: string, ...argv: readonly string[]): T {
  const { code, out, err } = runBerth(["keys", ...argv, "--json", "--data-dir", dataDir]);
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

/** Runs it to its end. It must fail, and say why in one line. */
function failure(dataDir: string, ...argv: readonly string[]): string {
  const { code, err } = runBerth(["keys", ...argv, "--data-dir", dataDir]);
  assert.notEqual(code, 0);
  assert.match(err, /^berth: .+\n$/);
  return err;
}

function client(context: TestContext, { listening }: BerthProcess, credentials: Created): ECS {
  const ecs = new ECS({ endpoint: listening.url, region: "us-east-1", credentials, maxAttempts: 1 });
  context.after(() => ecs.destroy());
  return ecs;
}

test("keys are created, listed, rotated and deleted with a running server, at once and for good", async (context) => {
  const dataDir = directory(context);
  const berth = await serve(context, dataDir);
  assert.match(berth.complaints(), /no access keys yet/);
  const socket = join(dataDir, "keys.sock");
  assert.equal(statSync(socket).mode & 0o777, 0o600);

  const admin = keys<Created>(dataDir, "create", "--user", "root-like");
  const bound = ["--role", "operator", "--cluster", "a", "--cluster", "b", "--expires", "90d"];
  const operator = keys<Created>(dataDir, "create", ...bound);
  assert.deepEqual([operator.role, operator.clusters], ["operator", ["a", "b"]]);
  const days = (Date.parse(operator.expiresAt ?? "") - Date.now()) / 86_400_000;
  assert.ok(days > 89.9 && days <= 90);
  const ecs = client(context, berth, operator);
  await client(context, berth, admin).createCluster({ clusterName: "a" });
  await ecs.listTasks({ cluster: "a" });
  await assert.rejects(ecs.listTasks({ cluster: "c" }), { name: "AccessDeniedException" });

  const listed = keys<Listed[]>(dataDir, "list");
  assert.equal(listed.length, 2);
  const shown = listed.find(({ accessKeyId }) => accessKeyId === operator.accessKeyId);
  assert.deepEqual(
    [shown?.userName, shown?.role, shown?.clusters, shown?.expired],
    ["operator", "operator", ["a", "b"], false],
  );
  assert.ok(Math.abs(Date.parse(shown?.lastUsedAt ?? "") - Date.now()) < 60_000);
  const text = runBerth(["keys", "list", "--data-dir", dataDir]).out;
  assert.match(text, /^KEY +ACCOUNT +USER +ROLE +CLUSTERS +CREATED +EXPIRES +LAST USED\n/);
  assert.match(text, new RegExp(`${operator.accessKeyId} +000000000000 +operator +operator +a,b +20`));

  const rotated = keys<Created>(dataDir, "rotate", operator.accessKeyId, "--overlap", "0s");
  assert.deepEqual([rotated.role, rotated.clusters], ["operator", ["a", "b"]]);
  await assert.rejects(ecs.listTasks({ cluster: "a" }), { name: "ExpiredTokenException" });
  const next = client(context, berth, rotated);
  await next.listTasks({ cluster: "a" });
  keys(dataDir, "delete", rotated.accessKeyId);
  await assert.rejects(next.listTasks({ cluster: "a" }), { name: "UnrecognizedClientException" });
  assert.match(failure(dataDir, "delete", rotated.accessKeyId), /There is no access key/);

  // The log says what was done, and contains no secrets.
  assert.ok(logged(berth.complaints(), "key-created").length > 0);
  for (const { secretAccessKey } of [admin, operator, rotated]) {
    assert.ok(!berth.complaints().includes(secretAccessKey));
    for (const file of ["berth.sqlite", "berth.sqlite-wal"]) {
      assert.ok(!readFileSync(join(dataDir, file)).includes(secretAccessKey), file);
    }
  }

  assert.equal(await berth.end("SIGTERM"), 0);
  assert.ok(!existsSync(socket));
  const used = keys<Listed[]>(dataDir, "list").find(({ accessKeyId }) => accessKeyId === admin.accessKeyId);
  assert.ok(used?.lastUsedAt, "the last use is still there after a restart");
});

test("a socket that a killed server left does not get in the way", async (context) => {
  const dataDir = directory(context);
  const first = await serve(context, dataDir);
  const key = keys<Created>(dataDir, "create");
  await first.end("SIGKILL");
  assert.ok(existsSync(join(dataDir, "keys.sock")));
  assert.equal(keys<Listed[]>(dataDir, "list").length, 1);
  const second = await serve(context, dataDir);
  const { accessKeys } = second.listening as { readonly accessKeys?: unknown };
  assert.deepEqual(accessKeys, { admin: 1, operator: 0, "read-only": 0, agent: 0 }, "it lists its keys");
  assert.deepEqual((await client(context, second, key).listClusters({})).clusterArns, []);
  assert.equal(keys<Listed[]>(dataDir, "list").length, 1);
});

test("a data directory with a long name has a socket too", async (context) => {
  const dataDir = join(directory(context), "d".repeat(200));
  mkdirSync(dataDir);
  const berth = await serve(context, dataDir);
  const key = keys<Created>(dataDir, "create");
  await client(context, berth, key).listClusters({});
  assert.equal(await berth.end("SIGTERM"), 0);
});

test("many concurrent commands each take effect, and malformed lines do not", async (context) => {
  const dataDir = directory(context);
  const berth = await serve(context, dataDir);
  const account = "000000000000";
  const made = await Promise.all(
    Array.from({ length: 12 }, () => new KeyClient(dataDir).createKey({ account, userName: null, role: "agent" })),
  );
  assert.equal(new Set(made.map(({ accessKeyId }) => accessKeyId)).size, 12);
  for (const line of [
    "{",
    "null",
    '{"call":"constructor"}',
    '{"call":"deriveKey","arguments":["x"]}',
    "x".repeat(70_000),
  ]) {
    const socket = connect(join(dataDir, "keys.sock"));
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("utf8");
    });
    socket.on("error", () => {});
    socket.write(`${line}\n`);
    await once(socket, "close");
    assert.doesNotMatch(answer, /"value"/, line.slice(0, 40));
  }
  assert.equal(keys<Listed[]>(dataDir, "list").length, 12);
  assert.equal(await berth.end("SIGTERM"), 0);
});

test("impossible requests are reported, and change nothing", async (context) => {
  const dataDir = directory(context);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["create", "--role", "root"], /--role must be one of admin, operator, read-only, agent/],
    [["create", "--cluster", "a/b"], /is not the name of a cluster/],
    [["create", "--expires", "soon"], /--expires must be a time like/],
    [["create", "--expires", "2026-02-31"], /--expires must be a time like 90d or a date/],
    [["create", "--expires", new Date(0).toISOString()], /must be in the future/],
    [["create", "--expires", "2020-01-01"], /must be in the future/],
    [["create", "--overlap", "1h"], /--overlap has no meaning here/],
    [["list", "--role", "agent"], /--role has no meaning here/],
    [["rotate"], /The id of an access key is missing/],
    [["rotate", "AKIAAAAAAAAAAAAAAAAA"], /There is no access key/],
    [["remove"], /There is no action remove/],
    [["toString"], /There is no action toString/],
  ];
  for (const beside of [false, true]) {
    if (beside) await serve(context, dataDir);
    for (const [argv, says] of cases) assert.match(failure(dataDir, ...argv), says);
    assert.deepEqual(keys<Listed[]>(dataDir, "list"), []);
  }
});

test("a data directory that another command holds is reported as in use", async (context) => {
  const dataDir = directory(context);
  const berth = await startBerth("dev", ["--data-dir", dataDir, "--instances", "0"]);
  context.after(() => berth.end("SIGKILL"));
  assert.match(failure(dataDir, "create"), /in use by the process \d+.*does not answer on its key socket/);
});

test("berth agent joins with an agent key, and says so if its cluster is missing", async (context) => {
  const dataDir = directory(context);
  const berth = await serve(context, dataDir);
  const admin = client(context, berth, keys<Created>(dataDir, "create"));
  const key = keys<Created>(dataDir, "create", "--role", "agent", "--cluster", "default");
  const start = (name: string) => {
    const flags = ["--runtime", "simulated", "--region", "us-east-1"];
    const agent = startAgent({ endpoint: berth.listening.url, dataDir: join(dataDir, name), key, flags });
    context.after(() => agent.end("SIGKILL"));
    return agent;
  };
  const early = start("early");
  assert.notEqual(await early.end(), 0);
  assert.match(`${early.out()}${early.err()}`, /there is no cluster default/);
  await admin.createCluster({});
  const agent = start("agent");
  await agent.next("connected");
  const { containerInstanceArns = [] } = await admin.listContainerInstances({});
  assert.equal(containerInstanceArns.length, 1);
  assert.equal(await agent.end("SIGTERM"), 0);
});
