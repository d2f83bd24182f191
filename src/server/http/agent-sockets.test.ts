import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import type { AgentStanding } from "../../ecs/agents/agent-standing.ts";
import { refuse } from "../../ecs/refusals.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { AgentSockets, type AgentSocketsOptions } from "./agent-sockets.ts";
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

type World = {
  readonly isGood?: boolean;
  readonly standing?: AgentStanding;
  readonly hasCluster?: boolean;
  readonly rates?: AgentSocketsOptions["rates"];
};

/** A port for the sockets of the agent, whose key is good or not when the cluster has answered; opens one, and gives the status. */
async function port(
  context: TestContext,
  { isGood = true, standing = "welcome", hasCluster = true, rates = {} }: World,
) {
  const accepted: string[] = [];
  const clock = new VirtualClock(0);
  const sockets = new AgentSockets({
    authenticate: async () => async () => agent,
    keys: { isGood: () => isGood },
    controlPlane: {
      submit: async (_place, { type }) => {
        if (type === "agent-standing") return standing;
        return hasCluster ? {} : refuse("ClusterNotFoundException", "Cluster not found.");
      },
    },
    sessions: { accept: (channel) => accepted.push(channel) },
    takeTurn: (_account, _cluster, work) => work(),
    clock,
    log: { write: () => {}, isDebug: false },
    rates,
  });
  const server = createServer();
  server.on("upgrade", sockets.upgrade);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const opened: WebSocket[] = [];
  context.after(async () => {
    for (const socket of opened) socket.terminate();
    server.close();
  });
  const open = async (channel: "acs" | "tcs" = "acs", instance = arn): Promise<number> => {
    const name = channel === "acs" ? "containerInstanceArn" : "containerInstance";
    const before = accepted.length;
    const { port } = server.address() as AddressInfo;
    const path = channel === "acs" ? "/acs/ws" : "/tcs/ws";
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}?${name}=${instance}`);
    opened.push(socket);
    const refused = Promise.withResolvers<number>();
    socket.on("error", () => {});
    socket.once("unexpected-response", (_, { statusCode = 0 }: IncomingMessage) => refused.resolve(statusCode));
    const status = await Promise.race([once(socket, "open").then(() => 101), refused.promise]);
    assert.equal(accepted.length - before, status === 101 ? 1 : 0);
    return status;
  };
  return { open, clock, refusals: sockets.refusals };
}

test("a key that ends while its cluster is asked opens no socket", async (context) => {
  assert.equal(await (await port(context, {})).open(), 101);
  assert.equal(await (await port(context, { isGood: false })).open(), 403);
});

test("an instance of another key is refused as a key without the right is", async (context) => {
  assert.equal(await (await port(context, { standing: "not-yours" })).open(), 403);
  assert.equal(await (await port(context, { standing: "unknown" })).open(), 400);
  assert.equal(await (await port(context, { standing: "unknown", hasCluster: false })).open(), 400);
});

test("an agent that opens socket after socket is throttled, and may go on when it has waited", async (context) => {
  const { open, clock, refusals } = await port(context, {});
  const burst: number[] = [];
  for (let at = 0; at < 30; at++) burst.push(await open());
  assert.deepEqual(burst, [...Array(20).fill(101), ...Array(10).fill(400)]);
  assert.equal(refusals.get("ThrottlingException"), 10);
  assert.equal(await open("tcs"), 101, "the other channel");
  assert.equal(await open("acs", arn.replace("000", "001")), 101, "another instance");
  await clock.advance(1_000);
  assert.deepEqual([await open(), await open()], [101, 400]);
});

test("the instances of an account share a rate", async (context) => {
  const { open, clock } = await port(context, { rates: { account: { perSecond: 2, burst: 3, askersMax: 10 } } });
  const instances = Array.from({ length: 5 }, (_, at) => arn.replace(/.$/, String(at)));
  const openAll = async (): Promise<number[]> => {
    const statuses: number[] = [];
    for (const instance of instances) statuses.push(await open("acs", instance));
    return statuses;
  };
  assert.deepEqual(await openAll(), [101, 101, 101, 400, 400]);
  await clock.advance(1_000);
  assert.deepEqual(await openAll(), [101, 101, 400, 400, 400]);
});
