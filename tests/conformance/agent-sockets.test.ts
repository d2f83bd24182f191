/** The sockets of agents over a network: who may open one, and what the sessions on them cause. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AgentSocket, type Channel, Refused } from "../agent-client.ts";
import { logged } from "../logged-events.ts";
import { untilFound } from "../until.ts";
import { AgentWorld } from "./agent-world.ts";

let world: AgentWorld;
before(async () => {
  world = await AgentWorld.start();
});
after(() => world.end());

/** Opens a socket that must be refused, and returns the error that the body names. */
async function refusal(...[channel, arn, options]: Parameters<AgentWorld["open"]>): Promise<string> {
  try {
    await world.open(channel, arn, options);
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    assert.notEqual(error.status, 101);
    const [entry, ...others] = Object.entries(JSON.parse(error.body) as Record<string, string>);
    assert.deepEqual(others, []);
    assert.ok(entry !== undefined && entry[1] !== "");
    return entry[0];
  }
  return "opened";
}

const channels: readonly Channel[] = ["acs", "tcs"];

describe("who may open a socket", () => {
  test("the agent of an instance, on both channels, at the endpoints that it was given", async () => {
    const arn = await world.register();
    const { endpoint, telemetryEndpoint } = await world.ecs.discoverPollEndpoint({ containerInstance: arn });
    assert.deepEqual([endpoint, telemetryEndpoint], [`${world.server.url}/acs`, `${world.server.url}/tcs`]);
    for (const channel of channels) assert.ok((await world.open(channel, arn)) instanceof AgentSocket);
  });

  test("nobody whose signature is wrong, expired, of another account or absent", async () => {
    const arn = await world.register();
    const wrongSecret = { ...world.key, secretAccessKey: "wrong" };
    const tenMinutesAgo = new Date(Date.now() - 600_000);
    for (const channel of channels) {
      assert.equal(await refusal(channel, arn, { credentials: wrongSecret }), "AccessDeniedException");
      assert.equal(await refusal(channel, arn, { signingDate: tenMinutesAgo }), "AccessDeniedException");
      assert.equal(await refusal(channel, arn, { credentials: world.foreignKey }), "AccessDeniedException");
      assert.equal(await refusal(channel, arn, { signedQuery: "a=b" }), "AccessDeniedException");
      assert.equal(await refusal(channel, arn, { headers: { authorization: "" } }), "AccessDeniedException");
    }
  });

  test("nobody for an instance or a cluster that does not exist, nor with a malformed query", async () => {
    const arn = await world.register();
    const other = (cluster: string): string => arn.replace("/default/", `/${cluster}/`);
    const name = { acs: "containerInstanceArn", tcs: "containerInstance" } as const;
    for (const channel of channels) {
      assert.equal(await refusal(channel, `${arn.slice(0, -4)}0000`), "InvalidInstanceException");
      assert.equal(await refusal(channel, "no-arn"), "InvalidInstanceException");
      assert.equal(await refusal(channel, other("nowhere"), { cluster: "nowhere" }), "InvalidClusterException");
      assert.equal(await refusal(channel, arn, { cluster: "nowhere" }), "InvalidClusterException");
      assert.equal(await refusal(channel, arn, { query: { [name[channel]]: null } }), "BadRequestException");
      assert.equal(await refusal(channel, arn, { query: { agentVersion: "9".repeat(600) } }), "BadRequestException");
    }
    assert.equal(await refusal("acs", arn, { query: { sendCredentials: "maybe" } }), "BadRequestException");
    assert.equal(await refusal("acs", arn, { query: { seqNum: "one" } }), "BadRequestException");
  });

  test("nobody for a deregistered instance: its sockets are closed, and both channels are refused", async () => {
    const arn = await world.register();
    const open = [await world.open("acs", arn), await world.open("tcs", arn)];
    await world.ecs.deregisterContainerInstance({ containerInstance: arn });
    for (const socket of open) {
      const { code, reason } = await socket.closed;
      assert.equal(code, 1008);
      assert.match(reason, /InactiveInstanceException/);
    }
    for (const channel of channels) assert.equal(await refusal(channel, arn), "InactiveInstanceException");
  });

  test("the newest connection of a channel takes over, and the instance stays connected", async () => {
    const arn = await world.register();
    for (const channel of channels) {
      const older = await world.open(channel, arn);
      await world.open(channel, arn);
      assert.equal((await older.closed).code, 1008);
    }
    assert.equal((await world.instance(arn)).agentConnected, true);
  });
});

describe("what sessions cause", () => {
  test("agentConnected follows the command socket, versionInfo what its URL says", async () => {
    const arn = await world.register();
    await world.open("tcs", arn);
    assert.equal((await world.instance(arn)).agentConnected, false);
    const acs = await world.open("acs", arn);
    await acs.next("TaskManifestMessage");
    const { agentConnected, versionInfo } = await world.instance(arn);
    assert.equal(agentConnected, true);
    assert.deepEqual(versionInfo, {
      agentHash: "c0ffee01",
      agentVersion: "1.96.0",
      dockerVersion: "DockerVersion: 20.10.24+dfsg1",
    });
    acs.close();
    await untilFound("disconnected", async () => (await world.instance(arn)).agentConnected === false);
  });

  test("a task goes out once, runs, gets its health from telemetry, and goes to a new process only after that", async () => {
    const arn = await world.register();
    const acs = await world.open("acs", arn);
    const tcs = await world.open("tcs", arn);
    const manifest = await acs.next("TaskManifestMessage");
    const task = await world.startTask(arn);
    const payload = await acs.next("PayloadMessage");
    assert.equal(payload.tasks?.[0]?.arn, task);
    assert.ok((payload.seqNum ?? 0) > manifest.timeline);
    acs.acknowledge(payload);
    const networkBindings = [{ bindIP: "0.0.0.0", containerPort: 80, hostPort: 32_768, protocol: "tcp" as const }];
    const containers = [{ containerName: "main", runtimeId: "a1", status: "RUNNING", networkBindings }];
    await world.ecs.submitTaskStateChange({ cluster: "default", task, status: "RUNNING", containers });
    await tcs.sendSigned("PublishHealthRequest", {
      metadata: { cluster: "default", containerInstance: arn, messageId: "h-1", fin: true },
      tasks: [{ taskArn: task, containers: [{ containerName: "main", healthStatus: "UNHEALTHY" }] }],
      timestamp: Date.now() / 1_000,
    });
    await tcs.next("AckPublishHealth");
    const seen = await untilFound("the health of the task", async () => {
      const found = await world.task(task);
      return found.healthStatus === "UNHEALTHY" ? found : null;
    });
    assert.deepEqual([seen.lastStatus, seen.containers?.[0]?.healthStatus], ["RUNNING", "UNHEALTHY"]);
    acs.socket.terminate();
    const again = await world.open("acs", arn, { query: { sendCredentials: "false" } });
    const newer = await again.next("TaskManifestMessage");
    assert.deepEqual(
      newer.tasks?.map(({ taskArn }) => taskArn),
      [task],
    );
    assert.ok(!again.messages.some(({ type }) => type === "PayloadMessage"), "it has the task and acknowledged it");
    again.socket.terminate();
    const restarted = await world.open("acs", arn);
    const repeated = await restarted.next("PayloadMessage");
    assert.equal(repeated.tasks?.[0]?.arn, task);
    const newest = await restarted.next("TaskManifestMessage");
    assert.ok((repeated.seqNum ?? 0) > newer.timeline && newest.timeline > (repeated.seqNum ?? 0));
  });

  test("the health of the host comes from what the agent reports about its container runtime", async () => {
    const arn = await world.register();
    assert.equal((await world.instance(arn)).healthStatus?.overallStatus, "INITIALIZING");
    await world.open("acs", arn);
    const tcs = await world.open("tcs", arn);
    await tcs.sendSigned("PublishInstanceStatusRequest", {
      metadata: { cluster: "default", containerInstance: arn, requestId: "s-1" },
      statuses: [{ type: "ContainerRuntime", status: "OK", lastUpdated: -6_795_364_578.871, lastStatusChange: 1 }],
      timestamp: Date.now() / 1_000,
    });
    await tcs.next("AckPublishInstanceStatus");
    const { healthStatus } = await untilFound("the health of the instance", async () => {
      const found = await world.instance(arn);
      return found.healthStatus?.overallStatus === "OK" ? found : null;
    });
    assert.equal(healthStatus?.details?.[0]?.type, "CONTAINER_RUNTIME");
    assert.ok(Math.abs((healthStatus?.details?.[0]?.lastUpdated?.getTime() ?? 0) - Date.now()) < 60_000);
  });

  test("a network interface is announced, attached when the agent says so, and only then does the task follow", async () => {
    const arn = await world.register();
    const acs = await world.open("acs", arn);
    await acs.next("TaskManifestMessage");
    const task = await world.startTask(arn, {
      definition: { family: "vpc", networkMode: "awsvpc" },
      placement: { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-0a1b2c3d"] } } },
    });
    const announced = await acs.next("AttachTaskNetworkInterfacesMessage");
    assert.deepEqual([announced.taskArn, announced.elasticNetworkInterfaces.length], [task, 1]);
    acs.acknowledge(announced);
    const attachmentArn = announced.elasticNetworkInterfaces[0]?.attachmentArn ?? "";
    const statusOf = async (): Promise<unknown> => (await world.task(task)).attachments?.[0]?.status;
    assert.equal(await statusOf(), "ATTACHING");
    await world.ecs.submitTaskStateChange({ task, attachments: [{ attachmentArn, status: "ATTACHED" }] });
    assert.equal(await statusOf(), "ATTACHED");
    const payload = await acs.next("PayloadMessage");
    const at = (type: string): number => acs.messages.findIndex((message) => message.type === type);
    assert.ok(at("AttachTaskNetworkInterfacesMessage") < at("PayloadMessage"));
    const [given] = payload.tasks ?? [];
    assert.equal(given?.elasticNetworkInterfaces?.[0]?.attachmentArn, attachmentArn);
    assert.deepEqual(given?.containers?.[0]?.portMappings, [], "nothing for Docker to publish");
  });

  test("an update of the agent goes through both stages, and is over when the new version connects", async () => {
    const arn = await world.register();
    const status = async (): Promise<unknown> => (await world.instance(arn)).agentUpdateStatus;
    const acs = await world.open("acs", arn);
    await acs.next("TaskManifestMessage");
    await world.ecs.updateContainerAgent({ containerInstance: arn });
    const stage = await acs.next("StageUpdateMessage");
    assert.equal(await status(), "STAGING");
    acs.acknowledge(stage);
    const perform = await acs.next("PerformUpdateMessage");
    assert.equal(await status(), "STAGED");
    acs.acknowledge(perform);
    await untilFound("UPDATING", async () => (await status()) === "UPDATING");
    acs.close();
    await world.open("acs", arn, { query: { agentVersion: "1.97.0" } });
    await untilFound("UPDATED", async () => (await status()) === "UPDATED");
  });

  test("an update that the agent refuses fails", async () => {
    const arn = await world.register();
    const acs = await world.open("acs", arn);
    await acs.next("TaskManifestMessage");
    await world.ecs.updateContainerAgent({ containerInstance: arn });
    const { messageId } = await acs.next("StageUpdateMessage");
    acs.send("NackRequest", { cluster: "default", containerInstance: arn, messageId, reason: "Updates are disabled" });
    await untilFound("FAILED", async () => (await world.instance(arn)).agentUpdateStatus === "FAILED");
    assert.equal((await world.instance(arn)).statusReason, "Agent update to 1.97.0 failed: Updates are disabled");
    assert.ok(logged(world.lines, "agent-update-failed").length > 0);
  });

  test("a task that does not belong there is stopped once the manifest has made the agent ask", async () => {
    const arn = await world.register();
    const acs = await world.open("acs", arn);
    const { messageId } = await acs.next("TaskManifestMessage");
    const stray = arn.replace(":container-instance/", ":task/").slice(0, -32).concat("f".repeat(32));
    acs.send("TaskStopVerificationMessage", {
      messageId,
      stopCandidates: [{ taskArn: stray, taskClusterArn: "default", desiredStatus: "STOPPED" }],
    });
    const { stopTasks, messageId: answered } = await acs.next("TaskStopVerificationAck");
    assert.equal(answered, messageId);
    assert.deepEqual(
      stopTasks?.map(({ taskArn }) => taskArn),
      [stray],
    );
  });
});
