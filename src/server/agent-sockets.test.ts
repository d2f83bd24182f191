import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import type { AgentStanding } from "../ecs/agents/agent-standing.ts";
import { systemClock } from "../lib/system-clock.ts";
import { AgentSockets } from "./agent-sockets.ts";
import type { Authenticated } from "./authenticate.ts";

const account = "123456789012";
const arn = `arn:aws:ecs:us-east-1:${account}:container-instance/lab/${"0".repeat(32)}`;
const accessKeyId = "AKIAAAAAAAAAAAAAAAAA";
const agent: Authenticated = {
  account,
  region: "us-east-1",
  caller: { principalArn: `arn:aws:iam::${account}:user/agent`, isAgent: true, keyOrigin: accessKeyId },
  principal: { type: "key", arn: `arn:aws:iam::${account}:user/agent`, role: "agent", clusters: null, accessKeyId },
};

/** Opens a socket of the agent, whose key is good or not when the cluster has answered; gives the status of the handshake. */
async function handshake(context: TestContext, isGood: boolean, standing: AgentStanding): Promise<number> {
  const accepted: string[] = [];
  const sockets = new AgentSockets({
    authenticate: async () => async () => agent,
    keys: { isGood: () => isGood },
    controlPlane: { agentStanding: async () => standing },
    sessions: { accept: (channel) => accepted.push(channel) },
    clock: systemClock,
    log: { write: () => {}, isDebug: false },
  });
  const server = createServer();
  server.on("upgrade", sockets.upgrade);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/acs/ws?containerInstanceArn=${arn}`);
  context.after(async () => {
    socket.terminate();
    await sockets.close();
    server.close();
  });
  const refused = Promise.withResolvers<number>();
  socket.on("error", () => {});
  socket.once("unexpected-response", (_, { statusCode = 0 }: IncomingMessage) => refused.resolve(statusCode));
  const status = await Promise.race([once(socket, "open").then(() => 101), refused.promise]);
  assert.deepEqual(accepted, status === 101 ? ["acs"] : []);
  return status;
}

test("a key that ends while its cluster is asked opens no socket", async (context) => {
  assert.equal(await handshake(context, true, "welcome"), 101);
  assert.equal(await handshake(context, false, "welcome"), 403);
});

test("an instance of another key is refused as a key without the right is", async (context) => {
  assert.equal(await handshake(context, true, "not-yours"), 403);
});
