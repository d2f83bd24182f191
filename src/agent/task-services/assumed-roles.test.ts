import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { ApiError } from "../remote/api-error.ts";
import { AwsClient } from "../remote/aws-client.ts";
import { ConnectionPool } from "../remote/connection-pool.ts";
import { TaskCredentials } from "../task-credentials.ts";
import { AssumedRoles } from "./assumed-roles.ts";
import { profileKeys } from "./aws-profile.ts";
import { ExecutionKeys } from "./execution-keys.ts";
import { SmallAws } from "./small-aws.ts";

const taskArn = "arn:aws:ecs:eu-west-1:123456789012:task/c/0123456789abcdef";
const roleArn = "arn:aws:iam::123456789012:role/run";
const minted = { credentialsId: "id", roleArn, accessKeyId: "MINTED", secretAccessKey: "s", sessionToken: "t" };

async function open(context: TestContext) {
  const aws = await SmallAws.open();
  const pool = new ConnectionPool(null);
  context.after(async () => {
    pool.close();
    await aws.close();
  });
  const random = seededRandom("x").stream("s");
  const client = new AwsClient({ endpoints: () => aws.endpoints(), pool, clock: systemClock, random });
  const clock = new VirtualClock(0);
  const ownKeys = () => Promise.resolve({ accessKeyId: "OPERATOR", secretAccessKey: "s", sessionToken: null });
  return { aws, clock, assumed: new AssumedRoles({ client, ownKeys, clock }) };
}

test("a role is assumed in the name of its task, once for most of an hour", async (context) => {
  const { aws, clock, assumed } = await open(context);
  const role = { taskArn, roleType: "TaskApplication", credentials: minted } as const;
  const [first] = await Promise.all([assumed.of(role), assumed.of(role)]);
  assert.deepEqual(first, {
    credentialsId: "id",
    roleArn,
    accessKeyId: "ASIAASSUMED",
    secretAccessKey: "s",
    sessionToken: "t&t",
    expiration: "2030-01-01T00:00:00Z",
  });
  assert.equal(aws.calls.length, 1);
  const [{ request, accessKeyId, region } = {}] = aws.calls as [Partial<(typeof aws.calls)[0]>?];
  assert.deepEqual([accessKeyId, region], ["OPERATOR", "eu-west-1"]);
  assert.deepEqual(request, {
    Action: "AssumeRole",
    RoleArn: roleArn,
    RoleSessionName: "0123456789abcdef",
    DurationSeconds: "3600",
    Version: "2011-06-15",
  });
  await clock.advance(49 * 60_000);
  await assumed.of(role);
  assert.equal(aws.calls.length, 1);
  await clock.advance(2 * 60_000);
  await assumed.of(role);
  assert.equal(aws.calls.length, 2);
});

test("a role that cannot be assumed is tried again by the next caller", async (context) => {
  const { aws, assumed } = await open(context);
  const role = { taskArn, roleType: "TaskExecution", credentials: minted } as const;
  aws.refusals.push(["AccessDenied", 403]);
  await assert.rejects(assumed.of(role), (error) => error instanceof ApiError && error.code === "AccessDenied");
  assert.equal((await assumed.of(role)).accessKeyId, "ASIAASSUMED");
});

test("assumed credentials go to AWS itself and to containers; other endpoints get the minted ones", async (context) => {
  const { aws, assumed } = await open(context);
  const lookup = new TaskCredentials();
  lookup.keep(taskArn, "TaskExecution", minted);
  const own = { accessKeyId: "AGENT", secretAccessKey: "s", sessionToken: null };
  const endpoints = () => ({ ...aws.endpoints(), secretsmanager: "aws" });
  const keys = new ExecutionKeys({ minted: lookup, assumed, endpoints, own });
  const keyFor = async (service: "logs" | "secretsmanager", usesRole: boolean) =>
    (await keys.of(taskArn, usesRole, service)).accessKeyId;
  assert.equal(await keyFor("logs", true), "MINTED");
  assert.equal(await keyFor("logs", false), "AGENT");
  assert.equal(await keyFor("secretsmanager", true), "ASIAASSUMED");
  assert.equal(await keyFor("secretsmanager", false), "OPERATOR");
  const role = { taskArn, roleType: "TaskApplication", credentials: minted } as const;
  assert.equal((await keys.ofTask(role)).accessKeyId, "ASIAASSUMED");
  const plain = new ExecutionKeys({ minted: lookup, assumed: null, endpoints, own: null });
  assert.equal((await plain.ofTask(role)).accessKeyId, "MINTED");
  await assert.rejects(plain.of(taskArn, false, "logs"), /The task has no execution role/);
  await assert.rejects(plain.of(`${taskArn}0`, true, "logs"), (error) => error instanceof ApiError && error.mayPass);
});

test("the keys of a profile are read from the file of the AWS CLI, each time", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "berth-profile-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "credentials");
  const text = (key: string) =>
    `# comment\n[default]\naws_access_key_id=D\naws_secret_access_key=d\n\n[ci]\naws_access_key_id = ${key}\naws_secret_access_key= s/+= \nregion = eu-west-1\naws_session_token =t\n[empty]\n`;
  writeFileSync(file, text("ONE"));
  assert.deepEqual(await profileKeys(file, "ci"), { accessKeyId: "ONE", secretAccessKey: "s/+=", sessionToken: "t" });
  assert.equal((await profileKeys(file, "default")).sessionToken, null);
  writeFileSync(file, text("TWO"));
  assert.equal((await profileKeys(file, "ci")).accessKeyId, "TWO");
  for (const profile of ["empty", "none"]) await assert.rejects(profileKeys(file, profile), /has no access key/);
  await assert.rejects(profileKeys(join(folder, "none"), "ci"), /cannot be read/);
});
