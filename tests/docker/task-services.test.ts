/* Tasks of the API in real containers that need other services of AWS. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { SmallAws } from "../../src/agent/task-services/small-aws.ts";
import { must } from "../../src/lib/assert.ts";
import { whyNoDocker } from "./docker-host.ts";
import { lasting, sayings, TaskWorld } from "./task-world.ts";

const skip = await whyNoDocker();
const run = promisify(execFile);
const executionRoleArn = "arn:aws:iam::123456789012:role/execution";
const taskRoleArn = "arn:aws:iam::123456789012:role/run";
const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";

async function open(
  context: TestContext,
): Promise<{ readonly world: TaskWorld; readonly aws: SmallAws; readonly folder: string }> {
  const aws = await SmallAws.open();
  const folder = mkdtempSync(join(tmpdir(), "berth-services-"));
  mkdirSync(join(folder, "buckets/b"), { recursive: true });
  mkdirSync(join(folder, "efs"));
  const world = await TaskWorld.open(
    "docker",
    {},
    {
      endpoints: aws.endpoints(),
      bucketDir: join(folder, "buckets"),
      efsDir: join(folder, "efs"),
      assumeWith: null,
      imageRules: [{ pattern: "123456789012.dkr.ecr.us-east-1.amazonaws.com/*", image: "berth-test/busybox:*" }],
    },
  );
  context.after(async () => {
    await world.close();
    await aws.close();
    rmSync(folder, { recursive: true });
  });
  return { world, aws, folder };
}

test("an unchanged task definition with an ECR image, logs, secrets, an environment file and EFS runs", {
  skip,
}, async (context) => {
  const { world, aws, folder } = await open(context);
  aws.secrets.set(secretArn, '{"password":"hunter2"}');
  aws.parameters.set("/app/key", "k");
  writeFileSync(join(folder, "buckets/b/app.env"), "FROM_FILE=f\n");
  const options = {
    ...{ "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app" },
    "awslogs-create-group": "true",
  };
  const script = 'echo "$PASSWORD $KEY $FROM_FILE"; echo kept > /data/file; exit 0';
  const definition = [
    {
      name: "app",
      image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/${world.host.tag}`,
      command: ["sh", "-c", script],
      secrets: [
        { name: "PASSWORD", valueFrom: `${secretArn}:password::` },
        { name: "KEY", valueFrom: "/app/key" },
      ],
      environmentFiles: [{ type: "s3" as const, value: "arn:aws:s3:::b/app.env" }],
      logConfiguration: { logDriver: "awslogs" as const, options },
      mountPoints: [{ sourceVolume: "data", containerPath: "/data" }],
    },
  ];
  const efsVolumeConfiguration = { fileSystemId: "fs-0123456789abcdef0", rootDirectory: "/app" };
  const volumes = [{ name: "data", efsVolumeConfiguration }];
  const fargate = {
    requiresCompatibilities: ["FARGATE" as const],
    networkMode: "awsvpc" as const,
    cpu: "256",
    memory: "512",
  };
  const network = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };
  for (const [more, request] of [
    [{}, {}],
    [fargate, { launchType: "FARGATE" as const, ...network }],
  ] as const) {
    const arn = await world.run(definition, { executionRoleArn, volumes, ...more }, request);
    const task = await world.until(arn, "STOPPED");
    assert.equal(task.containers?.[0]?.exitCode, 0, sayings(task));
    assert.deepEqual(aws.messages("/ecs/app", `app/app/${arn.split("/").at(-1)}`), ["hunter2 k f"]);
    assert.match(task.containers?.[0]?.imageDigest ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(JSON.stringify(task).includes("hunter2"), false);
  }
  assert.equal(readFileSync(join(folder, "efs/fs-0123456789abcdef0/app/file"), "utf8"), "kept\n");
});

test("a missing secret stops the task before it has a container", { skip }, async (context) => {
  const { world } = await open(context);
  const secrets = [{ name: "PASSWORD", valueFrom: secretArn }];
  const task = await world.until(await world.run([{ secrets }], { executionRoleArn }), "STOPPED");
  assert.equal(task.stopCode, "TaskFailedToStart");
  assert.match(
    task.stoppedReason ?? "",
    /^ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: /,
  );
  assert.equal((await world.containers(task.taskArn ?? "")).size, 0);
});

test("the official SDK finds the credentials of a task's role where the container's environment says", {
  skip,
}, async (context) => {
  const { world } = await open(context);
  const arn = await world.run([{ command: lasting }], { taskRoleArn });
  await world.until(arn, "RUNNING");
  const { Config } = await world.container(arn);
  const own = (Config?.Env ?? []).filter((line) => /^AWS_CONTAINER_CREDENTIALS_(RELATIVE|FULL)_URI=/.test(line));
  assert.equal(own.length, 1, String(Config?.Env));
  const [name = "", value = ""] = must(own[0], "the variable").split(/=(.*)/s);
  // The host reaches 169.254.170.2 as its containers do.
  const program = `const { ECS } = await import("@aws-sdk/client-ecs");
    console.log(JSON.stringify(await new ECS({ region: "us-east-1" }).config.credentials()));`;
  const { PATH } = process.env;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
    env: { PATH, [name]: value, HOME: "/none", AWS_EC2_METADATA_DISABLED: "true" },
  });
  const found = JSON.parse(stdout) as { readonly accessKeyId: string; readonly sessionToken: string };
  assert.match(found.accessKeyId, /^ASIA/);
  assert.ok(found.sessionToken.length > 100);
  await world.stop(arn);
});
