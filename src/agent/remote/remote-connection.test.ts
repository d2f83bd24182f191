import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import type { AgentConnection, AgentHello } from "../../agent-protocol/connection.ts";
import { splitTelemetryFrame } from "../../agent-sessions/telemetry/telemetry-frame.ts";
import { verifySignature } from "../../auth/sigv4.ts";
import { refusalIn } from "./remote-connection.ts";
import { type SocketNews, socketUrl, WebSocketTransport } from "./websocket-transport.ts";

const hello: AgentHello = {
  cluster: "web tier",
  containerInstanceArn: "arn:aws:ecs:us-east-1:123456789012:container-instance/web/0123",
  agentVersion: "1.97.0",
  agentHash: "berth",
  dockerVersion: "DockerVersion: 20.10.24+dfsg1",
  sendCredentials: true,
};
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token/+=" };
const owner = { secret: "secret", account: "123456789012", userName: null, principalArn: "arn" };

/** The caller of a signed GET, checked with the control plane's own rules. Rejects if the signature is wrong. */
const callerOf = ({ url = "", headers }: Pick<IncomingMessage, "url" | "headers">, body: string) => {
  const [path = "", query = ""] = url.split("?");
  return verifySignature(
    { signingName: "ecs", method: "GET", path, query, headers, body, nowMs: Date.now() },
    () => owner,
  );
};

/** How a connection ended. */
const closeOf = (connection: AgentConnection): Promise<readonly [number, string]> =>
  new Promise((resolve) => connection.onClose((code, reason) => resolve([code, reason])));

describe("sockets of an agent", () => {
  let http: Server;
  let endpoint = "";
  let refusal: { readonly status: number; readonly body: string } | null = null;
  const news: SocketNews[] = [];
  const transport = new WebSocketTransport({
    region: "us-east-1",
    credentials,
    trust: null,
    onNews: (one) => news.push(one),
  });
  const sockets = new WebSocketServer({ noServer: true });

  before(async () => {
    http = createServer();
    http.on("upgrade", (request, socket, head) => {
      if (refusal === null) {
        sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request));
        return;
      }
      const { status, body } = refusal;
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    endpoint = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  after(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.close();
  });

  const accepted = async (): Promise<{ readonly socket: WebSocket; readonly request: IncomingMessage }> => {
    const [socket, request] = (await once(sockets, "connection")) as [WebSocket, IncomingMessage];
    return { socket, request };
  };

  it("opens the command socket with a signed URL that says who it is", async () => {
    const arrival = accepted();
    const connection = transport.connect("acs", hello, `${endpoint}/acs`);
    const opened = new Promise<void>((resolve) => connection.onOpen?.(resolve));
    const { request } = await arrival;
    await opened;
    const url = new URL(request.url ?? "", endpoint);
    assert.equal(url.pathname, "/acs/ws");
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      agentHash: "berth",
      agentVersion: "1.97.0",
      clusterArn: "web tier",
      containerInstanceArn: hello.containerInstanceArn,
      dockerVersion: "DockerVersion: 20.10.24+dfsg1",
      protocolVersion: "2",
      sendCredentials: "true",
      seqNum: "1",
    });
    assert.match(request.headers.authorization ?? "", /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
    assert.equal(request.headers["sec-websocket-extensions"], undefined);
    assert.equal((await callerOf(request, "")).accessKeyId, "AKIDEXAMPLE");
    connection.close(1001, "");
  });

  it("signs each message of the telemetry socket, and keeps their order", async () => {
    const arrival = accepted();
    const connection = transport.connect("tcs", hello, `${endpoint}/tcs/`);
    // Before the socket is open.
    for (let at = 0; at < 20; at++) connection.send({ type: "Early", message: { at } });
    const { socket, request } = await arrival;
    const frames: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        frames.push(String(data));
        if (frames.length === 16) resolve();
      });
    });
    const url = new URL(request.url ?? "", endpoint);
    assert.equal(url.pathname, "/tcs/ws");
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      agentHash: "berth",
      agentVersion: "1.97.0",
      cluster: "web tier",
      containerInstance: hello.containerInstanceArn,
      dockerVersion: "20.10.24+dfsg1",
    });
    await new Promise<void>((resolve) => connection.onOpen?.(resolve));
    connection.send({ type: "Late", message: {} });
    await all;
    const messages = frames.map((frame) => splitTelemetryFrame(frame));
    assert.deepEqual(
      messages.map(({ text }) => (JSON.parse(text) as { readonly message: { readonly at?: number } }).message.at),
      [...Array.from({ length: 15 }, (_, at) => at), undefined],
    );
    for (const { headers, text } of messages) {
      assert.equal((await callerOf({ url: request.url, headers: headers ?? {} }, text)).account, owner.account);
    }
    await assert.rejects(callerOf({ url: request.url, headers: messages[0]?.headers ?? {} }, "{}"), /signature/);
    connection.close(1001, "");
  });

  it("passes on messages, drops what is not JSON, and reports a close", async () => {
    const arrival = accepted();
    const connection = transport.connect("acs", hello, `${endpoint}/acs`);
    const closed = closeOf(connection);
    const messages: unknown[] = [];
    connection.onMessage((message) => messages.push(message));
    const { socket } = await arrival;
    socket.send("no JSON");
    socket.send('{"type":"HeartbeatMessage","message":{}}');
    socket.close(1008, "InactiveInstanceException: gone");
    assert.deepEqual(await closed, [1008, "InactiveInstanceException: gone"]);
    assert.deepEqual(messages, [{ type: "HeartbeatMessage", message: {} }]);
    assert.deepEqual(news.at(-1), {
      channel: "acs",
      containerInstanceArn: hello.containerInstanceArn,
      type: "closed",
      code: 1008,
      reason: "InactiveInstanceException: gone",
    });
  });

  it("sends what was sent before a close, and receives nothing after it", async () => {
    const arrival = accepted();
    const connection = transport.connect("tcs", hello, `${endpoint}/tcs`);
    const { socket } = await arrival;
    await new Promise<void>((resolve) => connection.onOpen?.(resolve));
    const received: string[] = [];
    socket.on("message", (data) => received.push(String(data)));
    connection.onClose(() => assert.fail("this end closed"));
    connection.send({ type: "Last", message: {} });
    connection.close(1001, `the agent stops ${"ä".repeat(100)}`);
    connection.send({ type: "TooLate", message: {} });
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    assert.equal(code, 1001);
    assert.match(reason.toString("utf8"), /^the agent stops ä+$/);
    assert.equal(received.length, 1);
    assert.match(received[0] ?? "", /"Last"/);
  });

  it("says why it was refused; only a missing instance ends the agent", async () => {
    const refusals = [
      [
        { InactiveInstanceException: "It was deregistered." },
        [1008, "InactiveInstanceException: It was deregistered."],
      ],
      [{ AccessDeniedException: "No." }, [1006, "AccessDeniedException: No."]],
      [{ type: "ServerException", message: { message: "Later." } }, [1006, "ServerException: Later."]],
    ] as const;
    for (const [body, expected] of refusals) {
      refusal = { status: 400, body: JSON.stringify(body) };
      assert.deepEqual(await closeOf(transport.connect("acs", hello, `${endpoint}/acs`)), expected);
    }
    refusal = { status: 301, body: "elsewhere" };
    assert.deepEqual(await closeOf(transport.connect("acs", hello, `${endpoint}/acs`)), [
      1006,
      "the handshake was answered with HTTP 301",
    ]);
    refusal = null;
  });

  it("reports an endpoint where nobody listens, and one that is not a web address", async () => {
    const [code, reason] = await closeOf(transport.connect("acs", hello, "http://127.0.0.1:1/acs"));
    assert.equal(code, 1006);
    assert.match(reason, /ECONNREFUSED/);
    for (const wrong of ["ws://127.0.0.1/acs", "in-process:", ""]) {
      assert.equal(socketUrl("acs", hello, wrong), null);
      const [, unknown] = await closeOf(transport.connect("acs", hello, wrong));
      assert.match(unknown, /unknown scheme/);
    }
  });

  it("stays silent if it is closed while it dials", async () => {
    const connection = transport.connect("acs", hello, `${endpoint}/acs`);
    connection.onOpen?.(() => assert.fail("it was closed"));
    connection.onClose(() => assert.fail("this end closed"));
    connection.close(1001, "");
    const arrival = accepted();
    const other = transport.connect("acs", { ...hello, agentHash: "other" }, `${endpoint}/acs`);
    const { request } = await arrival;
    assert.match(request.url ?? "", /agentHash=other/);
    other.close(1001, "");
  });
});

it("a refusal that is not from ECS shows its status", () => {
  assert.equal(refusalIn(502, "<html>"), "the handshake was answered with HTTP 502");
  assert.equal(refusalIn(400, "{}"), "the handshake was answered with HTTP 400");
  assert.equal(refusalIn(400, "null"), "the handshake was answered with HTTP 400");
});
