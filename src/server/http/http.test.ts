import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { OverloadError } from "../../cluster-runner/runner-errors.ts";
import { Refusal } from "../../ecs/refusals.ts";
import { operationNamed } from "../../wire/services.ts";
import type { ApiCall } from "./answer-call.ts";
import { httpLimits } from "./http-limits.ts";
import { authorization, callHead, SmallHttp, target } from "./small-http.ts";

let http: SmallHttp;
before(async () => {
  http = await SmallHttp.open();
});
after(() => http.close());

const call = (operation: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  http.call(operation, body, headers);

async function typeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { __type?: unknown }).__type;
}

test("a call reaches the control plane with its account, region and request, and is answered in the form of AWS", async () => {
  let seen: ApiCall | null = null;
  http.answer = async (received) => {
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
    operation: operationNamed("ListClusters"),
    request: { maxResults: 3 },
    account: "123456789012",
    region: "eu-west-1",
    caller: { principalArn: "arn:aws:iam::123456789012:root", isAgent: true },
    host: `127.0.0.1:${http.port}`,
  });
});

test("refusals, overload and failures each have their code and status", async () => {
  http.answer = () => Promise.reject(new Refusal("ClusterNotFoundException", "Cluster not found."));
  const refused = await call("ListTasks", "{}");
  assert.equal(refused.status, 400);
  assert.deepEqual(await refused.json(), { __type: "ClusterNotFoundException", message: "Cluster not found." });
  http.answer = () => Promise.reject(new OverloadError("full"));
  assert.equal(await typeOf(await call("ListTasks", "{}")), "ThrottlingException");
  http.answer = () => Promise.reject(new Error("the disk is on fire"));
  const failed = await call("ListTasks", "{}");
  assert.equal(failed.status, 500);
  const text = await failed.text();
  assert.match(text, /ServerException/);
  assert.doesNotMatch(text, /fire/);
  assert.ok(http.lines.some((line) => line.includes("on fire") && line.includes('"operation":"ListTasks"')));
});

test("a call before its operation is turned away with the documented code", async () => {
  http.answer = async () => assert.fail("must not be called");
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
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${http.port}/`), 405],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${http.port}/`, { method: "PUT", body: "{}" }), 405],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${http.port}/x`, { method: "POST", body: "{}" }), 404],
    ["UnknownOperationException", () => fetch(`http://127.0.0.1:${http.port}/%zz`), 404],
  ];
  for (const [code, send, status] of cases) {
    const response = await send();
    assert.deepEqual([await typeOf(response), response.status], [code, status]);
    assert.match(response.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
  }
});

test("any content type is taken, as is none", async () => {
  http.answer = async () => ({});
  for (const type of ["application/x-amz-json-1.1", "application/json", "text/plain", "a/b; charset=utf-16"]) {
    assert.equal((await call("ListTasks", "{}", { "content-type": type })).status, 200, type);
  }
  // One that is no media type is turned away by the parser of content types.
  assert.equal(await typeOf(await call("ListTasks", "{}", { "content-type": "nonsense" })), "SerializationException");
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\n`;
  assert.match(await http.exchange(`${head}Content-Length: 2\r\n\r\n{}`), /^HTTP\/1.1 200 /);
  assert.match(await http.exchange(`${head}\r\n`), /^HTTP\/1.1 200 /);
});

test("bytes that are no request get an error and a closed connection", async () => {
  assert.match(await http.exchange("\u0016\u0003\u0001 hello\r\n\r\n"), /^HTTP\/1.1 400 [\s\S]*SerializationException/);
  assert.match(
    await http.exchange(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(httpLimits.headerBytes)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
  assert.match(
    await http.exchange(
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    /^HTTP\/1.1 400 /,
  );
  assert.match(
    await http.exchange("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    /400/,
  );
});

test("a chunked body is bounded while it comes", async () => {
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: ${target("ListTasks")}\r\nAuthorization: ${authorization}\r\n`;
  const size = httpLimits.bodyBytes + 1;
  const text = await http.exchange(
    `${head}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${" ".repeat(size)}\r\n0\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1.1 413 [\s\S]*RequestEntityTooLargeException/);
});

test("a request that does not come to an end is closed with 408, at its head as in its body", async () => {
  const hasty = await SmallHttp.open({
    limits: { headersTimeoutMs: 40, requestTimeoutMs: 80, timeoutCheckIntervalMs: 20 },
  });
  try {
    assert.match(await hasty.exchange("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz"), /^HTTP\/1.1 408 /);
    assert.match(await hasty.exchange(`${callHead("ListTasks")}Content-Length: 100\r\n\r\n{`), /^HTTP\/1.1 408 /);
  } finally {
    await hasty.close();
  }
});

test("answers are counted by operation and code", async () => {
  http.answer = async () => ({});
  const before = http.metrics.answers.get("ListTaskDefinitionFamilies")?.get("") ?? 0;
  await call("ListTaskDefinitionFamilies", "{}");
  assert.equal(http.metrics.answers.get("ListTaskDefinitionFamilies")?.get(""), before + 1);
  assert.equal(
    http.metrics.latency.get("ListTaskDefinitionFamilies")?.counts.reduce((a, b) => a + b),
    before + 1,
  );
});

test("no line of the log has a credential", () => {
  assert.ok(http.lines.length > 0);
  for (const line of http.lines) assert.doesNotMatch(line, /Signature=|Credential=/);
});
