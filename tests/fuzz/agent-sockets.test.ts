/** Agents that break their protocol, or lie: it has no effect, and nobody else is harmed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seededRandom } from "../../src/lib/random.ts";
import { type AgentSocket, signedHeaders } from "../agent-client.ts";
import { AgentWorld, region } from "../conformance/agent-world.ts";
import { loggedLines } from "../logged-events.ts";
import { mutatedBytes, mutatedJson } from "./mutate.ts";
import { ConnectionEnded, RawConnection } from "./raw-connection.ts";

/** LIMIT: what is awaited takes milliseconds; a machine that is busy with other tests is slower. */
const waitMs = 20_000;
const seed = process.env.FUZZ_SEED ?? "agent-sockets";
const random = seededRandom(seed).stream("frames");

let world: AgentWorld;
/** A host that only its own agent may change. */
let victim: { readonly arn: string; readonly acs: AgentSocket; readonly task: string; readonly before: string };

before(async () => {
  world = await AgentWorld.start();
  const arn = await world.register();
  const acs = await world.open("acs", arn);
  await acs.next("TaskManifestMessage");
  const task = await world.startTask(arn);
  acs.acknowledge(await acs.next("PayloadMessage"));
  await world.ecs.submitTaskStateChange({
    task,
    status: "RUNNING",
    containers: [{ containerName: "main", status: "RUNNING" }],
  });
  victim = { arn, acs, task, before: await stateOf(arn, task) };
});
after(() => world.end());

async function stateOf(arn: string, task: string): Promise<string> {
  return JSON.stringify([await world.instance(arn), await world.task(task)]);
}

/** The server works, has found no bug, and the victim is unchanged. */
async function expectUnharmed(): Promise<void> {
  assert.deepEqual(
    loggedLines(world.lines).filter(({ level }) => level === "error"),
    [],
    `seed ${seed}`,
  );
  assert.equal(await stateOf(victim.arn, victim.task), victim.before);
  assert.equal(victim.acs.isClosed, false);
}

/** Lines of the log that name an instance. */
const linesOf = (arn: string): number =>
  loggedLines(world.lines).filter(({ containerInstance, level }) => containerInstance === arn && level === "warn")
    .length;

/** An agent with both sockets. */
async function agent(): Promise<{ readonly arn: string; readonly acs: AgentSocket; readonly tcs: AgentSocket }> {
  const arn = await world.register();
  const acs = await world.open("acs", arn);
  const tcs = await world.open("tcs", arn);
  await acs.next("TaskManifestMessage");
  return { arn, acs, tcs };
}

/** The telemetry socket still works: it answers what comes after everything else. */
async function expectAnswers(tcs: AgentSocket): Promise<void> {
  await tcs.sendSigned("PublishMetricsRequest", { metadata: { idle: true, fin: true }, timestamp: 1 });
  await tcs.next("AckPublishMetric");
}

describe("frames", () => {
  const frames: readonly (string | Buffer)[] = [
    "",
    "no JSON",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"type":1}',
    '{"type":"AckRequest"}',
    '{"type":"AckRequest","message":{"messageId":1}}',
    '{"type":"PublishHealthRequest","message":{"metadata":{},"tasks":[{}],"timestamp":1}}',
    '{"type":"Made-up","message":{}}',
    '{"__proto__":{"type":"AckRequest"}}',
    `{"type":"AckRequest","message":{"messageId":"x","deep":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
    ": nameless\r\n\r\n{}",
    "a: b\r\na: c\r\n\r\n{}",
    `${"x".repeat(20_000)}\r\n\r\n{}`,
    `${Array.from({ length: 65 }, (_, i) => `h${i}: v`).join("\r\n")}\r\n\r\n{"type":"AckRequest","message":{"messageId":"x"}}`,
    JSON.stringify({ type: "AckRequest", message: { messageId: "x".repeat(240_000) } }),
    JSON.stringify({ type: "PublishMetricsRequest", message: { metadata: {}, timestamp: 1e300 } }),
    Buffer.from('{"type":"AckRequest","message":{"messageId":"binary"}}'),
  ];

  test("of the wrong shape are dropped and logged once for each kind and connection; the sockets stay open", async () => {
    const { arn, acs, tcs } = await agent();
    for (let i = 0; i < 3; i++) {
      for (const frame of frames) {
        acs.socket.send(frame);
        tcs.socket.send(frame);
      }
    }
    await expectAnswers(tcs);
    const logged = linesOf(arn);
    assert.ok(logged >= 6 && logged <= 24, `${logged} lines`);
    for (const frame of frames) {
      acs.socket.send(frame);
      tcs.socket.send(frame);
    }
    await expectAnswers(tcs);
    assert.equal(linesOf(arn), logged);
    assert.equal(acs.isClosed, false);
    await expectUnharmed();
  });

  test("that are too large, or come too often, end their connection; another one is accepted", async () => {
    const { arn, acs, tcs } = await agent();
    acs.socket.send("x".repeat(1_048_577));
    assert.equal((await acs.closed).code, 1009);
    for (let i = 0; i < 6_000; i++) tcs.socket.send('{"type":"Made-up","message":{}}');
    assert.equal((await tcs.closed).code, 1008);
    await (await world.open("acs", arn)).next("TaskManifestMessage");
    await expectUnharmed();
  });

  test("with a wrong signature are dropped, those without one are accepted", async () => {
    const { arn, tcs } = await agent();
    const status = (requestId: string) => ({
      metadata: { requestId },
      statuses: [{ type: "ContainerRuntime", status: "IMPAIRED" }],
      timestamp: Date.now() / 1_000,
    });
    await tcs.sendSigned("PublishInstanceStatusRequest", status("changed"), (text) =>
      text.replace("changed", "altered"),
    );
    await tcs.sendSigned("PublishInstanceStatusRequest", status("other"), (text) =>
      text.replace(/Signature=..../, "Signature=0000"),
    );
    await expectAnswers(tcs);
    assert.equal((await world.instance(arn)).healthStatus?.overallStatus, "INITIALIZING");
    assert.equal(tcs.messages.length, 1);
    tcs.send("PublishInstanceStatusRequest", status("bare"));
    await tcs.next("AckPublishInstanceStatus");
    await expectUnharmed();
  });

  test("that are mutated never trigger a bug", async () => {
    const { arn, acs, tcs } = await agent();
    const references = [victim.arn, victim.task, arn, "main", "default"];
    const timestamp = Date.now() / 1_000;
    const health = [{ taskArn: victim.task, containers: [{ containerName: "main", healthStatus: "UNHEALTHY" }] }];
    const statuses = [{ type: "ContainerRuntime", status: "IMPAIRED", lastUpdated: timestamp }];
    const metadata = { cluster: "default", containerInstance: victim.arn, messageId: "m", fin: true };
    const candidates = [{ taskArn: victim.task, taskClusterArn: "default", desiredStatus: "STOPPED" }];
    const messages: readonly (readonly [AgentSocket, string, object])[] = [
      [acs, "AckRequest", { cluster: "default", containerInstance: victim.arn, messageId: "m" }],
      [acs, "NackRequest", { cluster: "default", containerInstance: victim.arn, messageId: "m", reason: "r" }],
      [acs, "HeartbeatAckRequest", { messageId: "m" }],
      [acs, "IAMRoleCredentialsAckRequest", { messageId: "m", expiration: "e", credentialsId: "c" }],
      [acs, "TaskStopVerificationMessage", { messageId: "m", stopCandidates: candidates }],
      [tcs, "PublishHealthRequest", { metadata, tasks: health, timestamp }],
      [tcs, "PublishInstanceStatusRequest", { metadata, statuses, timestamp }],
      [tcs, "PublishMetricsRequest", { metadata, taskMetrics: [], timestamp }],
    ];
    for (let i = 0; i < 1_500; i++) {
      const [socket, type, message] = messages[i % messages.length] ?? messages[0] ?? [acs, "", {}];
      socket.socket.send(mutatedJson({ type, message }, references, random));
    }
    await expectAnswers(tcs);
    assert.equal(acs.isClosed, false);
    await expectUnharmed();
  });
});

describe("agents that lie", () => {
  test("about tasks and instances that are not theirs, and about messages that they were never sent", async () => {
    const { arn, acs, tcs } = await agent();
    const address = { cluster: "default", containerInstance: victim.arn };
    const metadata = { ...address, messageId: "m", requestId: "r", fin: true };
    const timestamp = Date.now() / 1_000;
    const containers = [{ containerName: "main", healthStatus: "UNHEALTHY" }];
    await tcs.sendSigned("PublishHealthRequest", {
      metadata,
      tasks: [
        { taskArn: victim.task, containers },
        { taskArn: victim.task.replace(/.{4}$/, "0000"), containers },
        { taskArn: "no-arn", containers },
      ],
      timestamp,
    });
    await tcs.sendSigned("PublishInstanceStatusRequest", {
      metadata,
      statuses: [{ type: "ContainerRuntime", status: "IMPAIRED" }],
      timestamp,
    });
    await tcs.next("AckPublishInstanceStatus");
    for (const messageId of ["never", "sent"]) {
      acs.send("AckRequest", { ...address, messageId });
      acs.send("NackRequest", { ...address, messageId, reason: "no" });
    }
    acs.send("TaskStopVerificationMessage", { messageId: "m", stopCandidates: [{ taskArn: victim.task }] });
    await acs.next("TaskStopVerificationAck");
    await expectUnharmed();
    // What it says about a runtime counts as said about its own.
    assert.equal((await world.instance(arn)).healthStatus?.overallStatus, "IMPAIRED");
  });

  test("about states: no task goes back, and no task appears that does not exist", async () => {
    const { arn, acs } = await agent();
    const task = await world.startTask(arn);
    acs.acknowledge(await acs.next("PayloadMessage"));
    const submit = (status: "PENDING" | "RUNNING" | "STOPPED", of = task) =>
      world.ecs.submitTaskStateChange({ task: of, status, containers: [{ containerName: "main", status }] });
    const statusOf = async (): Promise<unknown> => (await world.task(task)).lastStatus;
    await submit("RUNNING");
    await submit("PENDING");
    assert.equal(await statusOf(), "RUNNING");
    await submit("STOPPED");
    await submit("RUNNING");
    assert.equal(await statusOf(), "STOPPED");
    await submit("RUNNING", task.replace(/.{4}$/, "0000"));
    assert.equal((await world.ecs.listTasks({ containerInstance: arn })).taskArns?.length, 0);
    await expectUnharmed();
  });
});

describe("bytes", () => {
  /** The bytes of a signed handshake. */
  async function handshake(channel: "acs" | "tcs", arn: string): Promise<string> {
    const name = channel === "acs" ? "containerInstanceArn" : "containerInstance";
    const query = new URLSearchParams({ [name]: arn }).toString();
    const url = new URL(`${world.server.url}/${channel}/ws`);
    const signed = await signedHeaders(url, query, { credentials: world.key, region });
    const headers = Object.entries({
      ...signed,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }).map(([header, value]) => `${header}: ${value}\r\n`);
    return `GET ${url.pathname}?${query} HTTP/1.1\r\n${headers.join("")}\r\n`;
  }

  /** Sends bytes, and returns the status of the answer, 0 if the connection is closed without one. */
  async function outcome(bytes: string | Uint8Array): Promise<number> {
    const connection = await RawConnection.open(world.server.port);
    connection.send(bytes);
    try {
      return (await connection.answer(waitMs)).status;
    } catch (error) {
      if (error instanceof ConnectionEnded) return 0;
      throw error;
    } finally {
      connection.close();
    }
  }

  test("of malformed handshakes are refused, and of requests that offer something else are answered", async () => {
    const whole = await handshake("acs", victim.arn.replace(/.{4}$/, "0000"));
    assert.equal(await outcome(whole), 400);
    const changed = (from: string | RegExp, to: string): string => whole.replace(from, to);
    assert.equal(await outcome(changed("GET ", "POST ")), 404);
    assert.equal(await outcome(changed("/acs/ws", "/acs/other")), 404);
    assert.equal(await outcome(changed("upgrade: websocket", "upgrade: h2c")), 404);
    assert.equal(await outcome(changed(/authorization: .*\r\n/, "")), 403);
    assert.equal(await outcome(changed("\r\n\r\n", "\r\ncontent-length: 3\r\n\r\nabc")), 400);
    const real = await handshake("acs", await world.register());
    assert.equal(await outcome(real.replace(/sec-websocket-key: .*/, "sec-websocket-key: short")), 400);
    assert.equal(await outcome(real.replace("sec-websocket-version: 13", "sec-websocket-version: 7")), 400);
    assert.equal(await outcome(real), 101);
    await expectUnharmed();
  });

  test("of handshakes that are mutated, and of a network that breaks them, harm nothing", async () => {
    const whole = Buffer.from(await handshake("tcs", victim.arn));
    for (let i = 0; i < 100; i++) {
      const connection = await RawConnection.open(world.server.port);
      connection.send(mutatedBytes(whole, random));
      connection.close();
    }
    for (let i = 0; i < 100; i++) {
      const connection = await RawConnection.open(world.server.port);
      connection.send(whole.subarray(0, whole.length - (i % 3)));
      if (i % 2 === 0) await new Promise(setImmediate);
      connection.close();
    }
    await expectUnharmed();
  });

  test("that are not frames end their connection", async () => {
    const arn = await world.register();
    // An instance may open 20 sockets of each kind at once. The last one is opened below.
    for (let i = 0; i < 38; i++) {
      const connection = await RawConnection.open(world.server.port);
      connection.send(await handshake(i % 2 === 0 ? "acs" : "tcs", arn));
      assert.equal((await connection.answer(waitMs)).status, 101);
      // A text frame that is not masked, an invalid opcode, half a frame, and noise.
      const openings = [
        [0x81, 0x02, 0x7b, 0x7d],
        [0x83, 0x80, 0, 0, 0, 0],
        [0x81, 0xff, 0xff],
        [0x88, 0x81, 1, 2, 3, 4, 5],
      ];
      const noise = Array.from({ length: 64 }, () => random.below(256));
      connection.send(Uint8Array.from([...(openings[i % openings.length] ?? []), ...noise]));
      await new Promise(setImmediate);
      connection.close();
    }
    await (await world.open("acs", arn)).next("TaskManifestMessage");
    await expectUnharmed();
  });
});
