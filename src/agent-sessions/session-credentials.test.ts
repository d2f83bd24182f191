import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentConnection } from "../agent-protocol/connection.ts";
import { parseToAgent, type ToAgent } from "../agent-protocol/to-agent.ts";
import { TaskCredentialsIssuer, taskCredentialsMs } from "../auth/task-credentials.ts";
import type { ClusterPlace } from "../cluster-runner/partitions/cluster-place.ts";
import { aCluster, aDefinition } from "../ecs/small-world.ts";
import type { AgentReport } from "../ecs/state/cluster-input.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import { must } from "../lib/assert.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { heartbeatIntervalMs } from "./agent-session.ts";
import { AgentSessions } from "./agent-sessions.ts";
import { InProcessTransport } from "./in-process-transport.ts";

const key = new Uint8Array(32).fill(3);
const role = "arn:aws:iam::111122223333:role/run";
const place: ClusterPlace = { account: "111122223333", region: "eu-central-1", cluster: "lab" };

type BodyOf<Type extends ToAgent["type"]> = Extract<ToAgent, { readonly type: Type }>["message"];

/** A clock whose wall time the test sets. */
class SetClock extends VirtualClock {
  aheadMs = 0;

  override wall(): number {
    return super.wall() + this.aheadMs;
  }
}

/** Sessions over the cluster machine itself, with one instance. Records messages and logs. */
class World {
  readonly clock = new SetClock(1_700_000_000_000);
  readonly cluster = aCluster().withInstances(1, { agentConnected: false });
  readonly logged: string[] = [];
  readonly reports: AgentReport["type"][] = [];
  readonly messages: ToAgent[] = [];
  #effect: (place: ClusterPlace, effect: HostEffect) => void = () => {};
  readonly sessions: AgentSessions;

  constructor(credentials: TaskCredentialsIssuer | null = new TaskCredentialsIssuer(key)) {
    this.sessions = new AgentSessions({
      clock: this.clock,
      random: seededRandom("credentials"),
      log: (...line) => this.logged.push(JSON.stringify(line)),
      credentials,
      controlPlane: {
        submit: async (_place, { report }) => {
          this.reports.push(report.type);
          this.send(this.cluster.agent(report).effects);
        },
        onEffect: (listener) => {
          this.#effect = listener;
        },
      },
    });
  }

  send(effects: readonly HostEffect[]): void {
    for (const effect of effects) this.#effect(place, effect);
  }

  /** Connects an agent that answers heartbeats. */
  async connect(sendCredentials: boolean): Promise<AgentConnection> {
    const transport = new InProcessTransport({
      clock: this.clock,
      simulated: false,
      accept: (...connection) => this.sessions.accept(...connection),
    });
    const hello = { cluster: "lab", agentVersion: "1.96.0", agentHash: "a", dockerVersion: "DockerVersion: 25" };
    const containerInstanceArn = this.cluster.instance(0).arn;
    const connection = transport.connect("acs", { ...hello, containerInstanceArn, sendCredentials });
    connection.onMessage((value) => {
      const parsed = parseToAgent(value);
      assert.ok(parsed.ok, "messages have the shape that agents expect");
      this.messages.push(parsed.message);
      const { messageId } = parsed.message.message as { readonly messageId: string };
      if (parsed.message.type === "HeartbeatMessage") {
        connection.send({ type: "HeartbeatAckRequest", message: { messageId } });
      } else if (parsed.message.type === "PayloadMessage" || parsed.message.type === "TaskManifestMessage") {
        connection.send({ type: "AckRequest", message: { messageId, cluster: "lab", containerInstance: "i" } });
      }
    });
    await this.clock.settle();
    return connection;
  }

  /** The bodies of the messages of a type since the last call. */
  taken<Type extends ToAgent["type"]>(type: Type): BodyOf<Type>[] {
    const found = this.messages.filter((message) => message.type === type);
    for (const message of found) this.messages.splice(this.messages.indexOf(message), 1);
    return found.map(({ message }) => message as BodyOf<Type>);
  }

  start(changes: Parameters<typeof aDefinition>[0] = { taskRoleArn: role, executionRoleArn: role }): void {
    const outcome = this.cluster.call("RunTask", {}, aDefinition(changes));
    this.send(outcome.effects);
  }
}

const heartbeats = (ms: number) => Math.ceil(ms / heartbeatIntervalMs) * heartbeatIntervalMs;

test("an agent that starts gets the credentials of its tasks with roles, under the ids that the payload names", async () => {
  const world = new World();
  await world.connect(false);
  world.start();
  world.start({ family: "plain" });
  await world.clock.settle();
  const [withRoles, plain] = world.taken("PayloadMessage").map(({ tasks }) => must(tasks?.[0], "a task"));
  assert.ok(withRoles && plain);
  assert.deepEqual([plain.roleCredentials, plain.executionRoleCredentials], [undefined, undefined]);
  assert.deepEqual(world.reports, ["agent-connected", "credentials-due"], "nothing is known of earlier credentials");
  assert.deepEqual(world.taken("IAMRoleCredentialsMessage"), [], "new tasks get theirs with the payload");
  await world.connect(false);
  assert.equal(world.reports.at(-1), "agent-connected", "a connection that does not ask keeps its credentials");

  await world.connect(true);
  assert.deepEqual(world.reports.slice(-2), ["agent-connected", "credentials-due"]);
  const sent = world.taken("IAMRoleCredentialsMessage");
  assert.deepEqual(
    sent.map(({ taskArn, roleType, roleCredentials }) => [taskArn, roleType, roleCredentials.credentialsId]),
    [
      [withRoles.arn, "TaskApplication", withRoles.roleCredentials?.credentialsId],
      [withRoles.arn, "TaskExecution", withRoles.executionRoleCredentials?.credentialsId],
    ],
  );
  const good = sent[0]?.roleCredentials;
  const owner = new TaskCredentialsIssuer(key).owner(
    good?.accessKeyId ?? "",
    good?.sessionToken ?? "",
    world.clock.now(),
  );
  assert.equal(owner.secret, good?.secretAccessKey);
  assert.equal(owner.task.arn, withRoles.arn);
});

test("credentials are renewed before half their lifetime is over, and not before", async () => {
  const world = new World();
  await world.connect(false);
  world.start();
  await world.clock.settle();
  const [first] = world.taken("PayloadMessage");
  const expiration = first?.tasks?.[0]?.roleCredentials?.expiration ?? "";
  await world.clock.advance(taskCredentialsMs / 2 - heartbeatIntervalMs);
  assert.deepEqual(world.taken("IAMRoleCredentialsMessage"), []);
  for (let round = 1; round <= 3; round++) {
    await world.clock.advance(round === 1 ? 2 * heartbeatIntervalMs : heartbeats(taskCredentialsMs / 2));
    const fresh = world.taken("IAMRoleCredentialsMessage");
    assert.equal(fresh.length, 2, `round ${round}`);
    assert.equal(fresh[0]?.roleCredentials.credentialsId, first?.tasks?.[0]?.roleCredentials?.credentialsId);
    assert.ok(Date.parse(fresh[0]?.roleCredentials.expiration ?? "") > Date.parse(expiration) + round * 10_000_000);
  }
});

test("a clock that was set ahead makes them expire early, so they are renewed at the next heartbeat; one that was set back changes nothing", async () => {
  const world = new World();
  await world.connect(false);
  world.start();
  await world.clock.settle();
  const first = world.taken("PayloadMessage")[0]?.tasks?.[0]?.roleCredentials;
  world.clock.aheadMs = taskCredentialsMs;
  await world.clock.advance(2 * heartbeatIntervalMs);
  const [fresh, ...more] = world.taken("IAMRoleCredentialsMessage");
  assert.equal(more.length, 1, "once");
  const expiresAt = Date.parse(fresh?.roleCredentials.expiration ?? "");
  assert.ok(expiresAt > Date.parse(first?.expiration ?? "") + taskCredentialsMs - 1_000, "by the clock that was set");

  world.clock.aheadMs = 0;
  await world.clock.advance(taskCredentialsMs / 2 - 3 * heartbeatIntervalMs);
  assert.deepEqual(world.taken("IAMRoleCredentialsMessage"), []);
  await world.clock.advance(3 * heartbeatIntervalMs);
  assert.equal(world.taken("IAMRoleCredentialsMessage").length, 2, "at the usual pace");
});

test("a reconnect brings fresh ones when they are due, without the payload, and without a connection nothing is sent", async () => {
  const world = new World();
  const connection = await world.connect(true);
  world.start();
  await world.clock.settle();
  const before = world.taken("PayloadMessage")[0]?.tasks?.[0]?.roleCredentials;
  connection.close(1006, "");
  await world.clock.advance(taskCredentialsMs);
  assert.equal(world.reports.filter((type) => type === "credentials-due").length, 1);
  await world.connect(false);
  assert.deepEqual(world.taken("PayloadMessage"), [], "the agent acknowledged its task");
  const after = world.taken("IAMRoleCredentialsMessage")[0]?.roleCredentials;
  assert.equal(after?.credentialsId, before?.credentialsId);
  assert.ok(Date.parse(after?.expiration ?? "") >= world.clock.now() + taskCredentialsMs - 1_000);
});

test("without a signing key, tasks run without credentials and none are sent", async () => {
  const world = new World(null);
  await world.connect(true);
  world.start();
  await world.clock.settle();
  const [payload] = world.taken("PayloadMessage");
  assert.equal(payload?.tasks?.[0]?.roleCredentials, undefined);
  assert.deepEqual(world.reports, ["agent-connected"]);
});

test("secrets are in no log line, no event and no document", async () => {
  const world = new World();
  const connection = await world.connect(true);
  world.start();
  await world.clock.advance(taskCredentialsMs / 2 + heartbeatIntervalMs);
  connection.send({ type: "Nonsense", message: {} });
  connection.close(1006, "");
  await world.clock.settle();
  const minted = [
    ...world.taken("PayloadMessage").map(({ tasks }) => tasks?.[0]?.roleCredentials),
    ...world.taken("IAMRoleCredentialsMessage").map(({ roleCredentials }) => roleCredentials),
  ];
  assert.ok(minted.length >= 2 && world.logged.length >= 2);
  const documents = world.cluster.state.tables.all.flatMap((table) => [...table.values()]);
  const kept = JSON.stringify([world.logged, world.cluster.events, documents]);
  assert.ok(kept.includes("RUNNING"), "there is something to look through");
  for (const credentials of minted) {
    for (const name of ["credentialsId", "accessKeyId", "secretAccessKey", "sessionToken"] as const) {
      const text = must(credentials?.[name], name);
      assert.ok(!kept.includes(text), name);
    }
  }
});
