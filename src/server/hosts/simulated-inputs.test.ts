/** What simulated tasks get from other services before they start, on container instances and on Fargate, as with real containers. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type ContainerDefinition, ECS, type Task } from "@aws-sdk/client-ecs";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SSM } from "@aws-sdk/client-ssm";
import { SmallAws } from "../../agent/task-services/small-aws.ts";
import { must } from "../../lib/assert.ts";
import { openLog } from "../log/log.ts";
import { anyCredentials, startSmallServer } from "../small-server.ts";

type World = { readonly aws: SmallAws; readonly ecs: ECS; readonly bucketDir: string; readonly lines: string[] };

/** A server whose simulated hosts, also those of Fargate, use services in memory. */
async function open(context: TestContext): Promise<World> {
  const aws = await SmallAws.open();
  const bucketDir = mkdtempSync(join(tmpdir(), "berth-buckets-"));
  mkdirSync(join(bucketDir, "settings"));
  const lines: string[] = [];
  const { ecs, close } = await start({ aws, bucketDir, lines }, null);
  context.after(async () => {
    await close();
    await aws.close();
    rmSync(bucketDir, { recursive: true });
  });
  return { aws, ecs, bucketDir, lines };
}

async function start(
  { aws, bucketDir, lines }: Omit<World, "ecs">,
  dataDir: string | null,
): Promise<{ readonly ecs: ECS; readonly close: () => Promise<void> }> {
  const server = await startSmallServer({
    dataDir,
    managedRuntime: "simulated",
    services: { endpoints: aws.endpoints(), bucketDir, efsDir: null, assumeWith: null, imageRules: [] },
    log: openLog("warn", { write: (line) => lines.push(line) }),
  });
  const ecs = new ECS({ endpoint: server.url, region: "us-east-1", credentials: anyCredentials, maxAttempts: 1 });
  const close = async (): Promise<void> => {
    ecs.destroy();
    await server.close();
  };
  return { ecs, close };
}

const secretArn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf";
const role = "arn:aws:iam::000000000000:role/execution";
const places = ["EC2", "FARGATE"] as const;

/** Runs a task whose only container does what `container` says, and returns its ARN. */
async function run(ecs: ECS, place: (typeof places)[number], container: ContainerDefinition): Promise<string> {
  const fargate = place === "FARGATE";
  await ecs.registerTaskDefinition({
    family: "web",
    containerDefinitions: [{ name: "app", image: "app", memory: 64, command: ["true"], ...container }],
    executionRoleArn: role,
    ...(fargate && { requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "256", memory: "512" }),
  });
  const { tasks } = await ecs.runTask({
    taskDefinition: "web",
    launchType: place,
    ...(fargate && { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } }),
  });
  return must(tasks?.[0]?.taskArn, "the task");
}

async function endOf(ecs: ECS, taskArn: string): Promise<Task> {
  for (;;) {
    const found = must((await ecs.describeTasks({ tasks: [taskArn] })).tasks?.[0], "the task");
    if (found.lastStatus === "STOPPED") return found;
  }
}

const ended = async (...task: Parameters<typeof run>): Promise<Task> => endOf(task[0], await run(...task));

const wanting: ContainerDefinition = {
  secrets: [
    { name: "PASSWORD", valueFrom: `${secretArn}:password::` },
    { name: "LEVEL", valueFrom: "/app/level" },
  ],
  environmentFiles: [{ type: "s3", value: "arn:aws:s3:::settings/app.env" }],
  repositoryCredentials: { credentialsParameter: secretArn },
};
const begin =
  "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret";

for (const place of places) {
  test(`a simulated task on ${place} starts once it has its secrets, its registry login and its files`, async (context) => {
    const world = await open(context);
    const { aws } = world;
    aws.secrets.set(secretArn, '{"username":"u","password":"p"}');
    aws.parameters.set("/app/level", "debug");
    writeFileSync(join(world.bucketDir, "settings", "app.env"), "A=1\n");
    const task = await ended(world.ecs, place, wanting);
    assert.equal(task.containers?.[0]?.exitCode, 0, task.stoppedReason ?? "no reason");
    assert.deepEqual(
      aws.calls.map(({ operation, accessKeyId }) => [operation, accessKeyId.slice(0, 4)]),
      [
        ["GetSecretValue", "ASIA"],
        ["GetParameters", "ASIA"],
        ["GetSecretValue", "ASIA"],
      ],
    );
    assert.deepEqual(world.lines, []);
  });

  test(`a simulated task on ${place} stops with AWS's reason if something is missing or forbidden, and the log says what to do`, async (context) => {
    const world = await open(context);
    const { aws, lines } = world;
    const reasonFor = async (container: ContainerDefinition): Promise<string> => {
      const task = await ended(world.ecs, place, container);
      assert.deepEqual([task.stopCode, task.containers?.[0]?.exitCode], ["TaskFailedToStart", undefined]);
      return task.stoppedReason ?? "";
    };
    const { secrets, environmentFiles, repositoryCredentials } = wanting;
    const failed = `service call has been retried 1 time(s): failed to fetch secret ${secretArn} from secrets manager: `;
    const unknown = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
    assert.equal(await reasonFor({ secrets }), `${begin} from asm: ${failed}${unknown}`);
    aws.refusals.push(["AccessDeniedException", 400]);
    const forbidden = "AccessDeniedException: refused with AccessDeniedException";
    assert.equal(await reasonFor({ secrets }), `${begin} from asm: ${failed}${forbidden}`);
    assert.equal(await reasonFor({ repositoryCredentials }), `${begin} from asm: ${failed}${unknown}`);
    aws.secrets.set(secretArn, '{"password":"p"}');
    assert.match(await reasonFor({ secrets }), /from ssm: .*\/app\/level/);
    assert.match(await reasonFor({ environmentFiles }), /^ResourceInitializationError: failed to download env files: /);
    const advices = lines.map((line) => JSON.parse(line) as { readonly event: string; readonly advice: string });
    assert.deepEqual(
      advices.map(({ event }) => event),
      Array(5).fill("task-inputs-missing"),
    );
    assert.match(advices[0]?.advice ?? "", /berth secrets import/);
    assert.match(advices[4]?.advice ?? "", /--bucket-dir/);
    assert.doesNotMatch(lines.join(), /"p"/, "no value is in the log");
  });

  test(`a simulated task on ${place} that waits for its secret starts after a restart of the server`, async (context) => {
    const aws = await SmallAws.open();
    const dataDir = mkdtempSync(join(tmpdir(), "berth-restart-"));
    const lines: string[] = [];
    let close = async (): Promise<void> => {};
    context.after(async () => {
      await close();
      await aws.close();
      rmSync(dataDir, { recursive: true });
    });
    aws.parameters.set("/app/level", "debug");
    const release = Promise.withResolvers<void>();
    aws.held = release.promise;
    const first = await start({ aws, bucketDir: dataDir, lines }, dataDir);
    close = first.close;
    const taskArn = await run(first.ecs, place, { secrets: [{ name: "LEVEL", valueFrom: "/app/level" }] });
    while (aws.waiting === 0) await setImmediate();
    await close();
    release.resolve();
    const second = await start({ aws, bucketDir: dataDir, lines }, dataDir);
    close = second.close;
    const task = await endOf(second.ecs, taskArn);
    assert.equal(task.containers?.[0]?.exitCode, 0, task.stoppedReason ?? "no reason");
    assert.deepEqual(lines, []);
  });

  test(`a task definition with FireLens is refused on ${place} by the names of the attributes that are missing`, async (context) => {
    const { ecs } = await open(context);
    const fargate = place === "FARGATE";
    await ecs.registerTaskDefinition({
      family: "routed",
      containerDefinitions: [
        { name: "app", image: "app", memory: 64, logConfiguration: { logDriver: "awsfirelens" } },
        { name: "router", image: "router", memory: 64, firelensConfiguration: { type: "fluentbit" } },
      ],
      executionRoleArn: role,
      ...(fargate && { requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "256", memory: "512" }),
    });
    const running = ecs.runTask({
      taskDefinition: "routed",
      launchType: place,
      ...(fargate && { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } }),
    });
    if (fargate) {
      await assert.rejects(running, /firelens/);
    } else {
      const { failures } = await running;
      assert.deepEqual(
        failures?.map(({ reason }) => reason),
        ["ATTRIBUTE"],
      );
      assert.match(failures?.[0]?.detail ?? "", /firelens/);
    }
  });
}

test("a simulated task gets its secrets from the server itself, once they are stored there", async (context) => {
  const server = await startSmallServer({
    services: { endpoints: {}, bucketDir: null, efsDir: null, assumeWith: null, imageRules: [] },
  });
  const options = { endpoint: server.url, region: "us-east-1", credentials: anyCredentials, maxAttempts: 1 };
  const [ecs, secrets, ssm] = [new ECS(options), new SecretsManager(options), new SSM(options)];
  context.after(async () => {
    for (const client of [ecs, secrets, ssm]) client.destroy();
    await server.close();
  });
  const { ARN } = await secrets.createSecret({ Name: "db", SecretString: '{"password":"p"}' });
  const container: ContainerDefinition = {
    secrets: [
      { name: "PASSWORD", valueFrom: `${ARN}:password::` },
      { name: "SAME", valueFrom: `${ARN?.slice(0, -"-AbCdEf".length)}:password::` },
      { name: "LEVEL", valueFrom: "/app/level" },
    ],
  };
  const before = await ended(ecs, "EC2", container);
  assert.equal(
    before.stoppedReason,
    `${begin}s from ssm: service call has been retried 1 time(s): invalid parameters: /app/level`,
  );
  await ssm.putParameter({ Name: "/app/level", Type: "SecureString", Value: "debug" });
  const after = await ended(ecs, "EC2", container);
  assert.equal(after.containers?.[0]?.exitCode, 0, after.stoppedReason ?? "no reason");
});
