/**
 * Control planes that stop and start under their agents, and that are reached by other ways than plain HTTP to where they listen.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AgentSocket, Refused } from "../agent-client.ts";
import { runBerth } from "../berth-process.ts";
import { AgentWorld, region } from "./agent-world.ts";

async function start(context: TestContext, options: Parameters<typeof AgentWorld.start>[0] = {}): Promise<AgentWorld> {
  const world = await AgentWorld.start(options);
  context.after(() => world.end());
  return world;
}

test("agents come back to a restarted server, and nobody notices that they were gone", async (context) => {
  const world = await start(context);
  const arn = await world.register();
  const acs = await world.open("acs", arn);
  const tcs = await world.open("tcs", arn);
  const { timeline } = await acs.next("TaskManifestMessage");
  const task = await world.startTask(arn);
  const payload = await acs.next("PayloadMessage");
  const before = await world.instance(arn);
  const { port } = world.server;
  const stopped = world.stopServer();
  // 1001 is a code after which an agent returns at once.
  assert.deepEqual([(await acs.closed).code, (await tcs.closed).code], [1001, 1001]);
  await stopped;

  await world.startServer({ port });
  assert.equal((await world.instance(arn)).agentConnected, true);
  const again = await world.open("acs", arn, { query: { sendCredentials: "false" } });
  await world.open("tcs", arn);
  const repeated = await again.next("PayloadMessage");
  assert.deepEqual(
    repeated.tasks?.map((sent) => sent.arn),
    [task],
  );
  const manifest = await again.next("TaskManifestMessage");
  assert.ok(timeline < (payload.seqNum ?? 0) && (payload.seqNum ?? 0) < (repeated.seqNum ?? 0));
  assert.ok((repeated.seqNum ?? 0) < manifest.timeline);
  const { version, agentConnected } = await world.instance(arn);
  assert.deepEqual([version, agentConnected], [before.version, true]);
});

test("while it stops, a server accepts no new agents, and ends even if one does not answer", async (context) => {
  const world = await start(context);
  const arn = await world.register();
  const stuck: AgentSocket = await world.open("acs", arn);
  stuck.socket.pause();
  const startedAt = performance.now();
  const stopped = world.stopServer();
  await assert.rejects(
    world.open("tcs", arn),
    (error: unknown) => error instanceof Refused && error.status === 503 && /^\{"ServerException":/.test(error.body),
  );
  await stopped;
  assert.ok(performance.now() - startedAt < 5_000);
  stuck.socket.terminate();
});

test("agents get the advertised address, or the one that they used", async (context) => {
  const world = await start(context, { advertise: "https://ecs.example.org" });
  const arn = await world.register();
  const discovered = await world.ecs.discoverPollEndpoint({ containerInstance: arn });
  assert.deepEqual(
    [discovered.endpoint, discovered.telemetryEndpoint],
    ["https://ecs.example.org/acs", "https://ecs.example.org/tcs"],
  );
  await world.stopServer();
  await world.startServer({ host: "0.0.0.0" });
  const { port } = world.server;
  const { ECS } = await import("@aws-sdk/client-ecs");
  const ecs = new ECS({ endpoint: `http://localhost:${port}`, region, credentials: world.key });
  context.after(() => ecs.destroy());
  const { endpoint } = await ecs.discoverPollEndpoint({ containerInstance: arn });
  assert.equal(endpoint, `http://localhost:${port}/acs`);
});

const identity = new URL("../fixtures/identity/", import.meta.url);
const pem = (name: string): string => new URL(name, identity).pathname;

test("with a certificate the API and both sockets speak TLS", async (context) => {
  const world = await start(context);
  const arn = await world.register();
  await world.stopServer();
  await world.startServer({ tls: { cert: pem("trusted.pem"), key: pem("trusted.key") } });
  assert.match(world.server.url, /^https:/);
  const ca = readFileSync(pem("trusted.pem"), "utf8");
  const health = request(`${world.server.url}/health`, { ca, checkServerIdentity: () => undefined });
  health.end();
  const [answer] = (await once(health, "response")) as [IncomingMessage];
  answer.resume();
  assert.equal(answer.statusCode, 200);
  await (await world.open("acs", arn, { ca })).next("TaskManifestMessage");
  const tcs = await world.open("tcs", arn, { ca });
  await tcs.sendSigned("PublishMetricsRequest", { metadata: { idle: true, fin: true }, timestamp: 1 });
  await tcs.next("AckPublishMetric");
});

test("unusable files are a plain error of the command", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "berth-flags-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const files = ["--tls-cert", pem("trusted.pem"), "--tls-key", pem("other.key")];
  const { code, err } = runBerth(["serve", "--port", "0", "--data-dir", directory, ...files]);
  assert.match(err, /^berth: The key in .*other\.key is not that of the certificate in .*trusted\.pem\.$/m);
  assert.equal(code, 1);
});
