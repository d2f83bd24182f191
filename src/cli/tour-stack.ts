import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { ECS, RegisterTaskDefinitionCommandInput, Task } from "@aws-sdk/client-ecs";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SSM } from "@aws-sdk/client-ssm";
import { must } from "../lib/assert.ts";
import { runBerth, showRun } from "./tour-commands.ts";
import { tourImage } from "./tour-image.ts";
import type { Listening, TourServer } from "./tour-server.ts";
import { wrapped } from "./tour-service.ts";
import { expectEqual, expectThat, type Steps, until } from "./tour-steps.ts";

const family = "tour-stack";
const logGroup = "/ecs/tour";
/** The file `key` in the folder of `bucket`. */
const environmentFile = { bucket: "tour-settings", key: "app.env", text: "CURRENCY=EUR\n" };

/** The variables of the container: the first is in its definition, the others come from elsewhere. */
const values = { STAGE: "production", DB_PASSWORD: "hunter2", LOG_LEVEL: "debug", CURRENCY: "EUR" };
const names = Object.keys(values);

/** Writes the environment file below `bucketDir`. Returns the flags of `berth dev` for it, and for the image of ECR. */
export function prepareStack(bucketDir: string): readonly string[] {
  const { bucket, key, text } = environmentFile;
  mkdirSync(join(bucketDir, bucket), { recursive: true });
  writeFileSync(join(bucketDir, bucket, key), text);
  return ["--bucket-dir", bucketDir, "--image-map", `*.dkr.ecr.*.amazonaws.com/tour-app=${tourImage.name}`];
}

/** The services around ECS, at the address of Berth. */
class Stack {
  readonly logs: CloudWatchLogs;
  readonly secrets: SecretsManager;
  readonly parameters: SSM;

  constructor({ url, region: signedFor }: Listening) {
    const credentials = { accessKeyId: "tour", secretAccessKey: "tour" };
    const options = { endpoint: url, region: signedFor, credentials, maxAttempts: 1 };
    this.logs = new CloudWatchLogs(options);
    this.secrets = new SecretsManager(options);
    this.parameters = new SSM(options);
  }

  /** The messages of a task, oldest first. */
  async messagesOf(task: string): Promise<string[]> {
    const logStreamNames = [`app/main/${idOf(task)}`];
    const { events = [] } = await this.logs.filterLogEvents({ logGroupName: logGroup, logStreamNames });
    return events.map(({ message = "" }) => message);
  }

  close(): void {
    for (const client of [this.logs, this.secrets, this.parameters]) client.destroy();
  }
}

/** A task definition as people have it for AWS, with what it names: logs, a secret, a parameter, an environment file, roles. */
export async function stackTask(steps: Steps, server: TourServer): Promise<void> {
  const { ecs, listening } = server;
  const stack = new Stack(listening);
  let task = "";
  let messages: string[] = [];
  let secretArn = "";
  steps.heading("The rest of a stack");
  await steps.step("the same port has Secrets Manager and SSM: a secret and a parameter are created", async () => {
    const SecretString = JSON.stringify({ username: "app", password: values.DB_PASSWORD });
    const { ARN } = await stack.secrets.createSecret({ Name: "prod/tour/db", SecretString });
    secretArn = must(ARN, "the ARN of the secret");
    await stack.parameters.putParameter({ Name: "/prod/tour/level", Type: "String", Value: values.LOG_LEVEL });
    return secretArn;
  });
  await steps.step(
    "a task definition written for AWS runs unchanged: log group, secret, parameter, environment file, roles, image of ECR",
    async () => {
      await ecs.registerTaskDefinition(definitionOf(listening, secretArn));
      task = await start(ecs, `${family}:1`, await simulatedInstance(server));
      const stopped = await untilStopped(ecs, task);
      expectEqual("exit code", stopped.containers?.[0]?.exitCode, 0);
      return "simulated: Berth reads secrets and files, and drops them";
    },
  );
  await steps.step("FilterLogEvents has its lines, in the log group that the task created", async () => {
    messages = await stack.messagesOf(task);
    expectThat("its lines", messages.includes(`STAGE=${values.STAGE}`) && messages.includes("DB_PASSWORD="), messages);
    return logGroup;
  });
  await steps.step("and so has `berth logs`", async () => {
    const argv = ["logs", family];
    const run = await runBerth(server, argv);
    showRun(steps, argv, run, 0);
    expectEqual("lines", run.output.trimEnd().split("\n"), messages);
    return undefined;
  });
  await steps.step(
    "a revision with a secret that nobody has made stops before it starts, for AWS's reason",
    async () => {
      await ecs.registerTaskDefinition(definitionOf(listening, secretArn.replace("/db-", "/none-")));
      const { stopCode, stoppedReason = "" } = await untilStopped(
        ecs,
        await start(ecs, `${family}:2`, await simulatedInstance(server)),
      );
      expectEqual("stopCode", stopCode, "TaskFailedToStart");
      const [advice] = await until(
        "advice in the log",
        async () => server.advice,
        ({ length }) => length > 0,
      );
      steps.show([...wrapped(stoppedReason), ...wrapped(`Berth's log: ${advice}`)]);
      expectThat(
        "reason",
        /^ResourceInitializationError: .*ResourceNotFoundException/.test(stoppedReason),
        stoppedReason,
      );
      return undefined;
    },
  );
  stack.close();
}

/** The first revision in a real container. `onContainer` gets its id; its image must be there. */
export async function stackTaskInDocker(
  steps: Steps,
  { ecs, listening }: TourServer,
  instance: string,
  onContainer: (id: string) => void,
): Promise<void> {
  await steps.step("the stack's task definition in a real container: the values have arrived", async () => {
    const stack = new Stack(listening);
    const task = await start(ecs, `${family}:1`, instance);
    const [main] = (await untilStopped(ecs, task)).containers ?? [];
    onContainer(must(main?.runtimeId, "the id of its container"));
    expectEqual("exit code", main?.exitCode, 0);
    const messages = await stack.messagesOf(task);
    expectEqual(
      "lines",
      messages,
      Object.entries(values).map(([name, value]) => `${name}=${value}`),
    );
    steps.show(messages);
    stack.close();
    return undefined;
  });
}

function definitionOf({ account, region }: Listening, secretArn: string): RegisterTaskDefinitionCommandInput {
  const { bucket, key } = environmentFile;
  return {
    family,
    executionRoleArn: `arn:aws:iam::${account}:role/tour-execution`,
    taskRoleArn: `arn:aws:iam::${account}:role/tour-app`,
    containerDefinitions: [
      {
        name: "main",
        image: `${account}.dkr.ecr.${region}.amazonaws.com/tour-app:7`,
        command: ["sh", "-c", names.map((name) => `echo "${name}=$${name}"`).join("; ")],
        memory: 64,
        environment: [{ name: "STAGE", value: values.STAGE }],
        environmentFiles: [{ type: "s3", value: `arn:aws:s3:::${bucket}/${key}` }],
        secrets: [
          { name: "DB_PASSWORD", valueFrom: `${secretArn}:password::` },
          { name: "LOG_LEVEL", valueFrom: "/prod/tour/level" },
        ],
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": logGroup,
            "awslogs-region": region,
            "awslogs-stream-prefix": "app",
            "awslogs-create-group": "true",
          },
        },
      },
    ],
  };
}

const idOf = (task: string): string => must(task.split("/").at(-1), "the id of a task");

async function simulatedInstance({ ecs, listening }: TourServer): Promise<string> {
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
  const simulated = containerInstanceArns.filter((arn) => arn !== listening.docker?.instance);
  return must(simulated[0], "a simulated container instance");
}

async function start(ecs: ECS, taskDefinition: string, instance: string): Promise<string> {
  const { tasks = [], failures } = await ecs.startTask({ taskDefinition, containerInstances: [instance] });
  expectEqual("failures", failures, []);
  return must(tasks[0]?.taskArn, "a task");
}

const untilStopped = (ecs: ECS, task: string): Promise<Task> =>
  until(
    "the task STOPPED",
    async () => must((await ecs.describeTasks({ tasks: [task] })).tasks?.[0], "the task"),
    ({ lastStatus }) => lastStatus === "STOPPED",
  );
