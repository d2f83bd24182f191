/* The output of real containers with the log driver awslogs, in CloudWatch Logs. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TaskCredentials } from "../../src/agent/task-credentials.ts";
import { SmallAws } from "../../src/agent/task-services/small-aws.ts";
import { TaskServices } from "../../src/agent/task-services/task-services.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { DockerHost, until, whyNoDocker } from "./docker-host.ts";
import { plainTask, RuntimeWorld } from "./runtime-world.ts";

const skip = await whyNoDocker();
const stream = "web/app/0123";

class World {
  readonly host: DockerHost;
  readonly aws: SmallAws;
  readonly cluster: string;
  readonly taskArn: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "berth-logs-"));
  readonly #random = seededRandom("task-logs");
  #running: { readonly runtime: RuntimeWorld; readonly services: TaskServices } | null = null;

  private constructor(host: DockerHost, aws: SmallAws) {
    this.host = host;
    this.aws = aws;
    this.cluster = `logs-${host.tag}`;
    this.taskArn = `arn:aws:ecs:us-east-1:123456789012:task/${this.cluster}/0123`;
  }

  static async open(context: TestContext): Promise<World> {
    const world = new World(await DockerHost.open(), await SmallAws.open());
    world.aws.groups.set("g", new Map());
    context.after(async () => {
      await world.stop();
      await world.aws.close();
      await world.host.close();
      rmSync(world.#directory, { recursive: true });
    });
    return world;
  }

  /** An agent's runtime with its services: the first, or the one after a restart. */
  async start(): Promise<RuntimeWorld> {
    const services = await TaskServices.open({
      endpoints: () => this.aws.endpoints(),
      trust: null,
      own: { accessKeyId: "AGENT", secretAccessKey: "s", sessionToken: null },
      bucketDir: null,
      clock: systemClock,
      random: this.#random.stream("services"),
      log: () => {},
      credentials: new TaskCredentials(),
      positionsFile: join(this.#directory, "logs.json"),
    });
    const runtime = new RuntimeWorld("", this.cluster, { services });
    this.#running = { runtime, services };
    return runtime;
  }

  async stop(): Promise<void> {
    const { runtime, services } = this.#running ?? {};
    this.#running = null;
    runtime?.close();
    await services?.close();
  }

  spec(script: string, options: Readonly<Record<string, string>> = {}): PayloadContainer {
    const Config = { "awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream": stream, ...options };
    return {
      name: "app",
      image: this.host.image,
      command: ["sh", "-c", script],
      memory: 64,
      dockerConfig: { hostConfig: JSON.stringify({ LogConfig: { Type: "awslogs", Config } }) },
    };
  }

  messages(): readonly string[] {
    return this.aws.messages("g", stream);
  }
}

test("what a container wrote is in CloudWatch Logs before its end is reported, and docker logs shows it too", {
  skip,
}, async (context) => {
  const world = await World.open(context);
  const runtime = await world.start();
  const long = "i=0; x=a; while [ $i -lt 15 ]; do x=$x$x; i=$((i+1)); done; echo $x";
  const id = await runtime.launch(world.taskArn, world.spec(`echo one; ${long}; echo; echo three >&2; echo -n last`));
  await runtime.next("exited", "app");
  const messages = [...world.messages()].sort();
  assert.deepEqual(messages.slice(1), ["last", "one", "three"]);
  assert.equal(messages[0] === "a".repeat(32_768), true, `a line of ${messages[0]?.length} characters`);
  const [put] = world.aws.calledFor("PutLogEvents");
  assert.deepEqual([put?.service, put?.region, put?.accessKeyId], ["logs", "eu-west-1", "AGENT"]);
  const kept = await runtime.docker.logsOf(id);
  for (const text of ["one\n", "three\n", "last"]) assert.equal(kept.includes(text), true, text);
});

test("lines wait while the network is cut, come in order, and after a restart of the agent none is missing", {
  skip,
}, async (context) => {
  const world = await World.open(context);
  const first = await world.start();
  const count =
    "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; if [ $((i % 100)) = 0 ]; then sleep 0.3; fi; done; sleep 1";
  const spec = world.spec(count);
  const runtimeId = await first.launch(world.taskArn, spec);
  await until(() => world.messages().length >= 100, "the first lines");
  world.aws.isCut = true;
  await until(async () => (await first.docker.logsOf(runtimeId)).includes("line 200"), "lines during the cut");
  await world.stop();
  world.aws.isCut = false;
  const second = await world.start();
  second.run({ type: "watch", taskArn: world.taskArn, container: "app", runtimeId, spec, startedAt: 0 });
  await second.next("exited", "app");
  const wanted = Array.from({ length: 400 }, (_, index) => `line ${index + 1}`);
  const distinct = world.messages().filter((line, index, all) => all.indexOf(line) === index);
  assert.deepEqual(distinct, wanted);
  assert.equal(world.messages().length, 400, "nothing was sent twice, because the agent ended in order");
});

test("a container whose log group is missing does not start, unless it may create the group", {
  skip,
}, async (context) => {
  const world = await World.open(context);
  world.aws.groups.clear();
  const runtime = await world.start();
  const refused = world.spec("true");
  const runtimeId = await runtime.create(world.taskArn, refused);
  runtime.run({ type: "start", taskArn: world.taskArn, container: "app", runtimeId, spec: refused });
  assert.equal(
    (await runtime.next("start-failed", "app")).reason,
    "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
  );
  runtime.run({ type: "remove", taskArn: world.taskArn, container: "app", runtimeId });
  await until(async () => (await runtime.docker.listContainers({ id: [runtimeId] })).length === 0, "the removal");
  await runtime.launch(world.taskArn, world.spec("echo created", { "awslogs-create-group": "true" }));
  await runtime.next("exited", "app");
  assert.deepEqual(world.messages(), ["created"]);
});

test("lines without a start belong to the event before them", { skip }, async (context) => {
  const world = await World.open(context);
  const runtime = await world.start();
  const options = { "awslogs-datetime-format": "%Y-%m-%d" };
  await runtime.launch(
    world.taskArn,
    world.spec("printf '2026-01-02 boom\\n at a\\n at b\\n2026-01-03 next\\n'", options),
  );
  await runtime.next("exited", "app");
  assert.deepEqual(world.messages(), ["2026-01-02 boom\n at a\n at b\n", "2026-01-03 next\n"]);
});

test("a failed prepare on Fargate gives AWS's reason", { skip }, async (context) => {
  const world = await World.open(context);
  world.aws.groups.clear();
  const runtime = await world.start();
  const { taskArn } = world;
  const task = { ...plainTask, launchType: "FARGATE" };
  runtime.run({ type: "prepare", taskArn, task, specs: [world.spec("true")], toCreate: ["app"] });
  assert.equal(
    (await runtime.next("prepare-failed")).reason,
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
  );
});
