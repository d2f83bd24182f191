import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { OverloadError } from "../cluster-runner/runner-errors.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { ApiCall } from "./answer-call.ts";
import { looseAuthentication } from "./authenticate.ts";
import { CallMetrics } from "./call-metrics.ts";
import { createHttp } from "./http.ts";
import { type HttpLimits, httpLimits } from "./http-limits.ts";
import { openLog } from "./log.ts";

/** What the control plane behind the port does, set by each test. */
let answer: (call: ApiCall) => Promise<object> = async () => ({});
const lines: string[] = [];
const metrics = new CallMetrics();
let app: FastifyInstance;
let port = 0;

function create(limits: Partial<HttpLimits>): FastifyInstance {
  return createHttp({
    limits,
    authenticate: looseAuthentication("000000000000"),
    answerApi: (call) => answer(call),
    takeTurn: (_, work) => work(),
    metrics,
    log: openLog("debug", { write: (line) => lines.push(line) }),
    health: () => ({ healthy: true }),
    metricsText: async () => ({ contentType: "text/plain", text: "" }),
  });
}

async function listen(server: FastifyInstance): Promise<number> {
  await server.listen({ host: "127.0.0.1", port: 0 });
  const address = server.server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

before(async () => {
  app = create({});
  port = await listen(app);
});
after(() => app.close());

const authorization =
  "AWS4-HMAC-SHA256 Credential=123456789012/20261121/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=00ff";
const target = (operation: string): string => `AmazonEC2ContainerServiceV20141113.${operation}`;

async function call(
  operation: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    headers: { authorization, "x-amz-target": target(operation), ...headers },
    body,
  });
}

async function typeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { __type?: unknown }).__type;
}

/** Sends bytes and gives all that comes back until the server closes. */
async function raw(bytes: string, toPort = port): Promise<string> {
  const socket = connect(toPort, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return text;
}

test("a call reaches the control plane with its account, region and request, and is answered in the form of AWS", async () => {
  let seen: ApiCall | null = null;
  answer = async (received) => {
    seen = received;
    return { clusterArns: [], nextToken: null };
  };
  const response = await call("ListClusters", '{"maxResults":3,"unknown":1}', {
    "user-agent": "Amazon ECS Agent - v1",
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/x-amz-json-1.1");
  assert.match(response.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(await response.text(), '{"clusterArns":[]}');
  assert.deepEqual(seen, {
    operation: "ListClusters",
    request: { maxResults: 3 },
    account: "123456789012",
    region: "eu-west-1",
    caller: { principalArn: "arn:aws:iam::123456789012:root", isAgent: true },
    host: `127.0.0.1:${port}`,
  });
});

test("refusals, overload and failures each have their code and status", async () => {
  answer = () => Promise.reject(new Refusal("ClusterNotFoundException", "Cluster not found."));
  const refused = await call("ListTasks", "{}");
  assert.equal(refused.status, 400);
  assert.deepEqual(await refused.json(), { __type: "ClusterNotFoundException", message: "Cluster not found." });
  answer = () => Promise.reject(new OverloadError("full"));
  assert.equal(await typeOf(await call("ListTasks", "{}")), "ThrottlingException");
  answer = () => Promise.reject(new Error("the disk is on fire"));
  const failed = await call("ListTasks", "{}");
  assert.equal(failed.status, 500);
  const text = await failed.text();
  assert.match(text, /ServerException/);
  assert.doesNotMatch(text, /fire/);
  assert.ok(lines.some((line) => line.includes("on fire") && line.includes('"operation":"ListTasks"')));
});

test("a call before its operation is turned away with the documented code", async () => {
  answer = async () => assert.fail("must not be called");
  const cases: [string, () => Promise<Response>, number][] = [
    ["UnknownOperationException", () => call("RunTasks", "{}"), 400],
    ["UnknownOperationException", () => call("runtask", "{}"), 400],
    ["UnknownOperationException", () => call("", "{}", { "x-amz-target": "DynamoDB_20120810.ListTables" }), 400],
    ["UnknownOperationException", () => call("", "{}", { "x-amz-target": "BerthV1.ListTasks" }), 400],
    ["ClientException", () => call("CreateTaskSet", "{}"), 400],
    ["SerializationException", () => call("ListTasks", "{"), 400],
    ["SerializationException", () => call("ListTasks", "[]"), 400],
    ["SerializationException", () => call("ListTasks", '{"maxResults":"x"}'), 400],
    ["SerializationException", () => call("ListTasks", "[".repeat(100_000)), 400],
    ["SerializationException", () => call("ListTasks", new Uint8Array([0x22, 0xff, 0x22])), 400],
    ["MissingAuthenticationTokenException", () => call("ListTasks", "{}", { authorization: "" }), 400],
    ["IncompleteSignatureException", () => call("ListTasks", "{}", { authorization: "Basic eHg=" }), 400],
    ["RequestEntityTooLargeException", () => call("ListTasks", " ".repeat(httpLimits.bodyBytes + 1)), 413],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${port}/`), 405],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${port}/`, { method: "PUT", body: "{}" }), 405],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${port}/x`, { method: "POST", body: "{}" }), 404],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${port}/%zz`), 404],
  ];
  for (const [code, send, status] of cases) {
    const response = await send();
    assert.deepEqual([await typeOf(response), response.status], [code, status]);
    assert.match(response.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
  }
});

test("any content type is taken, as is none", async () => {
  answer = async () => ({});
  for (const type of ["application/x-amz-json-1.1", "application/json", "text/plain", "a/b; charset=utf-16"]) {
    assert.equal((await call("ListTasks", "{}", { "content-type": type })).status, 200, type);
  }
  // One that is no media type is turned away by the parser of content types.
  assert.equal(await typeOf(await call("ListTasks", "{}", { "content-type": "nonsense" })), "SerializationException");
  const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\n`;
  assert.match(await raw(`${head}Content-Length: 2\r\n\r\n{}`), /^HTTP\/1.1 200 /);
  assert.match(await raw(`${head}\r\n`), /^HTTP\/1.1 200 /);
});

test("bytes that are no request get an error and a closed connection", async () => {
  assert.match(await raw("\u0016\u0003\u0001 hello\r\n\r\n"), /^HTTP\/1.1 400 [\s\S]*SerializationException/);
  assert.match(
    await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(httpLimits.headerBytes)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
  assert.match(
    await raw("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    /^HTTP\/1.1 400 /,
  );
  assert.match(await raw("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), /400/);
});

test("a chunked body is bounded while it comes", async () => {
  const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\n`;
  const size = httpLimits.bodyBytes + 1;
  const text = await raw(
    `${head}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${" ".repeat(size)}\r\n0\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1.1 413 [\s\S]*RequestEntityTooLargeException/);
});

test("bodies that are announced beyond the bound together are turned away, and the room comes back", async () => {
  answer = async () => ({});
  const head = `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\nContent-Length: ${httpLimits.bodyBytes}\r\n\r\n`;
  const held = Array.from({ length: httpLimits.bodyBytesUnderWay / httpLimits.bodyBytes }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.write(head);
    return socket;
  });
  const statuses = new Set<number>();
  while (!statuses.has(400)) statuses.add((await call("ListTasks", "{}")).status);
  assert.ok((metrics.answers.get("")?.get("ThrottlingException") ?? 0) > 0);
  for (const socket of held) socket.destroy();
  while ((await call("ListTasks", "{}")).status !== 200);
  assert.deepEqual([...statuses].sort(), statuses.has(200) ? [200, 400] : [400]);
});

test("a request that does not come to an end is closed with 408, at its head as in its body", async () => {
  const hasty = create({ headersTimeoutMs: 40, requestTimeoutMs: 80, timeoutCheckIntervalMs: 20 });
  const hastyPort = await listen(hasty);
  try {
    assert.match(await raw("POST / HTTP/1.1\r\nHost: x\r\nX-Amz", hastyPort), /^HTTP\/1.1 408 /);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\n`;
    assert.match(await raw(`${head}Content-Length: 100\r\n\r\n{`, hastyPort), /^HTTP\/1.1 408 /);
  } finally {
    await hasty.close();
  }
});

test("a client that never reads is closed when nothing moves any more", async () => {
  const hasty = create({ idleSocketTimeoutMs: 60 });
  const hastyPort = await listen(hasty);
  answer = async () => ({ taskArns: ["x".repeat(20_000_000)] });
  try {
    const socket = connect(hastyPort, "127.0.0.1");
    socket.pause();
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    const [served] = (await once(hasty.server, "connection")) as [Socket];
    await once(served, "close");
    socket.destroy();
  } finally {
    await hasty.close();
  }
});

test("connections beyond the bound are closed at once", async () => {
  const small = create({ connections: 1 });
  const smallPort = await listen(small);
  const held = connect(smallPort, "127.0.0.1");
  try {
    await once(held, "connect");
    assert.equal(await raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", smallPort), "");
  } finally {
    held.destroy();
    await small.close();
  }
});

test("answers are counted by operation and code", async () => {
  answer = async () => ({});
  const before = metrics.answers.get("ListTaskDefinitionFamilies")?.get("") ?? 0;
  await call("ListTaskDefinitionFamilies", "{}");
  assert.equal(metrics.answers.get("ListTaskDefinitionFamilies")?.get(""), before + 1);
  assert.equal(
    metrics.latency.get("ListTaskDefinitionFamilies")?.counts.reduce((a, b) => a + b),
    before + 1,
  );
});

test("no line of the log has a credential", () => {
  assert.ok(lines.length > 0);
  for (const line of lines) assert.doesNotMatch(line, /Signature=|Credential=/);
});
