/* Secrets and environment files in real containers. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PayloadSecret } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { whyNoDocker } from "./docker-host.ts";
import { plainTask } from "./runtime-world.ts";
import { ServicesWorld } from "./services-world.ts";

const skip = await whyNoDocker();
const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
const task = { ...plainTask, executionCredentialsId: "id" };
const secret = (name: string, valueFrom: string, more: Partial<PayloadSecret> = {}): PayloadSecret => ({
  name,
  valueFrom,
  provider: valueFrom.includes(":secretsmanager:") ? "asm" : "ssm",
  region: "us-east-1",
  target: "CONTAINER",
  type: "ENVIRONMENT_VARIABLE",
  ...more,
});
const role = { credentialsId: "id", accessKeyId: "ROLE", secretAccessKey: "s", sessionToken: "t" };

test("a container has the values of its secrets, read with the execution role", { skip }, async (context) => {
  const world = await ServicesWorld.open(context);
  const { aws, taskArn } = world;
  world.credentials.keep(taskArn, "TaskExecution", role);
  aws.secrets.set(arn, { AWSCURRENT: '{"user":"u","port":5432}', AWSPREVIOUS: "old" });
  aws.parameters.set("/app/key", "k");
  const runtime = await world.start();
  const secrets = [
    secret("USER_OF_DB", `${arn}:user::`, { region: "eu-west-1" }),
    secret("PORT", `${arn}:port::`, { region: "eu-west-1" }),
    secret("OLD", `${arn}::AWSPREVIOUS:`, { region: "eu-west-1" }),
    secret("KEY", "/app/key"),
    secret("SAME", "arn:aws:ssm:us-east-1:123456789012:parameter/app/key"),
  ];
  const spec = world.spec("env", { secrets, environment: { PLAIN: "p" } });
  runtime.run({ type: "prepare", taskArn, task, specs: [spec], toCreate: ["app"] });
  await runtime.next("prepared");
  const id = await runtime.launch(taskArn, spec, { task });
  await runtime.next("exited", "app");
  const output = await runtime.docker.logsOf(id);
  for (const line of ["USER_OF_DB=u", "PORT=5432", "OLD=old", "KEY=k", "SAME=k", "PLAIN=p"]) {
    assert.ok(output.split("\n").includes(line), `${line} in ${output}`);
  }
  const calls = aws.calledFor("GetSecretValue");
  assert.deepEqual(
    calls.map(({ accessKeyId, region }) => [accessKeyId, region]),
    Array(2).fill(["ROLE", "eu-west-1"]),
  );
  assert.equal(aws.calledFor("GetParameters").length, 1);
  // A restarted agent has nothing to create, so it asks for nothing.
  await world.stop();
  const second = await world.start();
  second.run({ type: "prepare", taskArn, task, specs: [spec], toCreate: [] });
  await second.next("prepared");
  assert.equal(aws.calls.length, 3);
});

test("a secret that is missing stops the task with AWS's reason, and no container is made", {
  skip,
}, async (context) => {
  const world = await ServicesWorld.open(context);
  const { taskArn } = world;
  world.credentials.keep(taskArn, "TaskExecution", role);
  const runtime = await world.start();
  const reasonFor = async (secrets: readonly PayloadSecret[]): Promise<string> => {
    runtime.run({ type: "prepare", taskArn, task, specs: [world.spec("env", { secrets })], toCreate: ["app"] });
    return (await runtime.next("prepare-failed")).reason;
  };
  const begin =
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";
  assert.equal(
    await reasonFor([secret("A", arn)]),
    `${begin}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
  );
  assert.equal(
    await reasonFor([secret("A", "/none")]),
    `${begin}unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /none`,
  );
  assert.equal((await runtime.docker.listContainers({ label: [`com.amazonaws.ecs.task-arn=${taskArn}`] })).length, 0);
});

test("environment files come from a folder of buckets, and the definition's variables win", {
  skip,
}, async (context) => {
  const world = await ServicesWorld.open(context);
  const { taskArn, directory } = world;
  mkdirSync(join(directory, "buckets/b"), { recursive: true });
  writeFileSync(join(directory, "buckets/b/one.env"), "# comment\nA=1\nB=one\nC=\n");
  writeFileSync(join(directory, "buckets/b/two.env"), "B=two\nD=x = y\n");
  const runtime = await world.start({ bucketDir: join(directory, "buckets") });
  const environmentFiles = ["one", "two"].map((name) => ({ value: `arn:aws:s3:::b/${name}.env`, type: "s3" }));
  const spec = world.spec("env", { environmentFiles, environment: { A: "definition" } });
  runtime.run({ type: "prepare", taskArn, task, specs: [spec], toCreate: ["app"] });
  await runtime.next("prepared");
  const id = await runtime.launch(taskArn, spec, { task });
  await runtime.next("exited", "app");
  const output = (await runtime.docker.logsOf(id)).split("\n");
  for (const line of ["A=definition", "B=one", "D=x = y"]) assert.ok(output.includes(line), `${line} in ${output}`);
  assert.ok(!output.some((line) => line.startsWith("C=")));
});
