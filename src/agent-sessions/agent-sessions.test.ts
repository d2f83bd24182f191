import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterPlace } from "../cluster-runner/partitions/cluster-place.ts";
import type { AgentReport } from "../ecs/state/cluster-input.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { heartbeatIntervalMs } from "./agent-session.ts";
import { AgentSessions } from "./agent-sessions.ts";
import { InProcessTransport } from "./in-process-transport.ts";
import { AgentEnd, hello, instanceId, orderOf, place, SmallSessions } from "./small-sessions.ts";

describe("sessions: who is connected", () => {
  it("ACS alone makes an instance connected, and is reported once", async () => {
    const world = new SmallSessions();
    await world.connect("tcs");
    assert.deepEqual(world.reports, []);
    const acs = await world.connect("acs");
    assert.deepEqual(world.reports, [
      {
        type: "agent-connected",
        instanceId,
        agentVersion: "1.96.0",
        agentHash: "c6d67916",
        dockerVersion: "DockerVersion: 25.0.8",
        isNewProcess: true,
      },
    ]);
    acs.connection.close(1000, "bye");
    await world.clock.settle();
    assert.deepEqual(world.types(), ["agent-connected", "agent-disconnected"]);
  });

  it("let the newest connection win without a disconnect", async () => {
    const world = new SmallSessions();
    const first = await world.connect();
    const second = await world.connect();
    assert.equal(first.closed?.code, 1008);
    assert.equal(second.closed, null);
    assert.deepEqual(world.types(), ["agent-connected", "agent-connected"]);
  });

  it("keep simulated hosts away from an instance that has an agent, even while that is gone", async () => {
    const world = new SmallSessions();
    const real = await world.connect("acs");
    const simulated = await world.connect("acs", { simulated: true });
    assert.match(simulated.closed?.reason ?? "", /^DisplacedByAgent/);
    real.connection.close(1006, "");
    await world.clock.settle();
    assert.match((await world.connect("tcs", { simulated: true })).closed?.reason ?? "", /^DisplacedByAgent/);
  });

  it("displace a simulated host with both its sockets", async () => {
    const world = new SmallSessions();
    const acs = await world.connect("acs", { simulated: true });
    const tcs = await world.connect("tcs", { simulated: true });
    await world.connect("acs");
    assert.match(acs.closed?.reason ?? "", /^DisplacedByAgent/);
    assert.match(tcs.closed?.reason ?? "", /^DisplacedByAgent/);
    assert.deepEqual(world.types(), ["agent-connected", "agent-connected"]);
    assert.deepEqual(world.sessions.counts(), { acs: 1, tcs: 0, simulated: 0 });
  });

  it("turn away the agent of an inactive instance on both sockets", async () => {
    const world = new SmallSessions();
    const acs = await world.connect("acs");
    const tcs = await world.connect("tcs");
    await world.send({ type: "turn-away", instanceId });
    for (const end of [acs, tcs, await world.connect("tcs")]) {
      assert.equal(end.closed?.code, 1008);
      assert.match(end.closed?.reason ?? "", /^InactiveInstanceException/);
    }
  });

  it("refuse an invalid ARN, and everybody after the end", async () => {
    const world = new SmallSessions();
    const transport = new InProcessTransport({
      clock: world.clock,
      simulated: false,
      accept: (...connection) => world.sessions.accept(...connection),
    });
    const stranger = new AgentEnd(transport.connect("acs", { ...hello, containerInstanceArn: "i-1" }));
    const agent = await world.connect();
    world.sessions.closeAll(1001);
    await world.clock.settle();
    const late = await world.connect();
    assert.deepEqual([stranger.closed?.code, agent.closed?.code, late.closed?.code], [1008, 1001, 1001]);
  });

  it("introduce their agents to a reloaded cluster, and turn away those that it refuses", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    world.loaded(place);
    assert.deepEqual(world.types(), ["agent-connected", "agent-connected"]);
    world.refuse = true;
    world.loaded(place);
    await world.clock.settle();
    assert.equal(acs.closed?.code, 1008);
  });
});

describe("sessions: heartbeats", () => {
  it("stay open as long as they are answered", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    acs.connection.onMessage((value) => {
      const { message } = value as { message: { messageId: string } };
      acs.connection.send({ type: "HeartbeatAckRequest", message: { messageId: message.messageId } });
    });
    await world.clock.advance(heartbeatIntervalMs * 10);
    assert.equal(acs.closed, null);
    assert.deepEqual(world.types(), ["agent-connected"]);
  });

  it("close the connection after two unanswered heartbeats", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    await world.clock.advance(heartbeatIntervalMs * 3 - 1);
    assert.equal(acs.closedWith(), null);
    assert.equal(acs.of("HeartbeatMessage").length, 2);
    await world.clock.advance(1);
    assert.equal(acs.closedWith(), 1011);
    assert.deepEqual(world.types(), ["agent-connected", "agent-disconnected"]);
    await world.clock.advance(heartbeatIntervalMs * 3);
    assert.equal(world.reports.length, 2);
  });
});

describe("sessions: what is sent", () => {
  it("makes a payload of orders, with everything that the agent needs", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    await world.send({
      type: "deliver-tasks",
      instanceId,
      sequence: 1,
      orders: [orderOf(1), orderOf(2, "STOPPED")],
      isReturn: false,
    });
    const [payload] = acs.of("PayloadMessage");
    assert.equal(payload?.message.clusterArn, "arn:aws:ecs:us-east-1:123456789012:cluster/default");
    const [task, stop] = payload?.message.tasks ?? [];
    assert.deepEqual(stop, { arn: orderOf(2).task.arn, desiredStatus: "STOPPED" });
    assert.equal(task?.cpu, 0.5);
    assert.equal(task?.memory, 1024);
    assert.equal(task?.version, "3");
    assert.deepEqual(task?.volumes, [{ name: "v", type: "host", host: {} }]);
    const container = task?.containers?.[0];
    assert.deepEqual(container?.environment, { A: "2", B: "1" });
    assert.deepEqual(container?.command, ["run"]);
    assert.deepEqual(container?.portMappings, [{ containerPort: 80, hostPort: 0, protocol: "tcp" }]);
    assert.equal(container?.stopTimeout, 2);
    assert.equal(container?.healthCheckType, "docker");
    const config = JSON.parse(container?.dockerConfig?.config ?? "") as {
      Healthcheck: { Interval: number; Retries: number };
    };
    assert.deepEqual([config.Healthcheck.Interval, config.Healthcheck.Retries], [5_000_000_000, 3]);
    const hostConfig = JSON.parse(container?.dockerConfig?.hostConfig ?? "") as { NetworkMode: string };
    assert.equal(hostConfig.NetworkMode, "bridge");
  });

  it("numbers payloads and manifests as the cluster does", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    await world.send({ type: "deliver-tasks", instanceId, sequence: 7, orders: [orderOf(1)], isReturn: false });
    await world.send({ type: "deliver-manifest", instanceId, sequence: 8, tasks: [] });
    assert.equal(acs.of("PayloadMessage")[0]?.message.seqNum, 7);
    assert.equal(acs.of("TaskManifestMessage")[0]?.message.timeline, 8);
  });

  it("resends what was not acknowledged, except orders that later ones have overtaken", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    const alive = (): void => acs.connection.send({ type: "HeartbeatAckRequest", message: { messageId: "x" } });
    await world.send({
      type: "deliver-tasks",
      instanceId,
      sequence: 1,
      orders: [orderOf(1), orderOf(2)],
      isReturn: false,
    });
    await world.send({
      type: "deliver-tasks",
      instanceId,
      sequence: 1,
      orders: [orderOf(1, "STOPPED")],
      isReturn: false,
    });
    const [, stop] = acs.of("PayloadMessage");
    acs.connection.send({ type: "AckRequest", message: { messageId: stop?.message.messageId ?? "" } });
    await world.clock.advance(heartbeatIntervalMs);
    const again = acs.of("PayloadMessage").slice(2);
    assert.deepEqual(
      again.map((payload) => payload.message.tasks?.map((task) => task.arn)),
      [[orderOf(2).task.arn]],
    );
    for (let i = 0; i < 5; i++) {
      alive();
      await world.clock.advance(heartbeatIntervalMs);
    }
    assert.equal(acs.of("PayloadMessage").length, 2 + 3);
    assert.ok(world.logged.includes("agent-payload-unacknowledged"));
  });

  it("fails the update of a real agent if there is no archive to offer, and offers a simulated one its own", async () => {
    const reports: AgentReport[] = [];
    let effect: (place: ClusterPlace, effect: HostEffect) => void = () => {};
    const clock = new VirtualClock(1_700_000_000_000);
    const sessions = new AgentSessions({
      clock,
      random: seededRandom("test"),
      log: () => {},
      controlPlane: {
        submit: async (_, { report }) => void reports.push(report),
        onEffect: (listener) => {
          effect = listener;
        },
      },
    });
    const update = { type: "update-agent", instanceId, stage: "stage", targetVersion: "1.97.0" } as const;
    for (const simulated of [true, false]) {
      const transport = new InProcessTransport({ clock, simulated, accept: (...taken) => sessions.accept(...taken) });
      const end = new AgentEnd(transport.connect("acs", hello));
      await clock.settle();
      effect(place, update);
      await clock.settle();
      assert.equal(end.of("StageUpdateMessage").length, simulated ? 1 : 0);
    }
    const reason = "The control plane has no agent archive to offer.";
    assert.deepEqual(reports.at(-1), { type: "update-answered", instanceId, stage: "stage", accepted: false, reason });
  });

  it("reports how an update was answered, by the newest message of its stage", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    await world.send({ type: "update-agent", instanceId, stage: "stage", targetVersion: "1.97.0" });
    const [stage] = acs.of("StageUpdateMessage");
    assert.match(stage?.message.updateInfo?.location ?? "", /1\.97\.0/);
    acs.connection.send({
      type: "NackRequest",
      message: { messageId: stage?.message.messageId, reason: "Updates are disabled" },
    });
    await world.clock.settle();
    assert.deepEqual(world.reports.at(-1), {
      type: "update-answered",
      instanceId,
      stage: "stage",
      accepted: false,
      reason: "Updates are disabled",
    });
  });

  it("asks for interfaces to be confirmed, and then sends the payload that needs them", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    const order = orderOf(1);
    const details = [
      { name: "networkInterfaceId", value: "eni-1" },
      { name: "macAddress", value: "0a:00" },
      { name: "privateIPv4Address", value: "10.0.0.9" },
    ];
    const attachments = [{ id: "a-1", type: "ElasticNetworkInterface", status: "ATTACHING", details }] as const;
    await world.send({
      type: "deliver-tasks",
      instanceId,
      sequence: 1,
      orders: [orderOf(2), { ...order, task: { ...order.task, attachments } }],
      isReturn: false,
    });
    assert.deepEqual(
      acs.messages.map((message) => message.type),
      ["AttachTaskNetworkInterfacesMessage", "PayloadMessage"],
    );
    const arns = () => acs.of("PayloadMessage").map(({ message }) => message.tasks?.map(({ arn }) => arn));
    assert.deepEqual(arns(), [[orderOf(2).task.arn]], "the other task does not wait");
    const attached = [{ ...attachments[0], status: "ATTACHED" }] as const;
    await world.send({
      type: "deliver-tasks",
      instanceId,
      sequence: 2,
      orders: [{ ...order, task: { ...order.task, attachments: attached } }],
      isReturn: false,
    });
    assert.deepEqual(arns()[1], [orderOf(1).task.arn]);
    assert.equal(acs.of("AttachTaskNetworkInterfacesMessage").length, 1);
    assert.equal(acs.of("AttachTaskNetworkInterfacesMessage")[0]?.message.waitTimeoutMs, 30_000);
    const [eni] = acs.of("PayloadMessage")[1]?.message.tasks?.[0]?.elasticNetworkInterfaces ?? [];
    assert.equal(eni?.attachmentArn, "arn:aws:ecs:us-east-1:123456789012:attachment/default/a-1");
    assert.equal(eni?.subnetGatewayIpv4Address, "10.0.0.1/20");
  });
});

describe("sessions: what is reported", () => {
  it("turns telemetry into reports and acknowledges each message", async () => {
    const world = new SmallSessions();
    const tcs = await world.connect("tcs");
    const timestamp = world.clock.now() / 1_000 - 1;
    tcs.connection.send({
      type: "PublishInstanceStatusRequest",
      message: {
        metadata: {},
        statuses: [
          { type: "ContainerRuntime", status: "IMPAIRED" },
          { type: "Agent", status: "OK" },
        ],
        timestamp,
      },
    });
    tcs.connection.send({
      type: "PublishHealthRequest",
      message: {
        metadata: {},
        tasks: [{ taskArn: "t", containers: [{ containerName: "c", healthStatus: "HEALTHY" }] }],
        timestamp,
      },
    });
    tcs.connection.send({ type: "PublishMetricsRequest", message: { metadata: { idle: true }, timestamp } });
    await world.clock.settle();
    assert.deepEqual(world.reports, [
      {
        type: "instance-status",
        instanceId,
        checks: [
          { type: "CONTAINER_RUNTIME", status: "IMPAIRED", statusReason: null, reportedAt: world.clock.now() - 1_000 },
        ],
      },
      {
        type: "task-health",
        instanceId,
        tasks: [{ taskArn: "t", containers: [{ name: "c", healthStatus: "HEALTHY" }] }],
      },
    ]);
    assert.deepEqual(
      tcs.messages.map((message) => message.type),
      ["AckPublishInstanceStatus", "AckPublishHealth", "AckPublishMetric"],
    );
  });

  it("delays an unchanged health and batches it with other agents', and passes on a changed one at once", async () => {
    const world = new SmallSessions();
    const tcs = await world.connect("tcs");
    const say = async (end: AgentEnd, status: string): Promise<number> => {
      const statuses = [{ type: "ContainerRuntime", status }];
      const message = { metadata: {}, statuses, timestamp: world.clock.now() / 1_000 };
      end.connection.send({ type: "PublishInstanceStatusRequest", message });
      await world.clock.settle();
      return world.reports.length;
    };
    assert.equal(await say(tcs, "OK"), 1);
    assert.equal(await say(tcs, "OK"), 1);
    assert.equal(await say(tcs, "OK"), 1);
    await world.clock.advance(1_000);
    assert.equal(world.reports.length, 3);
    assert.equal(await say(tcs, "IMPAIRED"), 4);
    // An agent's first report on a connection is news.
    const again = await world.connect("tcs");
    assert.equal(await say(again, "IMPAIRED"), 5);
    await say(again, "IMPAIRED");
    world.sessions.closeAll(1001);
    await world.clock.advance(10_000);
    assert.equal(world.reports.length, 5);
  });

  it("drops messages of the wrong shape and logs each kind once", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    const bad = [
      null,
      "x",
      {},
      { type: "AckRequest" },
      { type: "AckRequest", message: { messageId: 1 } },
      { type: "Made-up", message: {} },
    ];
    for (const message of [...bad, ...bad]) acs.connection.send(message as object);
    await world.clock.settle();
    assert.deepEqual(world.types(), ["agent-connected"]);
    assert.equal(acs.closed, null);
    assert.equal(world.logged.filter((event) => event === "agent-message-malformed").length, 3);
  });

  it("passes on stop candidates and the answer to them", async () => {
    const world = new SmallSessions();
    const acs = await world.connect();
    acs.connection.send({
      type: "TaskStopVerificationMessage",
      message: { messageId: "m-1", stopCandidates: [{ taskArn: "t-1", desiredStatus: "STOPPED" }] },
    });
    await world.clock.settle();
    assert.deepEqual(world.reports.at(-1), {
      type: "stop-candidates",
      instanceId,
      messageId: "m-1",
      taskArns: ["t-1"],
    });
    await world.send({ type: "confirm-stops", instanceId, messageId: "m-1", taskArns: ["t-1"] });
    assert.deepEqual(
      acs.of("TaskStopVerificationAck")[0]?.message.stopTasks?.map((task) => task.taskArn),
      ["t-1"],
    );
  });
});
