/** Secrets Manager over HTTP: as AWS's SDK and the AWS CLI call it, and where a planted value may be found. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { must } from "../../src/lib/assert.ts";
import { openLog } from "../../src/server/log/log.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { AgentWorld } from "./agent-world.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";
import { account, region, startWorld, type World } from "./world.ts";

const credentials = { accessKeyId: account, secretAccessKey: "any" };
type Credentials = { accessKeyId: string; secretAccessKey: string };

const clientOf = (endpoint: string, given: Credentials = credentials): SecretsManager =>
  new SecretsManager({ endpoint, region, credentials: given, maxAttempts: 1 });

let world: World;
let secrets: SecretsManager;
before(async () => {
  world = await startWorld();
  secrets = clientOf(world.server.url);
});
after(async () => {
  secrets.destroy();
  await world.close();
});

describe("the SDK", () => {
  test("takes a secret through its life", async () => {
    const { ARN = "", VersionId } = await secrets.createSecret({ Name: "app/db", SecretString: '{"user":"ü"}' });
    assert.match(ARN, new RegExp(`^arn:aws:secretsmanager:${region}:${account}:secret:app/db-[A-Za-z0-9]{6}$`));
    const value = await secrets.getSecretValue({ SecretId: ARN });
    assert.deepEqual([value.SecretString, value.VersionId], ['{"user":"ü"}', VersionId]);
    assert.ok(Math.abs(must(value.CreatedDate, "a date").getTime() - Date.now()) < 60_000);
    await secrets.putSecretValue({ SecretId: "app/db", SecretBinary: Uint8Array.of(0, 255) });
    const { SecretBinary, SecretString } = await secrets.getSecretValue({ SecretId: "app/db" });
    assert.deepEqual([[...must(SecretBinary, "bytes")], SecretString], [[0, 255], undefined]);
    await secrets.updateSecret({ SecretId: "app/db", Description: "words" });
    await secrets.tagResource({ SecretId: "app/db", Tags: [{ Key: "a", Value: "b" }] });
    const described = await secrets.describeSecret({ SecretId: "app/db" });
    assert.deepEqual([described.Description, described.Tags], ["words", [{ Key: "a", Value: "b" }]]);
    assert.deepEqual(
      Object.values(described.VersionIdsToStages ?? {})
        .flat()
        .sort(),
      ["AWSCURRENT", "AWSPREVIOUS"],
    );
    const { SecretList = [] } = await secrets.listSecrets({ Filters: [{ Key: "name", Values: ["app/"] }] });
    assert.deepEqual(
      SecretList.map(({ Name }) => Name),
      ["app/db"],
    );
    assert.equal((await secrets.getRandomPassword({ PasswordLength: 40 })).RandomPassword?.length, 40);
    await secrets.deleteSecret({ SecretId: "app/db" });
    await assert.rejects(secrets.getSecretValue({ SecretId: "app/db" }), { name: "InvalidRequestException" });
    await secrets.restoreSecret({ SecretId: "app/db" });
    await secrets.deleteSecret({ SecretId: "app/db", ForceDeleteWithoutRecovery: true });
    await assert.rejects(secrets.getSecretValue({ SecretId: "app/db" }), {
      name: "ResourceNotFoundException",
      message: "Secrets Manager can't find the specified secret.",
    });
  });

  test("stores the largest value that AWS takes, whatever its characters", async () => {
    for (const SecretString of ["x".repeat(65_536), "\u0001".repeat(65_536)]) {
      const { ARN } = await secrets.createSecret({ Name: `large-${SecretString.charCodeAt(0)}`, SecretString });
      assert.equal((await secrets.getSecretValue({ SecretId: ARN })).SecretString, SecretString);
    }
    await assert.rejects(secrets.createSecret({ Name: "larger", SecretString: "x".repeat(65_537) }), {
      name: "ValidationException",
    });
  });

  test("does not see the secrets of another account or region", async () => {
    await secrets.createSecret({ Name: "mine", SecretString: "1" });
    const other = clientOf(world.server.url, { ...credentials, accessKeyId: "444455556666" });
    await assert.rejects(other.getSecretValue({ SecretId: "mine" }), { name: "ResourceNotFoundException" });
    other.destroy();
  });
});

describe("the AWS CLI", () => {
  const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
  test("aws secretsmanager", { skip: skipReason(tool) }, async () => {
    const { url } = world.server;
    const command = must(tool.command, tool.missing);
    const aws = async (...words: string[]) => {
      const all = ["--endpoint-url", url, "--output", "json", "secretsmanager", ...words];
      const { code, out, err } = await runTool(command, all, url);
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    const { ARN } = await aws("create-secret", "--name", "cli", "--secret-string", "from the CLI");
    assert.equal((await aws("get-secret-value", "--secret-id", ARN)).SecretString, "from the CLI");
  });
});

/** Every byte in a folder, as text. */
const bytesIn = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "latin1"))
    .join("\n");

describe("a value", () => {
  test("is in no file and in no line of the log, and is there after a restart", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-secrets-"));
    const lines: string[] = [];
    const start = (): Promise<RunningServer> =>
      startServer({
        host: "127.0.0.1",
        port: 0,
        dataDir,
        auth: { type: "loose", account },
        latestAgentVersion: "1.99.0",
        simulation: null,
        log: { ...openLog("error"), isDebug: true, write: (...line) => void lines.push(JSON.stringify(line)) },
      });
    const planted = "planted-9f86d081";
    try {
      for (const round of [1, 2]) {
        const server = await start();
        const client = clientOf(server.url);
        if (round === 1) {
          await client.createSecret({ Name: "planted", SecretString: planted });
          const refused = client.createSecret({ Name: "planted", SecretString: planted, Description: "again" });
          await assert.rejects(refused, (error: Error) => !JSON.stringify(error).includes(planted));
        }
        assert.equal((await client.getSecretValue({ SecretId: "planted" })).SecretString, planted);
        client.destroy();
        await server.close();
      }
      const stored = bytesIn(dataDir);
      assert.match(stored, /secretsmanager/, "the secret is in these files");
      for (const form of [planted, Buffer.from(planted).toString("base64").slice(0, 20)]) {
        assert.ok(!stored.includes(form), "a file has the value");
        assert.ok(!lines.join("\n").includes(form), "the log has the value");
      }
      assert.match(lines.join("\n"), /GetSecretValue/, "the log has the calls");
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

describe("berth serve", () => {
  test("lets keys that only read list secrets, but not read their values", async () => {
    const served = await AgentWorld.start();
    try {
      const admin = clientOf(served.server.url, served.key);
      await admin.createSecret({ Name: "s", SecretString: "value" });
      const reader = clientOf(served.server.url, await served.createKey({ role: "read-only" }));
      assert.equal((await reader.listSecrets({})).SecretList?.length, 1);
      await assert.rejects(reader.getSecretValue({ SecretId: "s" }), {
        name: "AccessDeniedException",
        message: /secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:s/,
      });
      const agent = clientOf(served.server.url, await served.createKey({ role: "agent" }));
      await assert.rejects(agent.getSecretValue({ SecretId: "s" }), { name: "AccessDeniedException" });
      for (const client of [admin, reader, agent]) client.destroy();
    } finally {
      await served.end();
    }
  });
});
