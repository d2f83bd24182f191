import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AllowedHosts } from "./allowed-hosts.ts";
import type { HttpOptions } from "./http.ts";
import { authorization, SmallHttp, target } from "./small-http.ts";

type Setting = { readonly names?: readonly string[]; readonly advertise?: string; readonly signed?: boolean };

async function open(
  context: TestContext,
  { names = [], advertise, signed = false }: Setting = {},
  options: Partial<HttpOptions> = {},
): Promise<SmallHttp> {
  const hosts = new AllowedHosts({ listenHost: "127.0.0.1", advertise: advertise ?? null, names });
  const http = await SmallHttp.open({ foreign: { hosts, signedUnderAnyHost: signed }, ...options });
  context.after(() => http.close());
  return http;
}

const call = [`X-Amz-Target: ${target("ListTasks")}`, `Authorization: ${authorization}`, "Content-Length: 2"];

/** The status of a request that consists of these lines. */
async function statusOf(http: SmallHttp, line: string, headers: readonly string[], body = ""): Promise<number> {
  const filled = headers.map((header) => header.replaceAll("PORT", String(http.port)));
  const answer = await http.exchange(`${[line, ...filled, "Connection: close"].join("\r\n")}\r\n\r\n${body}`);
  assert.doesNotMatch(answer, /access-control/i);
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

const own = [
  "127.0.0.1:PORT",
  "127.0.0.1",
  "127.1.2.3:PORT",
  "localhost:PORT",
  "LocalHost:PORT",
  "localhost",
  "[::1]:PORT",
  "[0:0:0:0:0:0:0:1]:PORT",
];

const foreign = [
  "evil.example",
  "evil.example:PORT",
  "localhost.evil.example:PORT",
  "evil.localhost:PORT",
  "127.0.0.1.nip.io:PORT",
  "127.0.0.1.:PORT",
  "localhost.:PORT",
  "localhost:1",
  "127.0.0.1:80",
  "localhost:99999",
  "localhost:PORT:PORT",
  "localhost:",
  "localhost@evil.example:PORT",
  "evil.example#localhost:PORT",
  "localhost,evil.example",
  "2130706433:PORT",
  "0x7f.0.0.1:PORT",
  "0177.0.0.1:PORT",
  "127.1:PORT",
  "127.0.0.256:PORT",
  "0.0.0.0:PORT",
  "[::]:PORT",
  "[::ffff:127.0.0.1]:PORT",
  "[::1:PORT",
  "::1:PORT",
  "[::1]evil.example:PORT",
  "10.0.0.5:PORT",
  "",
];

const routes: readonly (readonly [string, readonly string[], string])[] = [
  ["POST / HTTP/1.1", call, "{}"],
  ["POST /?x=1 HTTP/1.1", call, "{}"],
  ["GET /health HTTP/1.1", [], ""],
  ["HEAD /health HTTP/1.1", [], ""],
  ["GET /metrics HTTP/1.1", [], ""],
  ["OPTIONS / HTTP/1.1", ["Access-Control-Request-Method: POST"], ""],
  ["OPTIONS * HTTP/1.1", [], ""],
  ["GET /nothing HTTP/1.1", [], ""],
  ["GET /acs/ws HTTP/1.1", ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"], ""],
];

test("the names of the machine itself are taken, everywhere", async (context) => {
  const http = await open(context);
  for (const host of own)
    assert.equal(await statusOf(http, "POST / HTTP/1.1", [`Host: ${host}`, ...call], "{}"), 200, host);
  for (const [line, headers, body] of routes) {
    assert.notEqual(await statusOf(http, line, ["Host: localhost:PORT", ...headers], body), 403, line);
  }
});

test("every other name is refused on every route, and nothing of the call is done", async (context) => {
  const http = await open(context);
  http.answer = async () => assert.fail("must not be called");
  for (const host of foreign) {
    for (const [line, headers, body] of routes) {
      assert.equal(await statusOf(http, line, [`Host: ${host}`, ...headers], body), 403, `${line} ${host}`);
    }
  }
});

test("a request needs exactly one Host, and a target that is a path", async (context) => {
  const http = await open(context);
  http.answer = async () => assert.fail("must not be called");
  const status = (line: string, headers: readonly string[]) => statusOf(http, line, [...headers, ...call], "{}");
  assert.equal(await status("POST / HTTP/1.0", []), 403);
  assert.equal(await status("POST / HTTP/1.1", []), 403);
  assert.equal(await status("POST / HTTP/1.1", ["Host: localhost:PORT", "Host: evil.example"]), 403);
  assert.equal(await status("POST / HTTP/1.1", ["Host: evil.example", "Host: localhost:PORT"]), 403);
  assert.equal(await status("POST / HTTP/1.1", ["host: localhost:PORT", "HOST: localhost:PORT"]), 403);
  assert.equal(await status("POST http://evil.example/ HTTP/1.1", ["Host: localhost:PORT"]), 403);
  assert.equal(await status("POST http://localhost/ HTTP/1.1", ["Host: evil.example"]), 403);
  assert.equal(await status("GET http://evil.example/metrics HTTP/1.1", ["Host: localhost:PORT"]), 403);
});

test("requests of other origins and other sites are refused under every name, before a preflight too", async (context) => {
  const http = await open(context);
  http.answer = async () => assert.fail("must not be called");
  const marks = [
    "Origin: http://evil.example",
    "Origin: null",
    "Origin: ",
    "Origin: http://localhost",
    "Origin: http://localhost:3000",
    "Origin: http://127.0.0.1:PORT",
    "Origin: file://",
    "Origin: http://localhost:PORT/",
    "Origin: http://localhost:PORT\r\nOrigin: http://evil.example",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Sec-Fetch-Site: nonsense",
    "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
    "Origin: http://localhost:PORT\r\nSec-Fetch-Site: cross-site",
  ];
  for (const mark of marks) {
    for (const [line, headers, body] of routes) {
      assert.equal(
        await statusOf(http, line, ["Host: localhost:PORT", mark, ...headers], body),
        403,
        `${line} ${mark}`,
      );
    }
  }
});

test("a page of this server, an address that was typed in, and a client that says nothing are let in", async (context) => {
  const http = await open(context);
  for (const mark of [
    [],
    ["Origin: http://localhost:PORT"],
    ["Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Site: none"],
  ]) {
    assert.equal(await statusOf(http, "POST / HTTP/1.1", ["Host: localhost:PORT", ...mark, ...call], "{}"), 200);
    assert.equal(await statusOf(http, "GET /health HTTP/1.1", ["Host: localhost:PORT", ...mark]), 200);
  }
});

test("--allow-host and --advertise add names; the refusal says which flag to use", async (context) => {
  const http = await open(context, {
    names: ["Tunnel.Example", "other.example:9999"],
    advertise: "https://ecs.example",
  });
  const status = (host: string) => statusOf(http, "GET /health HTTP/1.1", [`Host: ${host}`]);
  for (const host of ["tunnel.example", "tunnel.example:1", "other.example:9999", "ecs.example", "ecs.example:443"]) {
    assert.equal(await status(host), 200, host);
  }
  for (const host of ["other.example", "other.example:9998", "x.tunnel.example", "ecs.example.evil"]) {
    assert.equal(await status(host), 403, host);
  }
  const refused = await http.exchange("GET /health HTTP/1.1\r\nHost: my.box:4\r\nConnection: close\r\n\r\n");
  assert.match(
    refused,
    /"__type":"AccessDeniedException".*Requests for the host my\.box:4 are refused.*--allow-host my\.box/,
  );
});

test("containers may call their machine by its usual names, pages under those names may not", async (context) => {
  const http = await open(context);
  const host = "Host: host.docker.internal:PORT";
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, ...call], "{}"), 200);
  assert.equal(await statusOf(http, "GET /health HTTP/1.1", [host]), 403);
  assert.equal(await statusOf(http, "GET /metrics HTTP/1.1", [host]), 403);
  const origin = "Origin: http://host.docker.internal:PORT";
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, origin, ...call], "{}"), 403);
});

test("where signatures are checked, a signed call may name any host, unless a page could have sent it", async (context) => {
  const http = await open(context, { signed: true });
  const host = "Host: proxy.example";
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, ...call], "{}"), 200);
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, "Origin: http://proxy.example", ...call], "{}"), 403);
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, "Sec-Fetch-Site: same-origin", ...call], "{}"), 403);
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [host, "Content-Length: 2"], "{}"), 403);
  assert.equal(await statusOf(http, "GET /metrics HTTP/1.1", [host, `Authorization: ${authorization}`]), 403);
  const s3 = `Authorization: ${authorization.replace("/ecs/", "/s3/")}`;
  assert.equal(await statusOf(http, "GET /b/k HTTP/1.1", [host, s3]), 501, "allowed, and there is no S3");
  assert.equal(await statusOf(http, "GET /b/k HTTP/1.1", [host, s3, "Origin: http://proxy.example"]), 403);
  assert.equal(await statusOf(http, "GET /b/k HTTP/1.1", [host]), 403);
});

test("a form of a page does nothing: no preflight, no headers of the API", async (context) => {
  const http = await open(context);
  http.answer = async () => assert.fail("must not be called");
  const form = ["Host: localhost:PORT", "Content-Type: text/plain", "Content-Length: 2"];
  assert.equal(await statusOf(http, "POST / HTTP/1.1", form, "{}"), 400);
  assert.equal(await statusOf(http, "POST / HTTP/1.1", [...form, "Origin: http://evil.example"], "{}"), 403);
});
