/* The output of real containers with the log driver awslogs, in CloudWatch Logs. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { untilFound } from "../until.ts";
import { whyNoDocker } from "./docker-host.ts";
import { plainTask } from "./runtime-world.ts";
import { ServicesWorld } from "./services-world.ts";

const skip = await whyNoDocker();
const stream = "web/app/0123";

/** A container with the log driver awslogs. */
function logged(
  world: ServicesWorld,
  script: string,
  options: Readonly<Record<string, string>> = {},
): PayloadContainer {
  const Config = { "awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream": stream, ...options };
  return world.spec(script, {
    dockerConfig: { hostConfig: JSON.stringify({ LogConfig: { Type: "awslogs", Config } }) },
  });
}

test("what a container wrote is in CloudWatch Logs before its end is reported, and docker logs shows it too", {
  skip,
}, async (context) => {
  const world = await ServicesWorld.open(context);
  const runtime = await world.start();
  const long = "i=0; x=a; while [ $i -lt 15 ]; do x=$x$x; i=$((i+1)); done; echo $x";
  const id = await runtime.launch(
    world.taskArn,
    logged(world, `echo one; ${long}; echo; echo three >&2; echo -n last`),
  );
  await runtime.next("exited", "app");
  const messages = [...world.aws.messages("g", stream)].sort();
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
  const world = await ServicesWorld.open(context);
  const first = await world.start();
  const count =
    "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; if [ $((i % 100)) = 0 ]; then sleep 0.3; fi; done; sleep 1";
  const spec = logged(world, count);
  const runtimeId = await first.launch(world.taskArn, spec);
  await untilFound("the first lines", () => world.aws.messages("g", stream).length >= 100);
  world.aws.isCut = true;
  await untilFound("lines during the cut", async () => (await first.docker.logsOf(runtimeId)).includes("line 200"));
  await world.stop();
  world.aws.isCut = false;
  const second = await world.start();
  second.run({ type: "watch", taskArn: world.taskArn, container: "app", runtimeId, spec, startedAt: 0 });
  await second.next("exited", "app");
  const wanted = Array.from({ length: 400 }, (_, index) => `line ${index + 1}`);
  const distinct = world.aws.messages("g", stream).filter((line, index, all) => all.indexOf(line) === index);
  assert.deepEqual(distinct, wanted);
  assert.equal(world.aws.messages("g", stream).length, 400, "nothing was sent twice, because the agent ended in order");
});

test("a container whose log group is missing does not start, unless it may create the group", {
  skip,
}, async (context) => {
  const world = await ServicesWorld.open(context);
  world.aws.groups.clear();
  const runtime = await world.start();
  const refused = logged(world, "true");
  const runtimeId = await runtime.create(world.taskArn, refused);
  runtime.run({ type: "start", taskArn: world.taskArn, container: "app", runtimeId, spec: refused });
  assert.equal(
    (await runtime.next("start-failed", "app")).reason,
    "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
  );
  runtime.run({ type: "remove", taskArn: world.taskArn, container: "app", runtimeId });
  await untilFound("the removal", async () => (await runtime.docker.listContainers({ id: [runtimeId] })).length === 0);
  await runtime.launch(world.taskArn, logged(world, "echo created", { "awslogs-create-group": "true" }));
  await runtime.next("exited", "app");
  assert.deepEqual(world.aws.messages("g", stream), ["created"]);
});

test("lines without a start belong to the event before them", { skip }, async (context) => {
  const world = await ServicesWorld.open(context);
  const runtime = await world.start();
  const options = { "awslogs-datetime-format": "%Y-%m-%d" };
  await runtime.launch(
    world.taskArn,
    logged(world, "printf '2026-01-02 boom\\n at a\\n at b\\n2026-01-03 next\\n'", options),
  );
  await runtime.next("exited", "app");
  assert.deepEqual(world.aws.messages("g", stream), ["2026-01-02 boom\n at a\n at b\n", "2026-01-03 next\n"]);
});

test("a failed prepare on Fargate gives AWS's reason", { skip }, async (context) => {
  const world = await ServicesWorld.open(context);
  world.aws.groups.clear();
  const runtime = await world.start();
  const { taskArn } = world;
  const task = { ...plainTask, launchType: "FARGATE" };
  runtime.run({ type: "prepare", taskArn, task, specs: [logged(world, "true")], toCreate: ["app"] });
  assert.equal(
    (await runtime.next("prepare-failed")).reason,
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
  );
});

test("lines of a megabyte, without an end or of bytes that are no text arrive in events that CloudWatch Logs takes", {
  skip,
}, async (context) => {
  const world = await ServicesWorld.open(context);
  const runtime = await world.start();
  const million = "head -c 1048576 /dev/zero";
  await runtime.launch(world.taskArn, logged(world, `${million}; echo; printf 'a\\377b\\n'; ${million}`));
  await runtime.next("exited", "app", 60_000);
  const messages = world.aws.messages("g", stream);
  assert.ok(messages.every((message) => Buffer.byteLength(message) <= 262_118));
  assert.equal(messages.join("").length, 2 * 1_048_576 + 3);
  assert.ok(messages.includes("a\ufffdb"), "what is not UTF-8");
});

test("after a crash of the agent lines may come twice, but none is missing", { skip }, async (context) => {
  const world = await ServicesWorld.open(context);
  const first = await world.start();
  const spec = logged(world, "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.05; done");
  const runtimeId = await first.launch(world.taskArn, spec);
  await untilFound("the first lines", () => world.aws.messages("g", stream).length >= 10);
  const file = join(world.directory, "logs.json");
  // What a process that is killed now would leave behind: the state of up to a second ago.
  const left = existsSync(file) ? readFileSync(file, "utf8") : "{}";
  await untilFound("more lines", () => world.aws.messages("g", stream).length >= 20);
  await world.stop();
  writeFileSync(file, left);
  const second = await world.start();
  second.run({ type: "watch", taskArn: world.taskArn, container: "app", runtimeId, spec, startedAt: 0 });
  await second.next("exited", "app");
  const messages = world.aws.messages("g", stream);
  assert.ok(messages.length > 60, `${messages.length} lines`);
  const wanted = Array.from({ length: 60 }, (_, index) => `line ${index + 1}`);
  assert.deepEqual(
    messages.filter((line, index, all) => all.indexOf(line) === index),
    wanted,
  );
});
