/**
 * Goal: data that only a newer Berth can use is refused with a sentence that says who wrote it, and stays unchanged. Everything else works.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { ECS } from "@aws-sdk/client-ecs";
import { berthVersion } from "../lib/berth-version.ts";
import { checkDataDirectory } from "./check/check-data-directory.ts";
import { openLog } from "./log/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "./server.ts";

const account = "000000000000";
const region = "us-east-1";
const own = berthVersion();

async function start(
  context: TestContext,
  dataDir: string,
  simulation: ServerOptions["simulation"] = null,
): Promise<RunningServer> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    auth: { type: "loose", account },
    latestAgentVersion: "1.97.0",
    simulation,
    log: openLog("silent"),
  });
  context.after(() => server.close());
  return server;
}

function client(context: TestContext, { url }: RunningServer): ECS {
  const credentials = { accessKeyId: account, secretAccessKey: "any" };
  const ecs = new ECS({ endpoint: url, region, credentials, maxAttempts: 1 });
  context.after(() => ecs.destroy());
  return ecs;
}

/** A directory with the clusters `one` and `two`, written by Berth, then changed with SQL. */
async function aDirectory(context: TestContext, change: string): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-newer-"));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const server = await start(context, dataDir);
  const ecs = client(context, server);
  await ecs.registerTaskDefinition({ family: "web", containerDefinitions: [{ name: "m", image: "i", memory: 16 }] });
  for (const cluster of ["one", "two"]) {
    await ecs.createCluster({ clusterName: cluster });
    await ecs.createService({ cluster, serviceName: "web", taskDefinition: "web", desiredCount: 0 });
  }
  // Leaves nothing to happen by itself.
  for (const cluster of ["one", "two"]) await untilSteady(ecs, cluster);
  await server.close();
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  file.exec(change);
  file.close();
  return dataDir;
}

async function untilSteady(ecs: ECS, cluster: string): Promise<void> {
  for (;;) {
    const { services = [] } = await ecs.describeServices({ cluster, services: ["web"] });
    if (services[0]?.events?.some(({ message }) => message?.includes("steady state")) === true) return;
  }
}

function documents(dataDir: string): unknown {
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"), { readOnly: true });
  const rows = file.prepare("SELECT partition_id, kind, key, body FROM documents ORDER BY id").all();
  const writers = file.prepare("SELECT name, written_by FROM partitions ORDER BY name").all();
  file.close();
  return { rows, writers };
}

const partitionOf = { cluster: `cluster/${account}/${region}/one`, account: `account/${account}/${region}` };
const ofPartition = (name: string) => `(SELECT id FROM partitions WHERE name = '${name}')`;

const changes = {
  "an unknown kind": {
    sql: (name: string) => `INSERT INTO documents (partition_id, kind, key, body) SELECT id, 'traffic', 'x', '{}'
      FROM partitions WHERE name = '${name}'`,
    document: () => "traffic x",
    says: () => "no document of that kind is known",
  },
  "a newer version of a kind": {
    sql: (name: string) => `UPDATE documents SET body = json_set(body, '$.documentVersion', 7)
      WHERE partition_id = ${ofPartition(name)} AND kind IN ('service', 'task-definition-family')`,
    document: (machine: string) => (machine === "cluster" ? "service web" : "task-definition-family web"),
    says: (machine: string) =>
      `it is stored in version 7 of its kind, and only ${machine === "cluster" ? 2 : 1} is known`,
  },
} as const;

for (const [name, { sql, document, says: saysOf }] of Object.entries(changes)) {
  for (const [machine, partition] of Object.entries(partitionOf)) {
    describe(`${name} in a ${machine}`, () => {
      const says = saysOf(machine);
      const written = `${sql(partition)}; UPDATE partitions SET written_by = '9.9.9'`;

      test("is refused in the log, /health and every call, with who wrote it, and kept", async (context) => {
        const dataDir = await aDirectory(context, written);
        const before = documents(dataDir);
        const server = await start(context, dataDir);
        const ecs = client(context, server);
        const callers = `This data was last written by Berth 9.9.9. Berth ${own}, which serves this call, does not understand all of it and leaves it unchanged.`;
        const refused = { name: "ServerException", message: callers };
        await assert.rejects(ecs.listTasks({ cluster: "one" }), refused);
        await assert.rejects(ecs.createService({ cluster: "one", serviceName: "b", taskDefinition: "web" }), refused);
        await assert.rejects(ecs.deleteCluster({ cluster: "one" }), refused);
        const reason = server.controlPlane.status().find((status) => status.partition === partition)?.reason ?? "";
        const [kind, key] = document(machine).split(" ");
        assert.ok(reason.includes(`partition "${partition}", document ${kind} "${key}": ${says}.`), reason);
        const advice = `The partition was last written by Berth 9.9.9, and this is Berth ${own}: start version 9.9.9 or a newer one.`;
        assert.ok(reason.endsWith(`${advice} The partition is unchanged.`), reason);
        const health = await (await fetch(`${server.url}/health`)).text();
        assert.ok(health.includes("last written by Berth 9.9.9"), health);
        await server.close();
        assert.deepEqual(documents(dataDir), before);
      });

      test("is found by berth check, with what to start", async (context) => {
        const dataDir = await aDirectory(context, written);
        const { findings } = checkDataDirectory(dataDir);
        assert.deepEqual(findings, [
          {
            partition,
            document: document(machine),
            text: `${says.charAt(0).toUpperCase()}${says.slice(1)}.`,
            advice: `The partition was last written by Berth 9.9.9, and this is Berth ${own}: start version 9.9.9 or a newer one.`,
          },
        ]);
      });
    });
  }
}

test("other clusters work, and a Berth that knows the document continues", async (context) => {
  const dataDir = await aDirectory(context, changes["an unknown kind"].sql(partitionOf.cluster));
  const server = await start(context, dataDir);
  const two = await client(context, server).listServices({ cluster: "two" });
  assert.equal(two.serviceArns?.length, 1);
  await server.close();
  const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
  file.exec("DELETE FROM documents WHERE kind = 'traffic'");
  file.close();
  const again = await start(context, dataDir);
  assert.equal((await client(context, again).listServices({ cluster: "one" })).serviceArns?.length, 1);
});

test("a development server says so at start if it can't use its account", async (context) => {
  const dataDir = await aDirectory(context, changes["an unknown kind"].sql(partitionOf.account));
  const before = documents(dataDir);
  const simulation = { place: { account, region }, instances: 1, cpu: 1_024, memoryMiB: 2_048, adopt: false };
  await assert.rejects(start(context, dataDir, simulation), {
    name: "StartError",
    message: /document traffic "x": no document of that kind is known\. The partition was last written by Berth/,
  });
  assert.deepEqual(documents(dataDir), before);
});

test("the writer of a partition is unknown if an earlier Berth wrote it, and named from this one on", async (context) => {
  const sql = changes["an unknown kind"].sql(partitionOf.cluster);
  for (const [set, says] of [
    ["NULL", `last written by a Berth that did not record its version, and this is Berth ${own}: start the newest`],
    [`'${own}'`, `last written by Berth ${own}, and this is Berth ${own}: start the newest`],
  ] as const) {
    const dataDir = await aDirectory(context, `${sql}; UPDATE partitions SET written_by = ${set}`);
    const [finding] = checkDataDirectory(dataDir).findings;
    assert.ok(finding?.advice.includes(says) === true, finding?.advice ?? "nothing found");
  }
});
