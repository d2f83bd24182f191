import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError, instanceArn, taskArn, World } from "./played-control-plane.ts";
import { adoptedHost } from "./simulated/simulated-host.ts";

describe("agent: registration", () => {
  it("registers as an EC2 host does, then connects both sockets", async () => {
    const world = new World();
    const host = await world.start();
    const [request] = world.called("RegisterContainerInstance");
    const identity = JSON.parse(String(request?.instanceIdentityDocument)) as Record<string, string>;
    assert.match(identity.instanceId ?? "", /^i-[0-9a-f]{17}$/);
    assert.equal(identity.availabilityZone, "us-east-1b");
    assert.equal(request?.containerInstanceArn, undefined);
    const resources = request?.totalResources as { name: string; stringSetValue?: string[] }[];
    assert.deepEqual(resources.find((resource) => resource.name === "PORTS")?.stringSetValue, [
      "22",
      "2375",
      "2376",
      "51678",
      "51679",
    ]);
    const attributes = (request?.attributes ?? []) as { name: string }[];
    const names = attributes.map((attribute) => attribute.name);
    for (const name of [
      "ecs.capability.task-eni",
      "com.amazonaws.ecs.capability.docker-remote-api.1.25",
      "ecs.os-type",
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.equal(new Set(names).size, names.length);
    assert.equal(host.agent.containerInstanceArn, instanceArn);
    assert.deepEqual(
      world.opened.map(({ channel, hello }) => [channel, hello.sendCredentials]),
      [
        ["acs", true],
        ["tcs", false],
      ],
    );
    assert.deepEqual(world.last("tcs").statuses(), ["OK"]);
  });

  it("retries while that can help, and ends when it cannot", async () => {
    const world = new World();
    world.failures.push({ operation: "RegisterContainerInstance", error: new CodedError("ServerException") });
    world.failures.push({ operation: "RegisterContainerInstance", error: new Error("connection refused") });
    world.failures.push({ operation: "RegisterContainerInstance", error: new CodedError("ClientException") });
    await world.start();
    await world.clock.advance(60_000);
    assert.equal(world.called("RegisterContainerInstance").length, 3);
    assert.equal(world.ends[0]?.why, "refused");
    assert.deepEqual(world.opened, []);
  });

  it("registers again with the ARN on its disk, and not at all when adopted", async () => {
    const world = new World();
    const first = await world.start();
    await first.stop();
    await world.start();
    assert.equal(world.called("RegisterContainerInstance")[1]?.containerInstanceArn, instanceArn);
    const adopting = new World();
    const host = adoptedHost(adopting.world(), { ...adopting.options(), containerInstanceArn: instanceArn });
    await Promise.all([host.start(), adopting.clock.settle()]);
    assert.deepEqual(
      adopting.calls.map((call) => call.operation),
      ["DiscoverPollEndpoint"],
    );
    assert.equal(adopting.opened[0]?.hello.containerInstanceArn, instanceArn);
  });
});

describe("agent: its sockets", () => {
  it("reopen at once after an orderly close, and with growing pauses otherwise", async () => {
    const world = new World();
    await world.start();
    await world.clock.advance(5_000);
    world.last("acs").hangUp(1001);
    await world.clock.advance(0);
    assert.equal(world.of("acs").length, 2);
    for (let i = 0; i < 4; i++) {
      const opened = world.of("acs").length;
      world.last("acs").hangUp(1008, "ServerException: no");
      await world.clock.runUntil(() => world.of("acs").length > opened, 10_000);
    }
    const times = world
      .of("acs")
      .slice(1)
      .map((opened) => opened.at);
    const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    const expected = [250, 375, 562, 843];
    pauses.forEach((pause, i) => {
      assert.ok(Math.abs(pause / (expected[i] ?? 0) - 1) <= 0.21, pauses.join());
    });
    assert.equal(world.of("acs")[1]?.hello.sendCredentials, false);
    assert.equal(world.called("DiscoverPollEndpoint").length, 1);
  });

  it("are given up when nothing arrives for one to two minutes", async () => {
    const world = new World();
    await world.start();
    await world.clock.advance(59_000);
    assert.equal(world.of("acs").length, 1);
    await world.clock.advance(62_000);
    assert.equal(world.opened[0]?.connection.closedByAgent, 1000);
    assert.equal(world.of("acs").length, 2);
  });

  it("end for good when the instance is inactive or has another agent", async () => {
    for (const [word, why] of [
      ["InactiveInstanceException", "inactive"],
      ["DisplacedByAgent", "displaced"],
    ]) {
      const world = new World();
      await world.start();
      world.last("acs").hangUp(1008, `${word}: text`);
      await world.clock.advance(7_200_000);
      assert.deepEqual(world.ends, [{ why }]);
      assert.equal(world.opened.length, 2);
      assert.equal(world.clock.nextTimerAt(), null, "an agent that has ended leaves no timers");
    }
  });

  it("answer heartbeats and publish what the check found", async () => {
    const world = new World();
    await world.start();
    await world.tell("HeartbeatMessage", { messageId: "h-1", healthy: true });
    assert.deepEqual(world.last("acs").sent, [{ type: "HeartbeatAckRequest", message: { messageId: "h-1" } }]);
    await world.clock.advance(20_000);
    assert.deepEqual(world.last("tcs").statuses(), ["OK", "OK"]);
    await world.clock.advance(20_000);
    assert.equal(world.last("tcs").statuses().length, 2, "nothing was checked since");
  });
});

describe("agent: tasks", () => {
  it("acknowledges a payload, runs it and reports", async () => {
    const world = new World();
    const host = await world.start();
    await world.run("nginx");
    assert.deepEqual(world.last("acs").sent, [
      { type: "AckRequest", message: { messageId: "m", cluster: "cluster", containerInstance: instanceArn } },
    ]);
    await world.clock.advance(99);
    assert.deepEqual(world.reports(), []);
    await world.clock.advance(1);
    assert.equal(world.reports()[0]?.status, "RUNNING");
    assert.equal(host.agent.liveTasks, 1);
    await world.order({ desiredStatus: "STOPPED" });
    await world.clock.advance(100);
    assert.deepEqual(
      world.reports().map((report) => report.status),
      ["RUNNING", "STOPPED"],
    );
    assert.equal(world.reports()[1]?.containers?.[0]?.exitCode, 143);
  });

  const lives: readonly (readonly [string, number, number | undefined, RegExp | null])[] = [
    ["berth/exit:3", 200, 3, null],
    ["berth/sleep:10", 10_200, 0, null],
    ["berth/crash-after:2", 2_200, 1, null],
    ["berth/out-of-memory:1", 1_200, 137, /^OutOfMemoryError/],
    ["berth/cannot-pull", 200, undefined, /^CannotPullContainerError/],
    ["berth/cannot-start", 200, undefined, /^CannotStartContainerError/],
  ];
  for (const [image, afterMs, exitCode, reason] of lives) {
    it(`rehearses ${image}`, async () => {
      const world = new World();
      await world.start();
      await world.run(image);
      await world.clock.advance(afterMs);
      const last = world.reports().at(-1);
      assert.equal(last?.status, "STOPPED");
      assert.equal(last?.containers?.at(-1)?.exitCode, exitCode);
      if (reason !== null) assert.match(last?.containers?.at(-1)?.reason ?? "", reason);
    });
  }

  it("kills a container that ignores SIGTERM once the stop timeout is over", async () => {
    const world = new World();
    await world.start();
    await world.run("berth/ignore-sigterm", { stopTimeout: 5 });
    await world.clock.advance(200);
    await world.order({ desiredStatus: "STOPPED" });
    await world.clock.advance(4_900);
    assert.equal(world.reports().length, 1);
    await world.clock.advance(200);
    assert.equal(world.reports()[1]?.containers?.[0]?.exitCode, 137);
  });

  it("publishes health of containers and an impaired runtime at once", async () => {
    const world = new World();
    await world.start();
    await world.run("berth/unhealthy", { healthCheckType: "docker" });
    await world.clock.advance(1_200);
    const health = world.last("tcs").sent.filter((message) => message.type === "PublishHealthRequest");
    assert.match(JSON.stringify(health), /UNHEALTHY/);
    const impaired = new World();
    await impaired.start();
    await impaired.run("berth/impair-runtime");
    await impaired.clock.advance(200);
    await impaired.order({ desiredStatus: "STOPPED" });
    await impaired.clock.advance(200);
    assert.deepEqual(impaired.last("tcs").statuses(), ["OK", "IMPAIRED", "OK"]);
  });

  it("reports in order for each task, however often an attempt fails, and drops refused reports", async () => {
    const world = new World();
    const submit = "SubmitTaskStateChange";
    world.failures.push(
      { operation: submit, error: new CodedError("ServerException") },
      { operation: submit, error: new Error("gone") },
    );
    await world.start();
    await world.run("berth/exit:3");
    await world.clock.advance(10_000);
    assert.deepEqual(
      world.reports().map((report) => report.status),
      ["RUNNING", "RUNNING", "RUNNING", "STOPPED"],
    );
    const refused = new World();
    refused.failures.push({ operation: submit, error: new CodedError("InvalidParameterException") });
    await refused.start();
    await refused.run("berth/exit:3");
    await refused.clock.advance(10_000);
    assert.deepEqual(
      refused.reports().map((report) => report.status),
      ["RUNNING", "STOPPED"],
    );
  });

  it("asks about tasks that are missing from the manifest", async () => {
    const world = new World();
    await world.start();
    await world.run("nginx");
    await world.clock.advance(200);
    await world.tell("TaskManifestMessage", { messageId: "m-2", timeline: 2, tasks: [] });
    const asked = world.last("acs").sent.at(-1);
    assert.deepEqual(asked, {
      type: "TaskStopVerificationMessage",
      message: { messageId: "m-2", stopCandidates: [{ taskArn, desiredStatus: "STOPPED" }] },
    });
    await world.tell("TaskStopVerificationAck", { messageId: "m-2", stopTasks: [{ taskArn }] });
    await world.clock.advance(200);
    assert.equal(world.reports().at(-1)?.status, "STOPPED");
  });
});

describe("agent: restart and update", () => {
  it("finds running containers, and those that exited meanwhile", async () => {
    const world = new World();
    const first = await world.start();
    await world.order({
      containers: [
        { name: "ends", image: "berth/sleep:10", essential: false },
        { name: "stays", image: "nginx", essential: true },
      ],
    });
    await world.clock.advance(1_000);
    await first.stop();
    await world.clock.advance(60_000);
    const second = await world.start();
    await world.clock.advance(2_000);
    assert.equal(second.runtime.containers, 1);
    const last = world.reports().at(-1);
    assert.equal(last?.status, "RUNNING");
    assert.deepEqual(
      last?.containers?.map(({ containerName, exitCode }) => [containerName, exitCode]),
      [["ends", 0]],
    );
    assert.equal(world.reports().length, 2);
  });

  it("submits after a restart what was not accepted before", async () => {
    const world = new World();
    const first = await world.start();
    for (let i = 0; i < 5; i++) world.failures.push({ operation: "SubmitTaskStateChange", error: new Error("down") });
    await world.run("berth/exit:3");
    await world.clock.advance(500);
    await first.stop();
    world.failures.length = 0;
    await world.start();
    await world.clock.advance(100);
    assert.deepEqual(
      world
        .reports()
        .slice(-2)
        .map((report) => report.status),
      ["RUNNING", "STOPPED"],
    );
  });

  it("performs an update in two steps and comes back with the new version", async () => {
    const world = new World();
    await world.start();
    await world.tell("PerformUpdateMessage", { messageId: "p-0" });
    assert.match(String(world.last("acs").sent.at(-1)?.message.reason), /not downloaded/);
    await world.tell("StageUpdateMessage", {
      messageId: "s-1",
      updateInfo: { location: "simulated:/agent/1.97.0", signature: "00" },
    });
    assert.equal(world.last("acs").sent.at(-1)?.type, "AckRequest");
    await world.tell("PerformUpdateMessage", { messageId: "p-1" });
    const updating = world.last("acs");
    assert.deepEqual([updating.sent.at(-1)?.type, updating.closedByAgent], ["AckRequest", 1000]);
    await world.clock.advance(200);
    assert.deepEqual(
      world.of("acs").map((opened) => opened.hello.agentVersion),
      ["1.95.0", "1.97.0"],
    );
    assert.equal((await world.disk.load())?.agentVersion, "1.97.0");
  });
});
