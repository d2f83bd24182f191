/** What `berth dev` simulates: hosts for instances that register through the API, and images that rehearse failures. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ContainerInstance, Task } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { until } from "../until.ts";
import {
  agentUserAgent,
  define,
  describeInstance,
  describeTask,
  register,
  runOne,
  type SmallDefinition,
  startWorld,
  untilTask,
  type World,
} from "./world.ts";

let world: World;
before(async () => {
  world = await startWorld({ instances: 2 });
});
after(() => world.close());

describe("hosts", () => {
  test("the fleet of the cluster `default` is connected, in zones, and of the requested size", async () => {
    const { containerInstanceArns = [] } = await world.ecs.listContainerInstances({});
    assert.equal(containerInstanceArns.length, 2);
    const zones = new Set<string | undefined>();
    for (const arn of containerInstanceArns) {
      const instance = await describeInstance(world.ecs, "default", arn);
      assert.equal(instance.agentConnected, true);
      const amounts = instance.registeredResources?.slice(0, 2).map(({ name, integerValue }) => [name, integerValue]);
      assert.deepEqual(amounts, [
        ["CPU", 2_048],
        ["MEMORY", 4_096],
      ]);
      zones.add(instance.attributes?.find(({ name }) => name === "ecs.availability-zone")?.value);
    }
    assert.equal(zones.size, 2);
  });

  test("an instance that registers through the API is connected at once and takes tasks", async () => {
    const { ecs } = world;
    await ecs.createCluster({ clusterName: "adopted" });
    const arn = await register(ecs, "adopted");
    const { agentConnected, versionInfo } = await describeInstance(ecs, "adopted", arn);
    assert.equal(agentConnected, true);
    assert.match(versionInfo?.agentVersion ?? "", /^\d+\.\d+\.\d+$/);
    const task = await runOne(ecs, "adopted", await define(ecs, "adopted"));
    assert.equal((await untilTask(ecs, "adopted", task, "RUNNING")).containerInstanceArn, arn);
  });

  test("an instance that the ECS agent registers waits for that agent", async () => {
    const { ecs } = world;
    await ecs.createCluster({ clusterName: "agents-own" });
    const agent = world.client({ userAgent: agentUserAgent });
    const arn = await register(agent, "agents-own");
    assert.equal((await describeInstance(ecs, "agents-own", arn)).agentConnected, false);
    const { failures } = await ecs.runTask({ cluster: "agents-own", taskDefinition: await define(ecs, "waits") });
    assert.deepEqual(
      failures?.map(({ reason }) => reason),
      ["AGENT"],
    );
  });

  test("without adoption (--no-adopt) no instance gets a host, but the fleet is there", async () => {
    const strict = await startWorld({ instances: 1, adopt: false });
    try {
      await strict.ecs.createCluster({ clusterName: "alone" });
      const arn = await register(strict.ecs, "alone");
      assert.equal((await describeInstance(strict.ecs, "alone", arn)).agentConnected, false);
      const [fleet = ""] = strict.server.hosts?.instances() ?? [];
      assert.equal((await describeInstance(strict.ecs, "default", fleet)).agentConnected, true);
    } finally {
      await strict.close();
    }
  });
});

describe("images", () => {
  /** Runs one task of `container` and waits for `lastStatus`. */
  async function run(family: string, container: SmallDefinition, lastStatus: string) {
    const { ecs } = world;
    const arn = await runOne(ecs, "default", await define(ecs, family, { cpu: 1, memory: 6, ...container }));
    const task = await untilTask(ecs, "default", arn, lastStatus);
    return { arn, task, container: must(task.containers?.[0], "its container") };
  }

  test("berth/exit:N ends with that code", async () => {
    const { task, container } = await run("exit", { image: "berth/exit:3" }, "STOPPED");
    assert.equal(container.exitCode, 3);
    assert.deepEqual(
      [task.stopCode, task.stoppedReason],
      ["EssentialContainerExited", "Essential container in task exited"],
    );
  });

  test("a command that ends wins over the image", async () => {
    const { container } = await run("command", { command: ["sh", "-c", "sleep 0.1; exit 7"] }, "STOPPED");
    assert.equal(container.exitCode, 7);
  });

  test("berth/sleep:S runs for that long and ends with 0", async () => {
    const { task, container } = await run("sleep", { image: "berth/sleep:1" }, "STOPPED");
    assert.equal(container.exitCode, 0);
    const ranMs = Number(task.executionStoppedAt) - Number(task.startedAt);
    assert.ok(ranMs > 500, `${ranMs} ms`);
  });

  test("berth/out-of-memory:S is killed and says so", async () => {
    const { container } = await run("oom", { image: "berth/out-of-memory:0" }, "STOPPED");
    assert.equal(container.exitCode, 137);
    assert.match(container.reason ?? "", /^OutOfMemoryError/);
  });

  test("berth/cannot-pull never starts", async () => {
    const { task, container } = await run("pull", { image: "berth/cannot-pull" }, "STOPPED");
    assert.equal(task.stopCode, "TaskFailedToStart");
    assert.match(`${task.stoppedReason} ${container.reason}`, /CannotPullContainerError/);
    assert.equal(container.exitCode, undefined);
    assert.equal(task.startedAt, undefined);
  });

  test("berth/cannot-start never starts", async () => {
    const { task, container } = await run("start", { image: "berth/cannot-start" }, "STOPPED");
    assert.equal(task.stopCode, "TaskFailedToStart");
    assert.match(`${task.stoppedReason} ${container.reason}`, /CannotStartContainerError/);
  });

  test("berth/slow-pull:S is PENDING meanwhile", async () => {
    const { task } = await run("slow", { image: "berth/slow-pull:1" }, "RUNNING");
    assert.ok(Number(task.pullStoppedAt) - Number(task.pullStartedAt) >= 900);
  });

  test("berth/ignore-sigterm is killed after its stop timeout, with 137", async () => {
    const { ecs } = world;
    const { arn } = await run("ignore", { image: "berth/ignore-sigterm", stopTimeout: 2 }, "RUNNING");
    const startedAt = performance.now();
    await ecs.stopTask({ task: arn });
    const task = await untilTask(ecs, "default", arn, "STOPPED");
    assert.ok(performance.now() - startedAt > 1_500);
    assert.equal(task.containers?.[0]?.exitCode, 137);
    assert.equal(task.stopCode, "UserInitiated");
  });

  test("any other image runs until it is stopped, and ends with 143 or 0 at SIGTERM", async () => {
    const { ecs } = world;
    const { arn } = await run("endless", {}, "RUNNING");
    await run("short", { image: "berth/exit:0" }, "STOPPED");
    assert.equal((await describeTask(ecs, "default", arn)).lastStatus, "RUNNING");
    await ecs.stopTask({ task: arn });
    const task = await untilTask(ecs, "default", arn, "STOPPED");
    assert.ok([0, 143].includes(task.containers?.[0]?.exitCode ?? -1));
  });

  test("a health check is HEALTHY, with berth/unhealthy UNHEALTHY", async () => {
    const healthCheck = { command: ["CMD-SHELL", "true"], interval: 5, retries: 1 };
    const well = await run("well", { healthCheck }, "RUNNING");
    const unwell = await run("unwell", { image: "berth/unhealthy", healthCheck }, "RUNNING");
    const health = (status: string) => (task: Task) => task.healthStatus === status;
    await until("HEALTHY", () => describeTask(world.ecs, "default", well.arn), health("HEALTHY"));
    await until("UNHEALTHY", () => describeTask(world.ecs, "default", unwell.arn), health("UNHEALTHY"));
  });

  test("berth/impair-runtime makes its instance IMPAIRED while it runs", async () => {
    const { ecs } = world;
    await ecs.createCluster({ clusterName: "impaired" });
    const instance = await register(ecs, "impaired");
    const overall = (status: string) => (found: ContainerInstance) => found.healthStatus?.overallStatus === status;
    const look = () => describeInstance(ecs, "impaired", instance);
    const task = await runOne(ecs, "impaired", await define(ecs, "impair", { image: "berth/impair-runtime" }));
    const { healthStatus } = await until("IMPAIRED", look, overall("IMPAIRED"));
    assert.deepEqual(
      healthStatus?.details?.map(({ type, status }) => [type, status]),
      [["CONTAINER_RUNTIME", "IMPAIRED"]],
    );
    await ecs.stopTask({ cluster: "impaired", task });
    await until("OK", look, overall("OK"));
  });
});
