/** How tasks start, run and end with real containers, and what DescribeTasks shows. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Task } from "@aws-sdk/client-ecs";
import { untilFound } from "../until.ts";
import { whyNoDocker } from "./docker-host.ts";
import { lasting, TaskWorld } from "./task-world.ts";

const skip = await whyNoDocker();

const containerOf = (task: Task, name: string) => task.containers?.find((container) => container.name === name);
const essentialExit = ["EssentialContainerExited", "Essential container in task exited"];

describe("lives of tasks", { skip, concurrency: 6 }, () => {
  let world: TaskWorld;

  before(async () => {
    world = await TaskWorld.open();
  });
  after(() => world.close());

  const checkOf = (script: string, retries = 1) => ({
    command: ["CMD-SHELL", script],
    interval: 5,
    timeout: 2,
    retries,
  });

  it("is RUNNING with the id of its container, and its times are in order", async () => {
    const arn = await world.run([{ command: lasting }]);
    const running = await world.until(arn, "RUNNING");
    const [container] = running.containers ?? [];
    const found = await world.container(arn);
    assert.equal(container?.runtimeId, found.Id);
    assert.equal(container?.lastStatus, "RUNNING");
    const stopped = await world.stop(arn);
    const times = [
      running.createdAt,
      running.pullStartedAt,
      running.pullStoppedAt,
      running.startedAt,
      stopped.stoppingAt,
      stopped.executionStoppedAt,
      stopped.stoppedAt,
    ].map((time) => time?.getTime() ?? Number.NaN);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(times.every((time) => !Number.isNaN(time)));
    assert.deepEqual([stopped.stopCode, stopped.stoppedReason], ["UserInitiated", "the test says so"]);
    assert.equal(stopped.containers?.[0]?.exitCode, 0, "it took the SIGTERM");
  });

  it("of a container that ends at once is RUNNING first, and has its exit code", async () => {
    const task = await world.until(await world.run([{ command: ["sh", "-c", "exit 3"] }]), "STOPPED");
    assert.deepEqual([task.stopCode, task.stoppedReason], essentialExit);
    assert.equal(task.containers?.[0]?.exitCode, 3);
    assert.ok(task.startedAt !== undefined && task.executionStoppedAt !== undefined);
  });

  it("ends with an essential container, and continues without another", async () => {
    const arn = await world.run([
      { name: "main", command: lasting },
      { name: "helper", command: ["sh", "-c", "exit 5"], essential: false },
    ]);
    const running = await world.until(arn, "RUNNING", (task) => containerOf(task, "helper")?.lastStatus === "STOPPED");
    assert.equal(containerOf(running, "helper")?.exitCode, 5);
    assert.equal(containerOf(running, "main")?.lastStatus, "RUNNING");
    await world.host.docker.killContainer((await world.container(arn, "main")).Id);
    const stopped = await world.until(arn, "STOPPED");
    assert.deepEqual([stopped.stopCode, stopped.stoppedReason], essentialExit);
    assert.equal(containerOf(stopped, "main")?.exitCode, 137);
  });

  it("gives a container its own time to end, and kills what ignores SIGTERM", async () => {
    const arn = await world.run([
      { name: "deaf", command: ["sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"], stopTimeout: 2 },
      { name: "polite", command: ["sh", "-c", "trap 'sleep 0.3; exit 9' TERM; while true; do sleep 0.1; done"] },
    ]);
    await world.until(arn, "RUNNING");
    const before = Date.now();
    const stopped = await world.stop(arn);
    assert.ok(Date.now() - before >= 2_000);
    assert.equal(containerOf(stopped, "deaf")?.exitCode, 137);
    assert.equal(containerOf(stopped, "polite")?.exitCode, 9);
  });

  it("names an image that is not available", async () => {
    const arn = await world.run([{ image: "127.0.0.1:9/nobody/has:this" }]);
    const task = await world.until(arn, "STOPPED");
    assert.equal(task.stopCode, "TaskFailedToStart");
    assert.match(containerOf(task, "c0")?.reason ?? "", /^CannotPull(ImageManifest|Container)Error: /);
    assert.match(task.stoppedReason ?? "", /^(CannotPull\w+Error: |Task failed to start)/);
    assert.equal(containerOf(task, "c0")?.runtimeId, undefined);
    assert.ok(task.pullStartedAt !== undefined && task.startedAt === undefined);
  });

  it("names a command that does not exist", async () => {
    const task = await world.until(await world.run([{ command: ["no-such-program"] }]), "STOPPED");
    assert.equal(task.stopCode, "TaskFailedToStart");
    assert.match(containerOf(task, "c0")?.reason ?? "", /^CannotStartContainerError: .*no-such-program.*not found/);
    assert.match(task.stoppedReason ?? "", /^(CannotStartContainerError: |Task failed to start)/);
    assert.ok(containerOf(task, "c0")?.runtimeId !== undefined);
    assert.equal(containerOf(task, "c0")?.exitCode, undefined);
  });

  it("can be stopped before it has a container", async () => {
    const arn = await world.run([{ command: lasting }]);
    const task = await world.stop(arn);
    assert.deepEqual([task.stopCode, task.stoppedReason], ["UserInitiated", "the test says so"]);
    await untilFound("nothing runs", async () =>
      [...(await world.containers(arn)).values()].every(({ State }) => State?.Running !== true),
    );
  });

  it("can be stopped while a registry is asked", async () => {
    const arn = await world.run([{ image: "127.0.0.1:9/nobody/has:that" }]);
    await untilFound("it is PENDING", async () => (await world.describe(arn)).lastStatus === "PENDING");
    const task = await world.stop(arn);
    assert.equal(task.stopCode, "UserInitiated");
    assert.equal((await world.containers(arn)).size, 0);
  });

  it("starts containers in the order of their dependencies", async () => {
    const arn = await world.run(
      [
        { name: "setup", command: ["sh", "-c", "sleep 0.5; echo 1 >> /data/order"], essential: false, ...shared },
        {
          name: "failing",
          command: ["sh", "-c", "sleep 0.5; echo 2 >> /data/order; exit 4"],
          essential: false,
          ...shared,
          dependsOn: [{ containerName: "setup", condition: "SUCCESS" }],
        },
        {
          name: "base",
          command: ["sh", "-c", `echo 3 >> /data/order; ${lasting[2]}`],
          ...shared,
          dependsOn: [{ containerName: "failing", condition: "COMPLETE" }],
        },
        {
          name: "main",
          command: ["sh", "-c", `echo 4 >> /data/order; cat /data/order; ${lasting[2]}`],
          ...shared,
          dependsOn: [{ containerName: "base", condition: "START" }],
        },
      ],
      { volumes: [{ name: "data" }] },
    );
    await world.until(arn, "RUNNING");
    await untilFound("the order", async () => (await world.output(arn, "main")) === "1\n2\n3\n4\n");
    await world.stop(arn);
  });

  it("is over if its dependency fails", async () => {
    const arn = await world.run([
      { name: "setup", command: ["sh", "-c", "exit 4"], essential: false },
      { name: "main", command: lasting, dependsOn: [{ containerName: "setup", condition: "SUCCESS" }] },
    ]);
    const task = await world.until(arn, "STOPPED");
    assert.equal(containerOf(task, "setup")?.exitCode, 4);
    assert.match(containerOf(task, "main")?.reason ?? "", /dependency did not exit successfully/);
    assert.equal(containerOf(task, "main")?.runtimeId, undefined);
  });

  it("is over if its dependency takes too long", async () => {
    const arn = await world.run([
      { name: "slow", command: lasting, essential: false, startTimeout: 2 },
      { name: "main", command: lasting, dependsOn: [{ containerName: "slow", condition: "COMPLETE" }] },
    ]);
    const task = await world.until(arn, "STOPPED");
    assert.match(containerOf(task, "main")?.reason ?? "", /dependency/);
  });

  it("waits for the health of its dependency, and shows it", async () => {
    const arn = await world.run([
      {
        name: "base",
        command: ["sh", "-c", `sleep 1; touch /tmp/up; ${lasting[2]}`],
        healthCheck: checkOf("test -e /tmp/up"),
      },
      { name: "main", command: lasting, dependsOn: [{ containerName: "base", condition: "HEALTHY" }] },
    ]);
    const running = await world.until(arn, "RUNNING", (task) => task.healthStatus === "HEALTHY");
    assert.equal(containerOf(running, "base")?.healthStatus, "HEALTHY");
    assert.equal(containerOf(running, "main")?.healthStatus, "UNKNOWN");
    await world.stop(arn);
  });

  it("is UNHEALTHY with a container whose check fails", async () => {
    const arn = await world.run([{ command: lasting, healthCheck: checkOf("false") }]);
    const running = await world.until(arn, "RUNNING", (task) => task.healthStatus === "UNHEALTHY");
    assert.equal(containerOf(running, "c0")?.healthStatus, "UNHEALTHY");
    await world.stop(arn);
  });

  it("does not restart a container that has run for less than its policy requires", async () => {
    const restartPolicy = { enabled: true, restartAttemptPeriod: 60 };
    const arn = await world.run([
      { name: "main", command: lasting },
      { name: "brief", command: ["sh", "-c", "exit 6"], essential: false, restartPolicy },
    ]);
    const running = await world.until(arn, "RUNNING", (task) => containerOf(task, "brief")?.lastStatus === "STOPPED");
    assert.equal(containerOf(running, "brief")?.exitCode, 6);
    await world.stop(arn);
  });

  it("runs twenty tasks at once", async () => {
    const taskDefinition = await world.register([{ command: lasting, memory: 8 }]);
    const runs = await Promise.all([1, 2].map(() => world.ecs.runTask({ taskDefinition, count: 10 })));
    const arns = runs.flatMap(({ tasks = [] }) => tasks.map(({ taskArn }) => taskArn ?? ""));
    assert.equal(arns.length, 20);
    await Promise.all(arns.map((arn) => world.until(arn, "RUNNING")));
    const stopped = await Promise.all(arns.map((arn) => world.stop(arn)));
    assert.deepEqual(new Set(stopped.map(({ containers }) => containers?.[0]?.exitCode)), new Set([0]));
  });
});

const shared = { mountPoints: [{ sourceVolume: "data", containerPath: "/data" }] };
