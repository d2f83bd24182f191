import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ECS, type Task } from "@aws-sdk/client-ecs";
import { SmallAws } from "../../agent/task-services/small-aws.ts";
import { must } from "../../lib/assert.ts";
import { anyCredentials, startSmallServer } from "../small-server.ts";

/** A server whose simulated hosts, also those of Fargate, send logs to services in memory. */
async function open(context: TestContext): Promise<{ readonly aws: SmallAws; readonly ecs: ECS }> {
  const aws = await SmallAws.open();
  const server = await startSmallServer({
    managedRuntime: "simulated",
    services: { endpoints: aws.endpoints(), bucketDir: null, efsDir: null, assumeWith: null, imageRules: [] },
  });
  const ecs = new ECS({ endpoint: server.url, region: "us-east-1", credentials: anyCredentials, maxAttempts: 1 });
  context.after(async () => {
    ecs.destroy();
    await server.close();
    await aws.close();
  });
  return { aws, ecs };
}

const options = { "awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web" };

/** Runs a task to its end. Its container `app` logs to CloudWatch Logs. */
async function ended(ecs: ECS, command: readonly string[], fargate: boolean): Promise<Task> {
  const role = "arn:aws:iam::000000000000:role/execution";
  await ecs.registerTaskDefinition({
    family: "web",
    containerDefinitions: [
      {
        name: "app",
        image: "app",
        memory: 64,
        command: [...command],
        logConfiguration: { logDriver: "awslogs", options },
      },
    ],
    ...(fargate
      ? {
          requiresCompatibilities: ["FARGATE"],
          networkMode: "awsvpc",
          cpu: "256",
          memory: "512",
          executionRoleArn: role,
        }
      : {}),
  });
  const { tasks } = await ecs.runTask({
    taskDefinition: "web",
    ...(fargate
      ? { launchType: "FARGATE", networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } }
      : {}),
  });
  const taskArn = must(tasks?.[0]?.taskArn, "the task");
  for (;;) {
    const found = must((await ecs.describeTasks({ tasks: [taskArn] })).tasks?.[0], "the task");
    if (found.lastStatus === "STOPPED") return found;
  }
}

const streamOf = ({ taskArn }: Task): string => `web/app/${taskArn?.split("/").at(-1)}`;

test("a simulated container's start, output and end are in its log stream when its task is STOPPED", async (context) => {
  const { aws, ecs } = await open(context);
  aws.groups.set("/ecs/web", new Map());
  const script = "echo \"hello; world\"; echo '$HOME' $HOME; exit 3";
  for (const fargate of [false, true]) {
    const task = await ended(ecs, ["sh", "-c", script], fargate);
    assert.equal(task.containers?.[0]?.exitCode, 3);
    assert.deepEqual(aws.messages("/ecs/web", streamOf(task)), [
      `[berth] app starts (simulated): app sh -c ${script}`,
      "hello; world",
      "$HOME ",
      "[berth] app ended with exit code 3",
    ]);
  }
  const callers = new Set(aws.calledFor("PutLogEvents").map(({ accessKeyId }) => accessKeyId.slice(0, 4)));
  assert.deepEqual(callers, new Set(["0000", "ASIA"]), "the instance's own key, and that of the execution role");
});

test("a simulated task whose log group is missing fails as on AWS", async (context) => {
  const { ecs } = await open(context);
  const missing =
    "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.";
  const onInstance = await ended(ecs, ["true"], false);
  assert.equal(
    onInstance.containers?.[0]?.reason,
    `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: ${missing}`,
  );
  const onFargate = await ended(ecs, ["true"], true);
  assert.equal(onFargate.stopCode, "TaskFailedToStart");
  assert.equal(
    onFargate.stoppedReason,
    `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: ${missing} : exit status 1`,
  );
});
