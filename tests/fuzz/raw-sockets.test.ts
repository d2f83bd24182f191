/** Clients that break HTTP: each gets an error or is closed, in bounded time and memory. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { httpLimits } from "../../src/server/http/http-limits.ts";
import { startBerth } from "../berth-process.ts";
import { until } from "../until.ts";
import { type FuzzedServer, startFuzzedServer } from "./fuzzed-server.ts";
import { ConnectionEnded, RawConnection } from "./raw-connection.ts";

const authorization =
  "Authorization: AWS4-HMAC-SHA256 Credential=123456789012/20261121/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=00ff";
/** LIMIT: what is awaited takes three seconds at most on an idle machine. */
const waitMs = 20_000;

let server: FuzzedServer;
before(async () => {
  server = await startFuzzedServer();
});
after(() => server.close());

const head = (operation: string, more: readonly string[]): string =>
  [
    "POST / HTTP/1.1",
    "Host: 127.0.0.1",
    `X-Amz-Target: AmazonEC2ContainerServiceV20141113.${operation}`,
    authorization,
    ...more,
    "\r\n",
  ].join("\r\n");

const request = (operation: string, body: string): string =>
  `${head(operation, [`Content-Length: ${Buffer.byteLength(body)}`])}${body}`;

/** Sends `bytes` and returns the status of the answer, or 0 if the connection is closed without one. */
async function outcome(bytes: string): Promise<number> {
  const connection = await RawConnection.open(server.port);
  connection.send(bytes);
  return outcomeOf(connection);
}

async function outcomeOf(connection: RawConnection): Promise<number> {
  try {
    const { status } = await connection.answer(waitMs);
    await connection.ended(waitMs);
    return status;
  } catch (error) {
    if (error instanceof ConnectionEnded) return 0;
    throw error;
  } finally {
    connection.close();
  }
}

async function expectWorking(): Promise<void> {
  const connection = await RawConnection.open(server.port);
  connection.send(request("ListClusters", "{}"));
  assert.equal((await connection.answer(waitMs)).status, 200);
  connection.close();
}

test("bytes that are not a request, and requests beyond the limits, are refused and their connection closed", async () => {
  const contents = server.contents();
  const tooLarge = httpLimits.bodyBytes + 1;
  const create = '{"clusterName":"raw"}';
  const cases: readonly (readonly [string, readonly number[], string])[] = [
    ["no HTTP", [400], "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n"],
    ["another version", [400, 505], "POST / HTTP/9.9\r\nHost: x\r\n\r\n"],
    ["a header without a name", [400], "POST / HTTP/1.1\r\n: x\r\n\r\n"],
    ["headers that are too large", [431], `POST / HTTP/1.1\r\nX: ${"y".repeat(httpLimits.headerBytes)}\r\n\r\n`],
    ["many headers", [431], `POST / HTTP/1.1\r\n${"X: y\r\n".repeat(20_000)}\r\n`],
    ["two lengths", [400], head("CreateCluster", ["Content-Length: 21", "Content-Length: 22"]) + create],
    ["length and chunks", [400], head("CreateCluster", ["Content-Length: 21", "Transfer-Encoding: chunked"]) + create],
    ["chunks and length", [400], head("CreateCluster", ["Transfer-Encoding: chunked", "Content-Length: 21"]) + create],
    ["chunks within another coding", [400], head("CreateCluster", ["Transfer-Encoding: chunked, identity"]) + create],
    ["an unknown coding", [400], head("CreateCluster", ["Transfer-Encoding: xchunked"]) + create],
    ["two codings", [400], head("CreateCluster", ["Transfer-Encoding: chunked", "Transfer-Encoding: gzip"]) + create],
    ["a list of lengths", [400], head("CreateCluster", ["Content-Length: 21, 21"]) + create],
    ["a length with a sign", [400], head("CreateCluster", ["Content-Length: +21"]) + create],
    ["a NUL in a header", [400], head("CreateCluster", ["Content-Length: 21", "X: a\u0000b"]) + create],
    ["a folded header", [400], head("CreateCluster", ["Content-Length: 21", "X: a", " b"]) + create],
    ["a blank before a colon", [400], head("CreateCluster", ["Content-Length : 21"]) + create],
    ["a line feed within a header", [400], head("CreateCluster", ["X: a\nContent-Length: 21"]) + create],
    ["HTTP/2 without asking", [400, 505], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["an invalid length", [400], head("CreateCluster", ["Content-Length: 1e9"]) + create],
    ["a negative length", [400], head("CreateCluster", ["Content-Length: -1"]) + create],
    ["an invalid chunk", [400, 0], `${head("CreateCluster", ["Transfer-Encoding: chunked"])}zz\r\n${create}`],
    ["a body announced too large", [413], head("CreateCluster", [`Content-Length: ${tooLarge}`])],
    ["a body that grows too large", [413, 0], head("CreateCluster", ["Transfer-Encoding: chunked"]) + chunks(tooLarge)],
  ];
  for (const [name, statuses, bytes] of cases) {
    const status = await outcome(bytes);
    assert.ok(statuses.includes(status), `${name}: ${status}`);
  }
  assert.equal(server.contents(), contents);
  await expectWorking();
});

test("a client that stops in the middle, or dribbles, gets a timeout and is closed, and nothing of its call is done", async () => {
  assert.equal(server.http.headersTimeout, httpLimits.headersTimeoutMs);
  assert.equal(server.http.requestTimeout, httpLimits.requestTimeoutMs);
  // The same timers, but nobody has half a minute. They are checked every `timeoutCheckIntervalMs`.
  server.http.headersTimeout = 300;
  server.http.requestTimeout = 600;
  const contents = server.contents();
  try {
    const whole = request("CreateCluster", '{"clusterName":"halfway"}');
    const cuts = [1, 10, 60, 200, whole.length - 1].map((length) => outcome(whole.slice(0, length)));
    const dribble = await RawConnection.open(server.port);
    const dribbling = outcomeOf(dribble);
    for (const byte of `${whole.slice(0, 30)}${"x".repeat(400)}`) {
      dribble.send(byte);
      if (dribble.isEnded) break;
      await setTimeout(20);
    }
    assert.equal(await dribbling, 408);
    assert.deepEqual(await Promise.all(cuts), [408, 408, 408, 408, 408]);
  } finally {
    server.http.headersTimeout = httpLimits.headersTimeoutMs;
    server.http.requestTimeout = httpLimits.requestTimeoutMs;
  }
  assert.equal(server.contents(), contents);
  await expectWorking();
});

test("a request that offers another protocol is answered, and its connection closed whatever follows", async () => {
  const offers = ["Content-Length: 2", "Upgrade: websocket", "Connection: Upgrade"];
  assert.equal(await outcome(`${head("ListClusters", offers)}{}`), 200);
  assert.equal(await outcome(`${head("ListClusters", offers)}{}BREW / HTTP/1.1\r\n\r\n`), 200);
});

test("a client that vanishes in the middle of its body leaves nothing", async () => {
  const contents = server.contents();
  const whole = request("CreateCluster", '{"clusterName":"vanished"}');
  for (let i = 0; i < 50; i++) {
    const connection = await RawConnection.open(server.port);
    connection.send(whole.slice(0, whole.length - 1 - (i % 20)));
    connection.close();
  }
  await expectWorking();
  assert.equal(server.contents(), contents);
  assert.deepEqual(server.errors, []);
});

test("pipelined requests are answered in their order", async () => {
  const connection = await RawConnection.open(server.port);
  const names = Array.from({ length: 200 }, (_, i) => `piped-${i}`);
  connection.send(names.map((clusterName) => request("CreateCluster", JSON.stringify({ clusterName }))).join(""));
  for (const name of names) {
    const { status, body } = await connection.answer(waitMs);
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as { cluster: { clusterName: string } }).cluster.clusterName, name);
  }
  connection.close();
});

test("clients that send without end, or never read, do not make the server grow", { skip: noProc() }, async () => {
  const berth = await startBerth("dev", ["--in-memory", "--instances", "0", "--log-level", "error"]);
  try {
    const { port, pid } = berth.listening;
    // What has run once is compiled, and its memory is not counted to the clients below.
    for (let i = 0; i < 300; i++) await callOnce(port);
    const beforeMiB = residentMiB(pid);
    const openings: readonly string[] = [
      head("CreateCluster", ["Transfer-Encoding: chunked"]) + chunks(8_000_000),
      `${head("CreateCluster", [`Content-Length: ${httpLimits.bodyBytes}`])}${"x".repeat(200_000)}`,
      request("ListClusters", "{}").repeat(10_000),
      `POST / HTTP/1.1\r\n${"X: y\r\n".repeat(1_000_000)}`,
    ];
    const sockets = Array.from({ length: 120 }, (_, i) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      // Nothing is read: the server is left holding its answers.
      socket.pause();
      socket.write(openings[i % openings.length] ?? "");
      return socket;
    });
    await until(
      "the server takes no more",
      () => takenDuringCalls(port, sockets),
      (taken) => taken === 0,
    );
    const grownMiB = residentMiB(pid) - beforeMiB;
    assert.equal(await callOnce(port), 200);
    for (const socket of sockets) socket.destroy();
    // LIMIT: 120 clients hold 256 KiB of body each at most, and as much again in buffers of sockets and answers.
    assert.ok(grownMiB < 150, `grown by ${grownMiB} MiB`);
    assert.equal(await callOnce(port), 200);
    assert.equal(await berth.end("SIGTERM"), 0);
    assert.equal(berth.complaints(), "");
  } finally {
    await berth.end("SIGKILL");
  }
});

async function callOnce(port: number): Promise<number> {
  const connection = await RawConnection.open(port);
  // As another account: one with too many calls under way is throttled.
  connection.send(request("ListClusters", "{}").replace("Credential=123456789012", "Credential=999999999999"));
  const { status } = await connection.answer(waitMs);
  connection.close();
  return status;
}

function chunks(bytes: number): string {
  return `10000\r\n${"x".repeat(65_536)}\r\n`.repeat(Math.ceil(bytes / 65_536));
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
}

function noProc(): string | false {
  return process.platform === "linux" ? false : "memory is read from /proc";
}

/** How many bytes the server took from these sockets while it answered some calls of another. */
async function takenDuringCalls(port: number, sockets: readonly Socket[]): Promise<number> {
  const taken = (): number =>
    sockets.reduce((sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength, 0);
  const before = taken();
  for (let call = 0; call < 20; call++) await callOnce(port);
  return taken() - before;
}
