/** The agent's reader of secrets against Berth's own stores, with the credentials of a task's execution role. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SSM } from "@aws-sdk/client-ssm";
import { AwsClient } from "../../src/agent/remote/aws-client.ts";
import { ConnectionPool } from "../../src/agent/remote/connection-pool.ts";
import { fetchSecrets } from "../../src/agent/task-services/task-secrets.ts";
import type { PayloadSecret } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { AccessKeys } from "../../src/auth/access-keys.ts";
import { SealKey, sealKeyPath } from "../../src/auth/seal-key.ts";
import { TaskCredentialsIssuer } from "../../src/auth/task-credentials.ts";
import { must } from "../../src/lib/assert.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { taskCredentialsPurpose } from "../../src/server/http/open-authentication.ts";
import { openLog } from "../../src/server/log/log.ts";
import { startServer } from "../../src/server/server.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";

const account = "000000000000";
const region = "us-east-1";

/** A server that checks signatures, a key that may do everything, and what an agent has for a task. */
async function served(context: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-task-secrets-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = new SqliteStore({ dataDir });
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const { accessKeyId, secret: secretAccessKey } = await keys.createKey({ account, userName: "admin" });
  await store.close();
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    auth: { type: "sigv4" },
    latestAgentVersion: "1.97.0",
    simulation: null,
    log: openLog("error"),
  });
  context.after(() => server.close());
  const pool = new ConnectionPool(null);
  context.after(() => pool.close());
  const { url } = server;
  const endpoints = { ecr: url, logs: url, s3: url, secretsmanager: url, ssm: url, sts: url };
  const random = seededRandom("task-secrets").stream("pauses");
  const client = new AwsClient({ endpoints: () => endpoints, pool, clock: systemClock, random });
  const issuer = new TaskCredentialsIssuer(SealKey.open(sealKeyPath(dataDir), false).derive(taskCredentialsPurpose));
  const taskArn = `arn:aws:ecs:${region}:${account}:task/default/${"a".repeat(32)}`;
  const roleArn = `arn:aws:iam::${account}:role/execution`;
  const credentials = issuer.mint({ taskArn, roleArn, use: "TaskExecution" }, Date.now());
  const options = { endpoint: url, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
  const [secrets, ssm] = [new SecretsManager(options), new SSM(options)];
  context.after(() => secrets.destroy());
  context.after(() => ssm.destroy());
  const read = (...wanted: PayloadSecret[]) =>
    fetchSecrets(client, async () => credentials, [{ name: "app", image: "i", secrets: wanted }], region);
  return { secrets, ssm, read };
}

const named = (name: string, valueFrom: string): PayloadSecret => ({
  name,
  valueFrom,
  provider: valueFrom.includes(":secretsmanager:") ? "asm" : "ssm",
  target: "CONTAINER",
});

test("every form of valueFrom is resolved from the built-in stores", async (context) => {
  const { secrets, ssm, read } = await served(context);
  const { ARN = "", VersionId } = await secrets.createSecret({
    Name: "prod/db",
    SecretString: '{"user":"u","port":5432}',
  });
  await secrets.putSecretValue({ SecretId: ARN, SecretString: '{"user":"v"}' });
  await ssm.putParameter({ Name: "/app/key", Value: "k", Type: "SecureString" });
  await ssm.putParameter({ Name: "/app/key", Value: "l", Type: "SecureString", Overwrite: true });
  await ssm.putParameter({ Name: "plain", Value: "p", Type: "String" });
  const values = await read(
    named("WHOLE", ARN),
    named("PARTIAL", ARN.slice(0, -7)),
    named("USER_OF_DB", `${ARN}:user::`),
    named("PORT", `${ARN}:port:AWSPREVIOUS:`),
    named("BY_ID", `${ARN}:user::${VersionId}`),
    named("KEY", "/app/key"),
    named("OLD_KEY", "/app/key:1"),
    named("BY_ARN", `arn:aws:ssm:${region}:${account}:parameter/app/key`),
    named("PLAIN", "plain"),
    named("PLAIN_ARN", `arn:aws:ssm:${region}:${account}:parameter/plain`),
  );
  assert.deepEqual(must(values.get("app"), "the container").environment, {
    WHOLE: '{"user":"v"}',
    PARTIAL: '{"user":"v"}',
    USER_OF_DB: "v",
    PORT: "5432",
    BY_ID: "u",
    KEY: "l",
    OLD_KEY: "k",
    BY_ARN: "l",
    PLAIN: "p",
    PLAIN_ARN: "p",
  });
});

test("what is missing, deleted or of another account is refused with the reason of AWS", async (context) => {
  const { secrets, read } = await served(context);
  await secrets.createSecret({ Name: "gone", SecretString: "x" });
  await secrets.deleteSecret({ SecretId: "gone" });
  const arnOf = (name: string, of = account): string => `arn:aws:secretsmanager:${region}:${of}:secret:${name}`;
  for (const [valueFrom, message] of [
    [arnOf("none"), /ResourceNotFoundException: Secrets Manager can't find the specified secret\.$/],
    [arnOf("gone"), /InvalidRequestException: You can't perform this operation on the secret because it was marked/],
    [arnOf("gone", "444455556666"), /ResourceNotFoundException/],
    ["/none", /invalid parameters: \/none$/],
  ] as const) {
    await assert.rejects(read(named("X", valueFrom)), { name: "SecretError", message });
  }
});
