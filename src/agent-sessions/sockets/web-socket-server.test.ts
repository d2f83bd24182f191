import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { must } from "../../lib/assert.ts";
import type { LogEvent } from "../../lib/log-events.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { messageOf } from "../telemetry/telemetry-frame.ts";
import type { TakeTurn, WebSocketConnection } from "./web-socket-connection.ts";
import { AgentWebSocketServer } from "./web-socket-server.ts";

/** LIMIT: what may wait for a reader in these tests; the network itself holds about six times that. */
const waitingBytes = 1_048_576;

const clock = new VirtualClock(1_700_000_000_000);
const logged: LogEvent[] = [];
const sockets = new AgentWebSocketServer({
  clock,
  limits: { waitingBytes },
  shares: { unread: { total: 48 * waitingBytes }, unfinished: { total: 1_500_000, perOwner: 1_000_000 } },
  log: (event) => void logged.push(event),
});
/** How agents get their turns. */
let turn: TakeTurn = (work) => work();
let instances = 0;
let http: Server;
const opened: WebSocketConnection[] = [];

before(async () => {
  http = createServer();
  http.on("upgrade", (request, socket, head) => {
    sockets.complete(
      request,
      socket,
      head,
      {
        // Each has an allowance of its own.
        name: `instance-${++instances}`,
        account: "123456789012",
        accessKeyId: null,
        read: messageOf,
        takeTurn: (work) => turn(work),
      },
      (connection) => {
        opened.push(connection);
      },
    );
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
});
after(() => http.close());

/** Both ends of a new socket. */
async function pair(): Promise<{ readonly agent: WebSocket; readonly server: WebSocketConnection }> {
  const { port } = http.address() as AddressInfo;
  const agent = new WebSocket(`ws://127.0.0.1:${port}/acs/ws`, { perMessageDeflate: false });
  await once(agent, "open");
  return { agent, server: must(opened.pop(), "the connection that was opened") };
}

/** The raw connection of an agent's WebSocket, to send what no library sends. */
function rawOf(agent: WebSocket): Duplex {
  return (agent as unknown as { readonly _socket: Duplex })._socket;
}

/** Records what the control plane's end receives. */
function listen(server: WebSocketConnection) {
  const messages: unknown[] = [];
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  const first = Promise.withResolvers<void>();
  server.onMessage((message) => {
    messages.push(message);
    first.resolve();
  });
  server.onClose((code, reason) => closed.resolve({ code, reason }));
  return { messages, closed: closed.promise, first: first.promise };
}

test("messages go both ways, and each end learns of the other's close", async () => {
  const { agent, server } = await pair();
  const { messages, closed, first } = listen(server);
  agent.send('{"n":1}');
  await first;
  assert.deepEqual(messages, [{ n: 1 }]);
  server.send({ n: 2 });
  const [data] = (await once(agent, "message")) as [Buffer];
  assert.equal(data.toString("utf8"), '{"n":2}');
  agent.close(1000, "bye");
  assert.deepEqual(await closed, { code: 1000, reason: "bye" });
});

test("a reason that is too long for a close frame is cut", async () => {
  const { agent, server } = await pair();
  server.close(1008, "é".repeat(200));
  const [code, reason] = (await once(agent, "close")) as [number, Buffer];
  assert.equal(code, 1008);
  assert.equal(reason.toString("utf8"), "é".repeat(61));
});

test("an agent that does not read its messages is disconnected", async () => {
  const { agent, server } = await pair();
  const { closed } = listen(server);
  agent.pause();
  const message = { text: "x".repeat(waitingBytes) };
  for (let i = 0; i < 12; i++) server.send(message);
  await new Promise(setImmediate);
  assert.equal(agent.readyState, agent.OPEN);
  await clock.advance(29_999);
  server.send(message);
  assert.ok(!logged.includes("agent-not-reading"));
  await clock.advance(1);
  server.send(message);
  assert.equal((await closed).code, 1006);
  assert.ok(logged.includes("agent-not-reading"));
  agent.terminate();
});

test("an agent with far too large a backlog is disconnected at once", async () => {
  const { agent, server } = await pair();
  const { closed } = listen(server);
  agent.pause();
  for (let i = 0; i < 40; i++) server.send({ text: "x".repeat(waitingBytes) });
  assert.equal((await closed).code, 1006);
  agent.terminate();
});

test("the agents with the most unfinished messages lose them first, oldest first", async () => {
  const half = (bytes: number) => {
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0, 0, 1, 2, 3, 4]);
    return Buffer.concat([head, Buffer.alloc(bytes)]);
  };
  const first = await pair();
  const { closed } = listen(first.server);
  rawOf(first.agent).write(half(600_000));
  const second = await pair();
  listen(second.server);
  rawOf(second.agent).write(half(600_000));
  assert.equal((await closed).code, 1006);
  assert.ok(logged.includes("agent-messages-unfinished"));
  assert.equal(second.agent.readyState, second.agent.OPEN);
  const ended = once(second.agent, "close");
  // Answering pings in time does not help: it does not finish the message.
  await clock.advance(30_000);
  await clock.advance(30_000);
  await ended;
  assert.ok(logged.includes("agent-message-timeout"));
});

test("the backlog of all agents together is bounded, and those that have not read for longest are disconnected", async () => {
  const stuck = await Promise.all(Array.from({ length: 8 }, pair));
  let cut = 0;
  const closings = stuck.map(async ({ server }) => {
    const how = await listen(server).closed;
    cut += 1;
    return how;
  });
  for (const { agent } of stuck) agent.pause();
  for (const { server } of stuck) for (let i = 0; i < 14; i++) server.send({ text: "x".repeat(waitingBytes) });
  assert.equal((await closings[0])?.code, 1006);
  assert.ok(cut < stuck.length, `${cut} of ${stuck.length}`);
  for (const { agent } of stuck) agent.terminate();
});

test("one long message does not mean a stuck reader", async () => {
  const { agent, server } = await pair();
  listen(server);
  server.send({ text: "x".repeat(4_194_304) });
  const [data] = (await once(agent, "message")) as [Buffer];
  assert.ok(data.length > 4_194_304);
  agent.terminate();
});

test("a silent connection is pinged, and cut if it stays silent", async () => {
  const { agent, server } = await pair();
  const { closed } = listen(server);
  await clock.advance(59_999);
  assert.equal(agent.readyState, agent.OPEN);
  const pinged = once(agent, "ping");
  await clock.advance(1);
  await pinged;
  const dead = await pair();
  const { closed: deadClosed } = listen(dead.server);
  dead.agent.pause();
  // Its pong has arrived by the time that a second socket is open.
  agent.send("{}");
  await clock.advance(30_000);
  await clock.advance(30_000);
  await clock.advance(30_000);
  assert.equal((await deadClosed).code, 1006);
  dead.agent.terminate();
  agent.close();
  await closed;
});

test("an agent that sends too many messages, or pings, is disconnected", async () => {
  for (const flood of [(agent: WebSocket) => agent.send("{}"), (agent: WebSocket) => agent.ping()]) {
    const { agent, server } = await pair();
    const { closed, messages } = listen(server);
    const ended = once(agent, "close");
    for (let i = 0; i < 6_000; i++) flood(agent);
    assert.equal((await closed).code, 1008);
    assert.equal(((await ended) as [number])[0], 1008);
    assert.ok(messages.length <= 5_000);
  }
});

test("a bug that a message triggers costs only its connection", async () => {
  const { agent, server } = await pair();
  server.onMessage(() => {
    throw new TypeError("a bug");
  });
  const ended = once(agent, "close");
  agent.send("{}");
  assert.equal(((await ended) as [number])[0], 1006);
  assert.ok(logged.includes("agent-message-bug"));
});

test("messages wait for the turn of their account, in order, and little more is read meanwhile", async (context) => {
  const turns: (() => void)[] = [];
  turn = (work) => new Promise((resolve) => turns.push(() => resolve(work() as Awaited<ReturnType<typeof work>>)));
  context.after(() => {
    turn = (work) => work();
  });
  const { agent, server } = await pair();
  const { messages } = listen(server);
  const count = 16;
  for (let n = 0; n < count; n++)
    agent.send(JSON.stringify({ type: "T", message: { n, padding: "x".repeat(900_000) } }));
  const look = () => new Promise((resolve) => setImmediate(resolve));
  while (turns.length === 0) await look();
  for (let i = 0; i < 1_000; i++) await look();
  assert.deepEqual([messages.length, turns.length], [0, 1]);
  assert.ok(agent.bufferedAmount > 0, "all of it was read");
  while (messages.length < count) {
    turns.shift()?.();
    await look();
  }
  const numbers = (messages as { readonly message: { readonly n: number } }[]).map(({ message }) => message.n);
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, n) => n),
  );
  agent.terminate();
});

test("at the end every agent is asked to reconnect, and one that does not answer is cut", async () => {
  const { agent } = await pair();
  const stuck = await pair();
  stuck.agent.pause();
  const ended = once(agent, "close");
  const closed = sockets.close("shutting down");
  assert.equal(((await ended) as [number])[0], 1001);
  assert.ok(sockets.size >= 1);
  await clock.advance(1_000);
  await closed;
  assert.equal(sockets.size, 0);
  stuck.agent.terminate();
});
