/** `berth check` on directories of a real server, intact and damaged in every way that it knows. */
import assert from "node:assert/strict";
import {
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { type BerthProcess, runBerth, startBerth } from "../berth-process.ts";
import { LiveService } from "./live-service.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-check-"));
const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
let berth: BerthProcess | null = null;

before(async () => {
  assert.equal(runBerth(["keys", "create", "--data-dir", whole]).code, 0);
  berth = await startBerth("dev", ["--data-dir", whole, "--instances", "2", "--time-scale", "40"]);
  const service = new LiveService(berth.listening.url);
  await service.create(3);
  await service.ecs.createCluster({ clusterName: "other" });
  await service.ecs.listTasks({ cluster: "other" });
});
after(async () => {
  await berth?.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function check(dataDir: string, ...flags: readonly string[]) {
  const { code, out, err } = runBerth(["check", "--data-dir", dataDir, ...flags]);
  assert.doesNotMatch(err, /\n {4}at /);
  return { code, out, err };
}

test("a directory is checked next to its server, and after it was killed, and nothing in it is written", async () => {
  const running = check(whole);
  assert.deepEqual([running.code, running.err], [0, ""], running.out);
  assert.match(
    running.out,
    /\d+ documents and \d+ events in \d+ partitions\. Process \d+ has it open; .*\nAll is well\.\n$/,
  );
  await berth?.end("SIGKILL");
  cpSync(whole, killed, { recursive: true });
  const contents = () =>
    readdirSync(killed)
      .filter((name) => !name.endsWith("-shm"))
      .map((name) => [name, statSync(join(killed, name)).mtimeMs, readFileSync(join(killed, name)).toString("base64")]);
  const found = contents();
  const report = JSON.parse(check(killed, "--json").out) as { pid: null; findings: unknown[]; documents: number };
  assert.deepEqual([report.pid, report.findings], [null, []]);
  assert.ok(report.documents > 10);
  assert.deepEqual(contents(), found);
});

/** A copy that one statement has damaged. Its log is in the file, so that pages can be damaged too. */
function damaged(name: string, sql: string): string {
  const copy = join(folder, name.replaceAll(" ", "-"));
  cpSync(killed, copy, { recursive: true });
  const database = new DatabaseSync(join(copy, "berth.sqlite"));
  database.exec(sql);
  database.close();
  return copy;
}

const cluster = "cluster/000000000000/us-east-1/default";
const damages: Record<string, readonly [sql: string, says: RegExp]> = {
  "text that is not JSON": [
    "UPDATE documents SET body = '{' WHERE kind = 'task-definition'",
    /task-definition .*: It is not JSON\.\n {2}The partition is halted/,
  ],
  "a member of another type": [
    "UPDATE documents SET body = json_set(body, '$.containers[0].name', 1) WHERE kind = 'task'",
    new RegExp(`- ${cluster}, task [0-9a-f]{32}: Its member containers\\[0\\]\\.name is not a string\\.`),
  ],
  "an unknown kind": [
    "UPDATE documents SET kind = 'x' WHERE kind = 'service'",
    /x web: No document of that kind is known\./,
  ],
  "half an instance": [
    "DELETE FROM documents WHERE kind = 'instance-registration'",
    new RegExp(`- ${cluster}: The other half of the container instance [0-9a-f]{32} is missing\\.`),
  ],
  "a task on no instance": [
    "DELETE FROM documents WHERE kind IN ('instance-registration', 'container-instance')",
    /task [0-9a-f]{32}: It is on the container instance [0-9a-f]{32}, which does not exist\./,
  ],
  "more than is registered": [
    "UPDATE documents SET body = json_set(body, '$.reservation.cpu', 1000000) WHERE kind = 'task'",
    /container-instance [0-9a-f]{32}: Its tasks hold \d{7} CPU units and \d+ MiB, but it registered \d+ and \d+\./,
  ],
  "an older document": [
    "UPDATE documents SET body = json_set(body, '$.version', 1) WHERE kind = 'task'",
    /task [0-9a-f]{32}: It has version 1, but its newest event has \d+\./,
  ],
  "a gap in the events": [
    "DELETE FROM events WHERE id = (SELECT id FROM events ORDER BY sequence LIMIT 1 OFFSET 2)",
    /Events? [\d to]+ (is|are) missing among its events\./,
  ],
  "events that end early": [
    "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
    /Its events end with \d+, but \d+ was the last one\./,
  ],
  "an event that is not JSON": [
    "UPDATE events SET body = 'x', count = 1 WHERE sequence = (SELECT min(sequence) FROM events)",
    /Event \d+ is not JSON\./,
  ],
  "a partition without a row": [
    "DELETE FROM partitions WHERE name LIKE 'cluster/%/default'",
    /Partition \d+ has \d+ documents and \d+ events, but its row in the table partitions is missing\./,
  ],
  "an access key that was changed": [
    "INSERT INTO documents (partition_id, kind, key, body) SELECT partition_id, kind, 'AKIAX', body FROM documents WHERE kind = 'access-key'",
    /access-keys, access-key AKIAX: Its secret cannot be unsealed\./,
  ],
  "the disk of a host": [
    "UPDATE documents SET body = 'null' WHERE kind = 'disk'",
    /simulated-hosts, disk .*: It is not the document of a host\./,
  ],
  "older amounts": ["UPDATE partitions SET appended = 0", /\d+ acknowledged appends are missing: .*--accept-loss/s],
};

for (const [name, [sql, says]] of Object.entries(damages)) {
  test(`${name} is found, with its place and what to do`, () => {
    const { code, out } = check(damaged(name, sql));
    assert.match(out, says);
    assert.equal(code, 1);
    assert.match(out, /\d+ problems; \d+ of \d+ partitions have none of their own\.\n$/);
  });
}

test("damaged pages are listed with the documents on them; the rest is checked", () => {
  const copy = damaged("pages", "VACUUM");
  const file = join(copy, "berth.sqlite");
  const content = readFileSync(file);
  const page = Math.floor(content.indexOf('"lastStatus":"RUNNING"') / 8_192);
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(8_192, 0xff), 0, 8_192, page * 8_192);
  const { code, out } = check(copy);
  assert.equal(code, 1);
  assert.match(out, /- SQLite finds: .*/);
  assert.match(out, new RegExp(`- ${cluster}, task [0-9a-f]{32}: Its page cannot be read`));
});

test("a loss is accepted only by saying so", () => {
  const copy = damaged("loss", "UPDATE partitions SET appended = 0");
  assert.equal(check(copy).code, 1);
  const accepted = check(copy, "--accept-loss");
  assert.match(accepted.out, /The loss of \d+ acknowledged appends is accepted\.\nAll is well\.\n$/);
  assert.equal(accepted.code, 0);
  assert.equal(check(copy).code, 0);
});

test("what cannot be checked exits with 2 and a sentence", () => {
  const copy = (name: string): string => damaged(name, "SELECT 1");
  const none = check(join(folder, "nowhere"));
  assert.deepEqual([none.code, none.err], [2, `berth: There is no ${join(folder, "nowhere", "berth.sqlite")}.\n`]);
  const diary = copy("diary");
  writeFileSync(join(diary, "berth.sqlite"), "This is a diary. ".repeat(1_000));
  assert.match(check(diary).err, /^berth: .*berth\.sqlite is not a SQLite database any more\. Restore a backup\.\n$/);
  const empty = damaged("empty version", "DELETE FROM schema_version");
  assert.match(check(empty).err, /its table schema_version is empty or damaged/);
  for (const dataDir of [diary, empty]) assert.equal(check(dataDir).code, 2);
  assert.equal(runBerth(["check"]).code, 2);
});

test("a missing or wrong seal key is reported", () => {
  const gone = damaged("no seal key", "SELECT 1");
  unlinkSync(join(gone, "seal.key"));
  assert.match(check(gone).out, /access-keys: The seal key .* is missing, .*\n {2}Put seal\.key back/);
  writeFileSync(join(gone, "seal.key"), Buffer.alloc(32, 1));
  assert.match(check(gone).out, /access-keys: The seal key .* is not the one that sealed the access keys\./);
});
