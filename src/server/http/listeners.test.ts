import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { fastify } from "fastify";
import { listenOn } from "./listeners.ts";

async function open(context: TestContext, port = 0) {
  const http = fastify({ forceCloseConnections: true });
  http.get("/", async () => "here");
  const listening = await listenOn(http, { host: "127.0.0.1", port });
  const close = async (): Promise<void> => void (await Promise.all([listening.close(), http.close()]));
  context.after(close);
  return { http, close, port: listening.port };
}

const canShare = process.platform === "linux";

test("several new connections are taken each time the loop looks for input", { skip: !canShare }, async (context) => {
  const { http, port } = await open(context);
  let taken = 0;
  let most = 0;
  let isOver = false;
  const look = (): void => {
    most = Math.max(most, taken);
    taken = 0;
    if (!isOver) setImmediate(look);
  };
  const all = Promise.withResolvers<void>();
  let left = 64;
  http.server.on("connection", () => {
    taken += 1;
    left -= 1;
    if (left === 0) all.resolve();
  });
  look();
  const sockets = Array.from({ length: left }, () => connect(port, "127.0.0.1"));
  await all.promise;
  isOver = true;
  for (const socket of sockets) socket.destroy();
  assert.ok(most >= 2, `at most ${most} at a look`);
});

test("whichever socket takes a connection, the server answers on it", async (context) => {
  const { port } = await open(context);
  const answers = await Promise.all(
    Array.from({ length: 32 }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      let answer = "";
      socket.on("data", (chunk: Buffer) => {
        answer += chunk.toString("latin1");
      });
      await once(socket, "close");
      return answer;
    }),
  );
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*here$/);
});

test("a port that another server listens on is in use, and free again once that one has closed", async (context) => {
  const { port, close } = await open(context);
  await assert.rejects(open(context, port), { code: "EADDRINUSE" });
  await close();
  await open(context, port);
});
