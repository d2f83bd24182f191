/** What happens to the files of a real server: renamed, on a full disk, damaged. /health says so, reads go on, and it recovers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";
import { untilFound } from "../until.ts";
import { healthAt, LiveService } from "./live-service.ts";

type World = { readonly berth: BerthProcess; readonly url: string; readonly service: LiveService };

const cleanUps = new WeakMap<TestContext, (() => unknown)[]>();

/** What was made last is removed first. */
function afterwards(t: TestContext, cleanUp: () => unknown): void {
  const known = cleanUps.get(t);
  if (known !== undefined) return void known.unshift(cleanUp);
  const all = [cleanUp];
  cleanUps.set(t, all);
  t.after(async () => {
    for (const each of all) await each();
  });
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "berth-files-"));
  afterwards(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(t: TestContext, dataDir: string): Promise<World> {
  const berth = await startBerth("dev", ["--data-dir", dataDir, "--instances", "2", "--time-scale", "40"]);
  afterwards(t, () => berth.end("SIGKILL"));
  const { url } = berth.listening;
  return { berth, url, service: new LiveService(url) };
}

/** Reads are answered, writes are not, and no answer is untrue. */
async function expectReadsOnly({ url, service }: World, tasks: readonly string[], reason: RegExp): Promise<void> {
  await assert.rejects(service.ecs.updateService({ service: "web", desiredCount: 1 }), { name: "ServerException" });
  await untilFound("reads are answered", async () => {
    const { status, reasons, failed } = await healthAt(url);
    assert.equal(status, 503);
    assert.match(reasons.join("\n"), reason);
    return failed.length > 0 && failed.every(({ reads }) => reads) ? true : null;
  });
  const { services = [] } = await service.ecs.describeServices({ services: ["web"] });
  assert.equal(services[0]?.desiredCount, 3, "what was refused is not shown");
  assert.deepEqual(await service.tasks(), tasks);
  await assert.rejects(service.ecs.describeServices({ services: [] }), { name: "InvalidParameterException" });
}

async function expectWellAgain({ url, service, berth }: World, tasks: readonly string[]): Promise<void> {
  await untilFound("it is well again", async () => ((await healthAt(url)).healthy ? true : null));
  await service.untilSteady();
  assert.deepEqual(await service.tasks(), tasks);
  await service.rollOut();
  assert.doesNotMatch(berth.complaints(), /"stack"/);
}

test("a database that is renamed under the server: nothing is acknowledged, reads continue, and it recovers under its name", async (t) => {
  const dataDir = join(folder(t), "data");
  const world = await start(t, dataDir);
  await world.service.create(3);
  const tasks = await world.service.tasks();
  const file = join(dataDir, "berth.sqlite");
  renameSync(file, `${file}.moved`);
  const { status, reasons } = await healthAt(world.url);
  assert.equal(status, 503, "before anything is written");
  assert.match(reasons[0] ?? "", /data\/berth\.sqlite was deleted or renamed while Berth had it open\. .*stop Berth/);
  await expectReadsOnly(world, tasks, /berth\.sqlite was deleted or renamed/);
  renameSync(`${file}.moved`, file);
  await expectWellAgain(world, tasks);
});

test("a full disk: reads continue, and it recovers when there is room", async (t) => {
  const mount = join(folder(t), "disk");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", mount], { stdio: "ignore" });
  } catch {
    t.skip("no private file system can be mounted here");
    return;
  }
  afterwards(t, () => execFileSync("umount", ["-l", mount]));
  const world = await start(t, join(mount, "data"));
  await world.service.create(3);
  const tasks = await world.service.tasks();
  fill(join(mount, "filler"));
  // The log has room for a few more of them.
  await untilFound("a call meets the full disk", async () =>
    world.service.revision().then(
      () => null,
      (error: Error) => error.name === "ServerException" || null,
    ),
  );
  await untilFound("the service's cluster meets it too", async () =>
    world.service.ecs.tagResource({ resourceArn: tasks[0], tags: [{ key: "k", value: "v".repeat(250) }] }).then(
      () => null,
      (error: Error) => error.name === "ServerException" || null,
    ),
  );
  await expectReadsOnly(world, tasks, /failed to .*: (database or disk is full|disk I\/O error)/);
  const failed = logged(world.berth.complaints(), "append-failed").find(
    ({ partition }) => partition === "cluster/000000000000/us-east-1/default",
  );
  assert.match(JSON.stringify(failed), /berth\.sqlite/);
  rmSync(join(mount, "filler"));
  await expectWellAgain(world, tasks);
});

function fill(path: string): void {
  for (let size = 1 << 20; size >= 1 << 10; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}

const damages: Record<string, { sql: string; says: RegExp }> = {
  "is not JSON": {
    sql: "UPDATE documents SET body = '{\"id\": ' WHERE kind = 'task' AND id = (SELECT min(id) FROM documents WHERE kind = 'task')",
    says: /berth\.sqlite, partition "cluster\/000000000000\/us-east-1\/default", document task "[0-9a-f]{32}": it is not JSON\. .*berth check/,
  },
  "lacks a member deep inside": {
    sql: "UPDATE documents SET body = json_remove(body, '$.reservation.tcpPorts') WHERE kind = 'task'",
    says: /document task "[0-9a-f]{32}": its member reservation\.tcpPorts .*berth check/,
  },
  "has a member of another type": {
    sql: "UPDATE documents SET body = json_set(body, '$.desiredCount', 'three') WHERE kind = 'service'",
    says: /document service "web": its member desiredCount .*berth check/,
  },
  "is of an unknown kind": {
    sql: "UPDATE documents SET kind = 'tusk' WHERE kind = 'task'",
    says: /document tusk "[0-9a-f]{32}": .*berth check/,
  },
  "is the disk of a simulated host": {
    sql: "UPDATE documents SET body = '[]' WHERE kind = 'disk' AND key LIKE '%/0'",
    says: /partition "simulated-hosts", document disk "000000000000\/us-east-1\/0": it is not the document of a host/,
  },
};

for (const [name, { sql, says }] of Object.entries(damages)) {
  test(`a document that ${name} is reported in one sentence, and the server serves the rest`, async (t) => {
    const dataDir = join(folder(t), "data");
    const first = await start(t, dataDir);
    await first.service.create(3);
    await first.service.ecs.createCluster({ clusterName: "other" });
    await first.service.ecs.listTasks({ cluster: "other" });
    await first.berth.end("SIGKILL");
    const file = new DatabaseSync(join(dataDir, "berth.sqlite"));
    assert.ok(file.prepare(sql).run().changes > 0);
    file.close();

    const { url, service, berth } = await start(t, dataDir);
    const { status, reasons } = await healthAt(url);
    assert.equal(status, 503);
    assert.match(reasons.join("\n"), says);
    assert.equal(reasons.length, 1);
    const isSaid = () => logged(berth.complaints(), "server-unhealthy").some(({ reason }) => says.test(String(reason)));
    await untilFound("the log says so", async () => (isSaid() ? true : null));
    assert.doesNotMatch(berth.complaints(), /"stack"|\n {4}at /);
    assert.deepEqual((await service.ecs.listTasks({ cluster: "other" })).taskArns, []);
    await service.ecs.createCluster({ clusterName: "third" });
    if (name.includes("host")) assert.equal((await service.tasks()).length, 3);
    else await assert.rejects(service.tasks(), { name: "ServerException" });
  });
}
