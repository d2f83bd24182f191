import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ContainerInstance, ECS, type Task } from "@aws-sdk/client-ecs";
import { AccessKeys } from "../auth/access-keys.ts";
import { sealKeyPath } from "../auth/seal-key.ts";
import { systemClock } from "../lib/system-clock.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { RunningServer, ServerOptions } from "./server.ts";
import { anyCredentials, smallSimulation, startSmallServer } from "./small-server.ts";

async function start(context: TestContext, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startSmallServer(options);
  context.after(() => server.close());
  return server;
}

function client(context: TestContext, { url }: RunningServer, credentials = anyCredentials): ECS {
  const ecs = new ECS({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
  context.after(() => ecs.destroy());
  return ecs;
}

function directory(context: TestContext): string {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-server-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function register(ecs: ECS): Promise<ContainerInstance> {
  const { containerInstance } = await ecs.registerContainerInstance({
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: 512 },
      { name: "MEMORY", type: "INTEGER", integerValue: 512 },
      { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
  });
  const { containerInstances = [] } = await ecs.describeContainerInstances({
    containerInstances: [containerInstance?.containerInstanceArn ?? ""],
  });
  assert.ok(containerInstances[0]);
  return containerInstances[0];
}

async function startTaskOn(ecs: ECS, instance: ContainerInstance): Promise<string> {
  await ecs.registerTaskDefinition({
    family: "web",
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 64, memory: 64 }],
  });
  const containerInstances = [instance.containerInstanceArn ?? ""];
  const { tasks = [], failures } = await ecs.startTask({ taskDefinition: "web", containerInstances });
  assert.deepEqual(failures, []);
  return tasks[0]?.taskArn ?? "";
}

/** Polls until the task has the status; the test run's own timeout bounds it. */
async function untilStatus(ecs: ECS, task: string, status: string): Promise<Task> {
  for (;;) {
    const { tasks = [] } = await ecs.describeTasks({ tasks: [task] });
    if (tasks[0]?.lastStatus === status) return tasks[0];
  }
}

test("an instance that registers without an agent is connected at once, and runs tasks", async (context) => {
  const server = await start(context);
  const ecs = client(context, server);
  const { containerInstanceArns } = await ecs.listContainerInstances({});
  assert.deepEqual(containerInstanceArns, server.hosts?.instances());
  const instance = await register(ecs);
  assert.equal(instance.agentConnected, true);
  const task = await startTaskOn(ecs, instance);
  await untilStatus(ecs, task, "RUNNING");
  await ecs.stopTask({ task });
  const { stopCode } = await untilStatus(ecs, task, "STOPPED");
  assert.equal(stopCode, "UserInitiated");

  const health = await fetch(`${server.url}/health`);
  assert.equal(health.status, 200);
  assert.equal(((await health.json()) as { healthy: boolean }).healthy, true);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /^berth_requests_total\{operation="StartTask",code=""\} 1$/m);
  assert.match(metrics, /^berth_tasks\{status="STOPPED"\} 1$/m);
  assert.match(metrics, /^berth_append_seconds_count [1-9]/m);
});

test("without adoption such an instance stays unconnected", async (context) => {
  const ecs = client(context, await start(context, { simulation: { ...smallSimulation, adopt: false } }));
  assert.equal((await register(ecs)).agentConnected, false);
});

test("an instance that an agent registers is not adopted", async (context) => {
  const server = await start(context);
  const ecs = new ECS({
    endpoint: server.url,
    region: "us-east-1",
    credentials: anyCredentials,
    customUserAgent: "x",
    maxAttempts: 1,
  });
  context.after(() => ecs.destroy());
  ecs.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, {
        "user-agent": "Amazon ECS Agent - v1.96.0 (*1234567) (linux) (+http://aws.amazon.com/ecs/)",
      });
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  assert.equal((await register(ecs)).agentConnected, false);
});

test("hosts, including adopted ones, keep their tasks after a restart; a deregistered one doesn't come back", async (context) => {
  const dataDir = directory(context);
  const first = await start(context, { dataDir });
  let ecs = client(context, first);
  const [kept, gone] = [await register(ecs), await register(ecs)];
  const task = await startTaskOn(ecs, kept);
  await untilStatus(ecs, task, "RUNNING");
  await ecs.deregisterContainerInstance({ containerInstance: gone.containerInstanceArn ?? "", force: true });
  // Its agent is turned away a moment after the answer.
  while (first.hosts?.size !== 2) await new Promise((resolve) => setImmediate(resolve));
  await first.close();

  const second = await start(context, { dataDir });
  ecs = client(context, second);
  assert.equal(second.hosts?.size, 2);
  assert.deepEqual(second.hosts?.instances(), first.hosts?.instances());
  const { containerInstances = [] } = await ecs.describeContainerInstances({
    containerInstances: [kept.containerInstanceArn ?? "", ...(second.hosts?.instances() ?? [])],
  });
  assert.deepEqual(
    containerInstances.map(({ agentConnected }) => agentConnected),
    [true, true],
  );
  const { startedAt } = await untilStatus(ecs, task, "RUNNING");
  assert.ok(startedAt);
  await ecs.stopTask({ task });
  const stopped = await untilStatus(ecs, task, "STOPPED");
  assert.equal(stopped.containers?.[0]?.exitCode, 143);
});

test("the fleet registers new instances if its old ones are refused", async (context) => {
  const dataDir = directory(context);
  const first = await start(context, { dataDir });
  const [arn = ""] = first.hosts?.instances() ?? [];
  await client(context, first).deregisterContainerInstance({ containerInstance: arn });
  await first.close();
  const second = await start(context, { dataDir });
  const { containerInstanceArns } = await client(context, second).listContainerInstances({});
  assert.deepEqual(containerInstanceArns, second.hosts?.instances());
  assert.notDeepEqual(containerInstanceArns, [arn]);
});

test("a data directory serves one process, a port one listener", async (context) => {
  const dataDir = directory(context);
  const server = await start(context, { dataDir });
  await assert.rejects(start(context, { dataDir }), { name: "StoreInUseError", message: /in use by the process/ });
  await assert.rejects(start(context, { port: server.port }), { name: "StartError", message: /in use.*--port/ });
});

test("with signatures checked, a key of the data directory is accepted and others are refused", async (context) => {
  const dataDir = directory(context);
  const store = new SqliteStore({ dataDir });
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const { accessKeyId, secret } = await keys.createKey({ account: "210987654321", userName: "tester" });
  await store.close();
  const server = await start(context, { dataDir, auth: { type: "sigv4" }, simulation: null });
  assert.deepEqual(server.accessKeys, { admin: 1, operator: 0, "read-only": 0, agent: 0 });
  const { cluster } = await client(context, server, { accessKeyId, secretAccessKey: secret }).createCluster({});
  assert.equal(cluster?.clusterArn, "arn:aws:ecs:us-east-1:210987654321:cluster/default");
  const wrong = client(context, server, { accessKeyId, secretAccessKey: `${secret}x` });
  await assert.rejects(wrong.listClusters({}), { name: "InvalidSignatureException" });
  await assert.rejects(client(context, server).listClusters({}), { name: "UnrecognizedClientException" });
});

test("a server closes in time although a request hangs", async (context) => {
  const server = await start(context, { limits: { drainTimeoutMs: 100 } });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{");
  // The server has read the head when it asks for the body.
  await once(socket, "data");
  const startedAt = performance.now();
  await server.close();
  assert.ok(performance.now() - startedAt < 2_000);
});
