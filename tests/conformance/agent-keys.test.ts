/** What an agent key can do on the sockets, what a stolen one cannot, and what happens to a socket whose key ends. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ECS } from "@aws-sdk/client-ecs";
import {
  type AgentOptions,
  type AgentSocket,
  type Channel,
  type Credentials,
  queryOf,
  Refused,
  signedHeaders,
} from "../agent-client.ts";
import { untilFound } from "../until.ts";
import { AgentWorld, account } from "./agent-world.ts";

const channels: readonly Channel[] = ["acs", "tcs"];
let world: AgentWorld;
before(async () => {
  world = await AgentWorld.start();
});
after(() => world.end());

type Agent = { readonly key: Credentials; readonly ecs: ECS; readonly arn: string };

/** An instance registered with its own agent key. */
async function anAgent(cluster = "default"): Promise<Agent> {
  const key = await world.createKey({ role: "agent", clusters: [cluster] });
  const ecs = world.client(key);
  return { key, ecs, arn: await world.register(cluster, ecs) };
}

/** The error with which a socket is refused. */
async function refusal(channel: Channel, arn: string, options: Partial<AgentOptions>): Promise<string> {
  try {
    await world.open(channel, arn, options);
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    assert.equal(error.status, 403);
    return Object.entries(JSON.parse(error.body) as Record<string, string>)
      .map((entry) => entry.join(": "))
      .join();
  }
  return "opened";
}

const deniedActions = { acs: "ecs:Poll", tcs: "ecs:StartTelemetrySession" } as const;
const denied = (channel: Channel, user: string, arn: string): string =>
  `AccessDeniedException: User: arn:aws:iam::${account}:user/${user} is not authorized to perform: ${deniedActions[channel]} on resource: ${arn} because no identity-based policy allows the ${deniedActions[channel]} action`;

describe("an agent key", () => {
  test("joins an instance, gets its tasks, and reports on them", async () => {
    const { key, ecs, arn } = await anAgent();
    const acs = await world.open("acs", arn, { credentials: key });
    await world.open("tcs", arn, { credentials: key });
    await untilFound("the agent is connected", async () => (await world.instance(arn)).agentConnected);
    const task = await world.startTask(arn);
    const payload = await acs.next("PayloadMessage");
    assert.equal(payload.tasks?.[0]?.arn, task);
    await ecs.submitTaskStateChange({ task, status: "RUNNING" });
    assert.equal((await world.task(task)).lastStatus, "RUNNING");
    assert.deepEqual((await ecs.listTagsForResource({ resourceArn: task })).tags, []);
    assert.deepEqual((await ecs.listTagsForResource({ resourceArn: arn })).tags, []);
    await ecs.updateContainerInstancesState({ containerInstances: [arn], status: "DRAINING" });
    await ecs.deregisterContainerInstance({ containerInstance: arn, force: true });
  });

  test("that was stolen takes over no other instance, by any channel, call or message", async () => {
    const victim = await anAgent();
    const thief = await anAgent();
    const byAdmin = await world.register();
    const acs = await world.open("acs", victim.arn, { credentials: victim.key });
    const tcs = await world.open("tcs", victim.arn, { credentials: victim.key });
    const task = await world.startTask(victim.arn);
    await acs.next("PayloadMessage");
    for (const channel of channels) {
      for (const arn of [victim.arn, byAdmin]) {
        assert.equal(await refusal(channel, arn, { credentials: thief.key }), denied(channel, "agent", arn));
      }
      const short = victim.arn.replace("/default/", "/");
      assert.equal(await refusal(channel, short, { credentials: thief.key }), denied(channel, "agent", victim.arn));
    }
    const attempts = [
      thief.ecs.registerContainerInstance({ containerInstanceArn: victim.arn, totalResources: [] }),
      thief.ecs.deregisterContainerInstance({ containerInstance: victim.arn, force: true }),
      thief.ecs.updateContainerInstancesState({ containerInstances: [victim.arn], status: "DRAINING" }),
      thief.ecs.submitTaskStateChange({ task, status: "STOPPED" }),
      thief.ecs.submitContainerStateChange({ task, containerName: "main", status: "STOPPED" }),
      thief.ecs.listTagsForResource({ resourceArn: task }),
      thief.ecs.describeTasks({ tasks: [task] }),
      thief.ecs.describeTaskDefinition({ taskDefinition: "web" }),
      thief.ecs.startTask({ taskDefinition: "web", containerInstances: [thief.arn] }),
      thief.ecs.createCluster({ clusterName: "theirs" }),
    ];
    await Promise.all(attempts.map((attempt) => assert.rejects(attempt, { name: "AccessDeniedException" })));
    assert.equal((await world.task(task)).lastStatus, "PENDING");
    assert.equal((await world.instance(victim.arn)).status, "ACTIVE");
    assert.ok(!acs.isClosed && !tcs.isClosed);
  });

  test("cannot send on another instance's telemetry socket", async () => {
    const { key, arn } = await anAgent();
    const thief = await anAgent();
    await world.open("acs", arn, { credentials: key });
    const tcs = await world.open("tcs", arn, { credentials: key });
    const sendAs = async (credentials: Credentials, status: string): Promise<void> => {
      const body = JSON.stringify({
        type: "PublishInstanceStatusRequest",
        message: {
          metadata: { cluster: "default", containerInstance: arn, requestId: "r" },
          statuses: [{ type: "ContainerRuntime", status, lastUpdated: Date.now() / 1_000, lastStatusChange: 1 }],
          timestamp: Date.now() / 1_000,
        },
      });
      const base = world.server.url;
      const query = queryOf("tcs", { base, containerInstanceArn: arn, credentials });
      const headers = await signedHeaders(new URL(`${base}/tcs/ws`), query, { credentials }, body);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      tcs.socket.send(`${lines.join("")}\r\n${body}`);
    };
    const runtimeStatus = async (): Promise<string | undefined> => {
      const { healthStatus } = await world.instance(arn);
      return healthStatus?.details?.find(({ type }) => type === "CONTAINER_RUNTIME")?.status;
    };
    const shown = (status: string) => untilFound(status, async () => (await runtimeStatus()) === status);
    await sendAs(key, "OK");
    await shown("OK");
    await sendAs(thief.key, "IMPAIRED");
    const refused = `not authorized to perform: ecs:StartTelemetrySession on resource: ${arn}`;
    await untilFound("the frame is refused", async () => world.lines.some((line) => line.includes(refused)));
    assert.equal(await runtimeStatus(), "OK");
    await sendAs(world.key, "IMPAIRED");
    await shown("IMPAIRED");
  });

  test("is bound to its clusters on the sockets too", async () => {
    const other = await anAgent("other");
    await world.ecs.createCluster({ clusterName: "default" });
    const bound = await world.createKey({ role: "admin", clusters: ["default"] });
    for (const channel of channels) {
      const options = { credentials: bound, cluster: "other" };
      assert.equal(await refusal(channel, other.arn, options), denied(channel, "admin", other.arn));
    }
  });

  test("passes its instances on to the key that replaces it", async () => {
    const { key, arn } = await anAgent();
    const rotated = await world.keys.rotateKey(key.accessKeyId, { overlapMs: 0 });
    assert.ok(rotated !== null);
    const next = { accessKeyId: rotated.accessKeyId, secretAccessKey: rotated.secret };
    await world.client(next).registerContainerInstance({ containerInstanceArn: arn, totalResources: [] });
    for (const channel of channels) await world.open(channel, arn, { credentials: next });
    for (const channel of channels) assert.match(await refusal(channel, arn, { credentials: key }), /expired/);
  });
});

test("machines with an admin key move to an agent key that replaces it", async () => {
  const admin = await world.createKey();
  const arn = await world.register("default", world.client(admin));
  const stranger = await world.createKey({ role: "agent" });
  assert.equal(await refusal("acs", arn, { credentials: stranger }), denied("acs", "agent", arn));
  const rotated = await world.keys.rotateKey(admin.accessKeyId, { overlapMs: 0, role: "agent" });
  assert.ok(rotated !== null);
  const credentials = { accessKeyId: rotated.accessKeyId, secretAccessKey: rotated.secret };
  for (const channel of channels) await world.open(channel, arn, { credentials });
  await assert.rejects(world.client(credentials).listTasks({}), { name: "AccessDeniedException" });
});

describe("no key but an agent's or an admin's", () => {
  test("opens a socket", async () => {
    const arn = await world.register();
    for (const role of ["operator", "read-only"] as const) {
      const credentials = await world.createKey({ role });
      for (const channel of channels)
        assert.equal(await refusal(channel, arn, { credentials }), denied(channel, role, arn));
    }
  });
});

/** Opens both sockets of an instance, and waits until it is connected. */
async function connect({ key, arn }: Agent): Promise<readonly AgentSocket[]> {
  const sockets = [
    await world.open("acs", arn, { credentials: key }),
    await world.open("tcs", arn, { credentials: key }),
  ];
  await untilFound("the agent is connected", async () => (await world.instance(arn)).agentConnected);
  return sockets;
}

async function expectEnded({ key, ecs, arn }: Agent, sockets: readonly AgentSocket[], name: string): Promise<void> {
  for (const socket of sockets) {
    const { code, reason } = await socket.closed;
    assert.deepEqual([code, reason], [1008, "AccessDeniedException: The access key has ended."]);
  }
  await untilFound("the instance is without its agent", async () => !(await world.instance(arn)).agentConnected);
  await assert.rejects(ecs.discoverPollEndpoint({ containerInstance: arn }), { name });
  for (const channel of channels) assert.match(await refusal(channel, arn, { credentials: key }), /^AccessDenied/);
}

describe("a key that ends", () => {
  test("closes its sockets when it is deleted, and no others", async () => {
    const [ends, stays] = [await anAgent(), await anAgent()];
    const [ending, staying] = [await connect(ends), await connect(stays)];
    assert.equal(await world.keys.deleteKey(ends.key.accessKeyId), true);
    await expectEnded(ends, ending, "UnrecognizedClientException");
    assert.ok(staying.every(({ isClosed }) => !isClosed));
    assert.ok((await world.instance(stays.arn)).agentConnected);
  });

  test("closes its sockets when it expires", async () => {
    const key = await world.createKey({ role: "agent", expiresAt: Date.now() + 2_000 });
    const ecs = world.client(key);
    const agent = { key, ecs, arn: await world.register("default", ecs) };
    await expectEnded(agent, await connect(agent), "ExpiredTokenException");
  });
});
