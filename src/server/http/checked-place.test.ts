/** Goal: calls for places that nobody uses leave nothing, and calls for regions that there are not come no further than the signature. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { AccessKeys } from "../../auth/access-keys.ts";
import { awsRegions } from "../../auth/regions.ts";
import { SealKey, sealKeyPath } from "../../auth/seal-key.ts";
import { TaskCredentialsIssuer } from "../../auth/task-credentials.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { SqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { RunningServer, ServerOptions } from "../server.ts";
import { smallSimulation, startSmallServer } from "../small-server.ts";
import { taskCredentialsPurpose } from "./open-authentication.ts";

const account = "000000000000";
const home = "us-east-1";
type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
const root: Credentials = { accessKeyId: account, secretAccessKey: "any" };

function aDataDir(context: TestContext): string {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-places-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

async function start(
  context: TestContext,
  dataDir: string,
  options: Partial<ServerOptions> = {},
): Promise<RunningServer> {
  const simulation = { ...smallSimulation, place: { account, region: home }, adopt: false };
  const server = await startSmallServer({ dataDir, auth: { type: "loose", account }, simulation, ...options });
  context.after(() => server.close());
  return server;
}

function client(context: TestContext, { url }: RunningServer, region: string, credentials = root): ECS {
  const ecs = new ECS({ endpoint: url, region, credentials, maxAttempts: 1 });
  context.after(() => ecs.destroy());
  return ecs;
}

/** The names of all partitions in the file. */
function partitions(dataDir: string): string[] {
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"), { readOnly: true });
  const rows = file.prepare("SELECT name FROM partitions").all();
  file.close();
  return rows.map((row) => String(row.name)).sort();
}

test("a region that AWS does not have is refused, and nothing is stored for it", async (context) => {
  const dataDir = aDataDir(context);
  const server = await start(context, dataDir);
  const before = [partitions(dataDir), server.controlPlane.status().length];
  for (const region of ["mars-1", "us-east-9", "eu-west", "x", "us-east-11"]) {
    const call = client(context, server, region).createCluster({ clusterName: "lab" });
    await assert.rejects(call, {
      name: "InvalidSignatureException",
      message: `Credential should be scoped to a valid region, not '${region}'.`,
    });
  }
  assert.deepEqual([partitions(dataDir), server.controlPlane.status().length], before);
});

test("regions can be others than those of AWS", async (context) => {
  const server = await start(context, aDataDir(context), { regions: new Set([home, "lab-1"]) });
  const { cluster } = await client(context, server, "lab-1").createCluster({ clusterName: "lab" });
  assert.equal(cluster?.clusterArn, `arn:aws:ecs:lab-1:${account}:cluster/lab`);
  await assert.rejects(client(context, server, "eu-west-1").listClusters({}), { name: "InvalidSignatureException" });
});

test("reads and refused calls in every region and many accounts leave neither a row nor a machine", async (context) => {
  const dataDir = aDataDir(context);
  const server = await start(context, dataDir);
  const before = [partitions(dataDir), server.controlPlane.status().length];
  let index = 0;
  for (const region of awsRegions) {
    index += 1;
    const accessKeyId = String(index).padStart(12, "9");
    const ecs = client(context, server, region, { accessKeyId, secretAccessKey: "any" });
    assert.deepEqual((await ecs.listClusters({})).clusterArns, []);
    await assert.rejects(ecs.runTask({ taskDefinition: "web" }), { name: "ClusterNotFoundException" });
    await assert.rejects(ecs.discoverPollEndpoint({}), { name: "ClientException" });
    await assert.rejects(ecs.deleteCluster({ cluster: "none" }), { name: "ClusterNotFoundException" });
  }
  assert.deepEqual([partitions(dataDir), server.controlPlane.status().length], before);
});

test("the credentials of a task are for its own region only", async (context) => {
  const dataDir = aDataDir(context);
  const store = new SqliteStore({ dataDir });
  const keys = await AccessKeys.open(systemClock, store, sealKeyPath(dataDir));
  const { accessKeyId, secret } = await keys.createKey({ account, userName: "admin" });
  await store.close();
  const server = await start(context, dataDir, { auth: { type: "sigv4" } });
  const admin = client(context, server, home, { accessKeyId, secretAccessKey: secret });
  const taskRoleArn = `arn:aws:iam::${account}:role/app`;
  const containerDefinitions = [{ name: "main", image: "nginx", cpu: 64, memory: 64 }];
  await admin.registerTaskDefinition({ family: "web", taskRoleArn, containerDefinitions });
  const { tasks } = await admin.runTask({ taskDefinition: "web" });
  const taskArn = tasks?.[0]?.taskArn ?? "";
  const key = SealKey.open(sealKeyPath(dataDir), false).derive(taskCredentialsPurpose);
  const credentials = new TaskCredentialsIssuer(key).mint(
    { taskArn, roleArn: taskRoleArn, use: "TaskApplication" },
    Date.now(),
  );
  const before = partitions(dataDir);
  assert.equal((await client(context, server, home, credentials).describeTasks({ tasks: [taskArn] })).tasks?.length, 1);
  for (const region of awsRegions) {
    if (region === home) continue;
    await assert.rejects(client(context, server, region, credentials).describeTasks({ tasks: [taskArn] }), {
      name: "AccessDeniedException",
      message: /ecs:DescribeTasks on resource: .* because the role of a task may only describe and protect that task/,
    });
  }
  assert.deepEqual(partitions(dataDir), before);
});
