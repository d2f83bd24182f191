/** The life of a host with the official agent, replayed message for message through the parsers and over real sockets. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { parseCommandFromAgent, parseTelemetryFromAgent } from "../../src/agent-protocol/from-agent.ts";
import { messagesToAgent, parseToAgent } from "../../src/agent-protocol/to-agent.ts";
import { Sha256 } from "../../src/lib/sha256.ts";
import type { AgentSocket } from "../agent-client.ts";
import { untilFound } from "../until.ts";
import { commands, type Names, registration, stateChanges, telemetry, toAgent } from "./agent-transcript.ts";
import { AgentWorld, account, region } from "./agent-world.ts";

const arn = (rest: string): string => `arn:aws:ecs:${region}:${account}:${rest}`;
const anyNames: Names = {
  cluster: "default",
  clusterArn: arn("cluster/default"),
  containerInstanceArn: arn("container-instance/default/00112233445566778899aabbccddeeff"),
  taskArn: arn("task/default/ffeeddccbbaa99887766554433221100"),
};

describe("the parsers", () => {
  test("accept every message that agents send, each on its own socket", () => {
    for (const message of Object.values(commands(anyNames, "m-1"))) {
      assert.deepEqual(parseCommandFromAgent(JSON.parse(JSON.stringify(message))), { ok: true, message });
      assert.equal(parseTelemetryFromAgent(message).ok, false);
    }
    for (const message of Object.values(telemetry(anyNames, 1_795_219_819.985))) {
      assert.deepEqual(parseTelemetryFromAgent(JSON.parse(JSON.stringify(message))), { ok: true, message });
      assert.equal(parseCommandFromAgent(message).ok, false);
    }
  });

  test("accept every message to agents, one of each kind", () => {
    for (const message of toAgent(anyNames)) {
      assert.deepEqual(parseToAgent(JSON.parse(JSON.stringify(message))), { ok: true, message }, message.type);
    }
    assert.deepEqual(
      [...new Set(toAgent(anyNames).map(({ type }) => type))].sort(),
      messagesToAgent.map(({ type }) => type).sort(),
    );
  });
});

describe("the life of a host", () => {
  let world: AgentWorld;
  let names: Names;
  let acs: AgentSocket;
  let tcs: AgentSocket;

  before(async () => {
    world = await AgentWorld.start();
    await world.ecs.createCluster({ clusterName: "default" });
  });
  after(() => world.end());

  /** Calls an operation as the agent does: with its headers, its signature, and the body unchanged. */
  async function call(operation: string, body: object): Promise<Record<string, unknown>> {
    const { port } = world.server;
    const text = JSON.stringify(body);
    const signer = new SignatureV4({
      service: "ecs",
      region,
      credentials: world.key,
      sha256: Sha256,
      applyChecksum: false,
    });
    const { headers } = await signer.sign({
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port,
      path: "/",
      query: {},
      headers: {
        "amz-sdk-invocation-id": "0d5c9f1e-1111-4222-8333-444455556666",
        "amz-sdk-request": "attempt=1; max=3",
        "content-length": String(Buffer.byteLength(text)),
        "content-type": "application/x-amz-json-1.1",
        host: `127.0.0.1:${port}`,
        "x-amz-target": `AmazonEC2ContainerServiceV20141113.${operation}`,
      },
      body: text,
    });
    const answer = Promise.withResolvers<Record<string, unknown>>();
    const unsigned = {
      "user-agent": "Amazon ECS Agent - v1.96.0 (*c0ffee01) (linux) (+http://aws.amazon.com/ecs/)",
      "accept-encoding": "gzip",
    };
    const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/", headers: { ...headers, ...unsigned } });
    sent.on("error", answer.reject);
    sent.on("response", (response) => {
      let received = "";
      response.on("data", (chunk: Buffer) => {
        received += chunk.toString("utf8");
      });
      response.on("end", () => {
        const parsed = JSON.parse(received) as Record<string, unknown>;
        if (response.statusCode === 200) answer.resolve(parsed);
        else answer.reject(new Error(received));
      });
    });
    sent.end(text);
    return answer.promise;
  }

  test("begins with a registration, whose attributes come back", async () => {
    const reply = await call("RegisterContainerInstance", { cluster: "default", ...registration });
    const { containerInstanceArn, attributes } = reply.containerInstance as {
      readonly containerInstanceArn: string;
      readonly attributes: readonly { readonly name: string; readonly value?: string }[];
    };
    for (const { name, ...more } of registration.attributes) {
      const echoed = attributes.find((attribute) => attribute.name === name);
      assert.ok(echoed !== undefined, name);
      assert.equal(echoed.value ?? "", "value" in more ? more.value : "", name);
    }
    names = { ...anyNames, containerInstanceArn };
    const again = await call("RegisterContainerInstance", { cluster: "default", ...registration });
    const second = again.containerInstance as { readonly containerInstanceArn: string };
    assert.equal(second.containerInstanceArn, containerInstanceArn, "a repetition of the same request");
  });

  test("continues with the addresses of its sockets, both of which open", async () => {
    const { containerInstanceArn } = names;
    const asked = { cluster: "default", containerInstance: containerInstanceArn, zoneId: "" };
    const { endpoint, telemetryEndpoint } = await call("DiscoverPollEndpoint", asked);
    assert.match(String(endpoint), /^http:/);
    // An agent appends `/ws` to the endpoint.
    const path = (base: unknown): string => `${new URL(String(base)).pathname}/ws`;
    [acs, tcs] = await Promise.all([
      world.open("acs", containerInstanceArn, { path: path(endpoint) }),
      world.open("tcs", containerInstanceArn, { path: path(telemetryEndpoint) }),
    ]);
    const manifest = await acs.next("TaskManifestMessage");
    acs.socket.send(JSON.stringify(commands(names, manifest.messageId).ack));
    acs.socket.send(JSON.stringify(commands(names, manifest.messageId).stopVerification));
    const confirmed = await acs.next("TaskStopVerificationAck");
    assert.equal(confirmed.messageId, manifest.messageId);
    assert.equal(confirmed.stopTasks?.length, 1);
  });

  test("publishes that nothing runs, and the state of its runtime", async () => {
    const { idleMetrics, initializing, status } = telemetry(names, Date.now() / 1_000);
    for (const { type, message } of [idleMetrics, initializing, status]) await tcs.sendSigned(type, message);
    await tcs.next("AckPublishMetric");
    await tcs.next("AckPublishInstanceStatus");
    await tcs.next("AckPublishInstanceStatus");
    const { healthStatus } = await untilFound("OK", async () => {
      const instance = await world.instance(names.containerInstanceArn);
      return instance.healthStatus?.overallStatus === "OK" ? instance : null;
    });
    assert.deepEqual(
      healthStatus?.details?.map(({ type }) => type),
      ["CONTAINER_RUNTIME"],
    );
  });

  test("runs a task of two containers and reports each state", async () => {
    await world.ecs.registerTaskDefinition({
      family: "web",
      containerDefinitions: [
        {
          name: "main",
          image: "busybox:latest",
          memory: 64,
          healthCheck: { command: ["CMD", "true"] },
          portMappings: [
            { containerPort: 80 },
            { containerPort: 53, protocol: "udp" },
            { containerPortRange: "9000-9002" },
          ],
        },
        { name: "side", image: "busybox:latest", memory: 64, essential: false },
      ],
    });
    const { tasks = [] } = await world.ecs.runTask({ taskDefinition: "web", launchType: "EXTERNAL" });
    names = { ...names, taskArn: tasks[0]?.taskArn ?? "" };
    const payload = await acs.next("PayloadMessage");
    assert.deepEqual(
      [payload.clusterArn, payload.containerInstanceArn],
      [names.clusterArn, names.containerInstanceArn],
    );
    const { ack, credentialsAck } = commands(names, payload.messageId);
    acs.socket.send(JSON.stringify(credentialsAck));
    acs.socket.send(JSON.stringify(ack));
    const { pending, running, sideExit } = stateChanges(names, Date.now() / 1_000);
    for (const body of [pending, running]) {
      assert.ok("acknowledgment" in (await call("SubmitTaskStateChange", body)));
    }
    const task = await world.task(names.taskArn);
    assert.deepEqual([task.lastStatus, task.stoppedReason], ["RUNNING", undefined]);
    const byName = (name: string) => task.containers?.find((container) => container.name === name);
    assert.deepEqual(
      byName("main")?.networkBindings?.map(({ hostPort, hostPortRange }) => hostPort ?? hostPortRange),
      [32_768, 32_769, "32770-32772"],
    );
    assert.deepEqual(
      [byName("main")?.imageDigest, byName("side")?.lastStatus],
      [`sha256:${"6e".repeat(32)}`, "RUNNING"],
    );
    assert.ok(task.pullStartedAt !== undefined && task.pullStoppedAt !== undefined);
    await call("SubmitTaskStateChange", sideExit);
    const later = await world.task(names.taskArn);
    const side = later.containers?.find(({ name }) => name === "side");
    assert.deepEqual([later.lastStatus, side?.lastStatus, side?.exitCode], ["RUNNING", "STOPPED", 137]);
    assert.match(side?.reason ?? "", /^OutOfMemoryError/);
  });

  test("publishes the task's usage and health", async () => {
    const { metrics, health } = telemetry(names, Date.now() / 1_000);
    await tcs.sendSigned(metrics.type, metrics.message);
    await tcs.sendSigned(health.type, health.message);
    await tcs.next("AckPublishMetric");
    await tcs.next("AckPublishHealth");
    await untilFound("HEALTHY", async () => (await world.task(names.taskArn)).healthStatus === "HEALTHY");
  });

  test("stops the task when it is ordered to, and reports its exit code", async () => {
    await world.ecs.stopTask({ task: names.taskArn, reason: "enough" });
    const payload = await acs.next("PayloadMessage");
    assert.deepEqual(
      payload.tasks?.map(({ arn: of, desiredStatus }) => [of, desiredStatus]),
      [[names.taskArn, "STOPPED"]],
    );
    acs.socket.send(JSON.stringify(commands(names, payload.messageId).ack));
    await call("SubmitTaskStateChange", stateChanges(names, Date.now() / 1_000).stopped);
    const task = await world.task(names.taskArn);
    assert.deepEqual([task.lastStatus, task.stopCode, task.stoppedReason], ["STOPPED", "UserInitiated", "enough"]);
    assert.equal(task.containers?.find(({ name }) => name === "main")?.exitCode, 3);
    // The state of a forgotten task is accepted too, so that the agent need not send it again.
    const forgotten = { ...names, taskArn: names.taskArn.replace(/.{6}$/, "000000") };
    await call("SubmitTaskStateChange", stateChanges(forgotten, Date.now() / 1_000).stopped);
  });

  test("refuses an update, because it was configured to", async () => {
    await world.ecs.updateContainerAgent({ containerInstance: names.containerInstanceArn });
    const { messageId } = await acs.next("StageUpdateMessage");
    acs.socket.send(JSON.stringify(commands(names, messageId).nack));
    await untilFound(
      "FAILED",
      async () => (await world.instance(names.containerInstanceArn)).agentUpdateStatus === "FAILED",
    );
  });

  test("registers again under its ARN, drains, and ends with its deregistration", async () => {
    const { containerInstanceArn } = names;
    const attributes = registration.attributes.filter(({ name }) => name !== "rack");
    const clientToken = "0f7c1a52-3e62-4a8e-9a55-6d1f0b7f2c12";
    const reply = await call("RegisterContainerInstance", {
      cluster: "default",
      ...registration,
      attributes,
      clientToken,
      containerInstanceArn,
    });
    const again = reply.containerInstance as { readonly containerInstanceArn: string };
    assert.equal(again.containerInstanceArn, containerInstanceArn);
    const spotNotice = { cluster: "default", containerInstances: [containerInstanceArn], status: "DRAINING" };
    await call("UpdateContainerInstancesState", spotNotice);
    assert.equal((await world.instance(containerInstanceArn)).status, "DRAINING");
    await world.ecs.deregisterContainerInstance({ containerInstance: containerInstanceArn });
    for (const { closed } of [acs, tcs]) {
      const { code, reason } = await closed;
      assert.deepEqual([code, reason.includes("InactiveInstanceException")], [1008, true]);
    }
    await assert.rejects(world.open("acs", containerInstanceArn), /"InactiveInstanceException"/);
  });
});
