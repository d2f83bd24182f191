/** Processes are killed and logs cut off. What was acknowledged must be there, and each group complete or absent. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { it, type TestContext } from "node:test";
import { must } from "../../lib/assert.ts";
import { events, put } from "../store-contract.ts";
import { SqliteStore } from "./sqlite-store.ts";

const partitionNames = ["p0", "p1", "p2"];

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-crash-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const program = join(import.meta.dirname, "appending-process.ts");

function startAppending(t: TestContext, dataDir: string): ChildProcess {
  const child = spawn(process.execPath, [program, dataDir, String(partitionNames.length)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** Kills `child` as soon as it has acknowledged `rounds` more rounds. Returns the newest round it acknowledged. */
async function killAfter(child: ChildProcess, rounds: number): Promise<number> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: must(child.stdout, "the output") })) {
    lines.push(line);
    if (lines.length === rounds + 1) child.kill("SIGKILL");
  }
  assert.equal(lines[0], "opened");
  assert.ok(lines.length > rounds, "the process appended until it was killed");
  return Number(lines.at(-1));
}

/** The round that all partitions have reached, in their documents and in their events. */
async function commonRound(dataDir: string): Promise<number> {
  const store = new SqliteStore({ dataDir });
  const rounds = await Promise.all(
    partitionNames.map(async (name) => {
      const { documents, lastSequence } = await store.open(name);
      const newest = documents.find(({ kind }) => kind === "round");
      assert.equal(newest === undefined ? 0 : JSON.parse(newest.body).round, lastSequence);
      for (const { kind, key, body } of documents) {
        if (kind === "task") assert.equal(JSON.parse(body).round % 50, Number(key));
      }
      const log = await store.readEvents(name, 0, 1000);
      const oldest = Math.max(1, lastSequence - 19);
      const expected = Array.from({ length: lastSequence - oldest + 1 }, (_, index) => oldest + index);
      assert.deepEqual(
        log.map(({ sequence }) => sequence),
        lastSequence === 0 ? [] : expected,
      );
      return lastSequence;
    }),
  );
  await store.close();
  assert.equal(new Set(rounds).size, 1, `all partitions have reached the same round: ${rounds.join(", ")}`);
  return must(rounds[0], "a round");
}

it("kill -9 in the middle of appends loses nothing acknowledged and splits no group", async (t) => {
  const dataDir = temporaryFolder(t);
  let before = 0;
  for (const rounds of [3, 40, 150]) {
    const acknowledged = await killAfter(startAppending(t, dataDir), rounds);
    assert.ok(acknowledged >= before + rounds);
    const kept = await commonRound(dataDir);
    // The process appends one round at a time, so at most one can be kept without being printed.
    assert.ok(kept === acknowledged || kept === acknowledged + 1, `${kept} kept, ${acknowledged} acknowledged`);
    before = kept;
  }
});

it("a second process is refused with the first one's process id, and let in once that is killed", async (t) => {
  const dataDir = temporaryFolder(t);
  const first = startAppending(t, dataDir);
  await once(createInterface({ input: must(first.stdout, "the output") }), "line");

  const second = startAppending(t, dataDir);
  let complaint = "";
  must(second.stderr, "the errors").on("data", (data) => {
    complaint += data;
  });
  const [exitCode] = await once(second, "close");
  assert.equal(exitCode, 1);
  assert.match(complaint, new RegExp(`^StoreInUseError: .*${dataDir} is in use by the process ${first.pid}\\.`));

  first.kill("SIGKILL");
  await once(first, "exit");
  await commonRound(dataDir);
});

it("a write that the system refuses fails only that append, and the store opens again", async (t) => {
  const dataDir = temporaryFolder(t);
  // No file of the process can grow beyond 2 MB (in blocks of 512 bytes), which simulates a full disk.
  const command = 'ulimit -f 4000; exec "$0" "$@"';
  const child = spawn("sh", ["-c", command, process.execPath, program, dataDir, String(partitionNames.length)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let [output, complaint] = ["", ""];
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    complaint += data;
  });
  await once(child, "close");
  assert.match(
    complaint,
    /^StoreError: .*berth\.sqlite: failed to append to partition "p0", .*: (disk I\/O error|database or disk is full)/,
  );
  const acknowledged = Number(output.trim().split("\n").at(-1));
  assert.ok(acknowledged >= 1);
  assert.equal(await commonRound(dataDir), acknowledged, "nothing of the failed append is kept");
});

it("a log that is cut anywhere has whole groups, the older ones first", async (t) => {
  const folder = temporaryFolder(t);
  const dataDir = join(folder, "whole");
  const store = new SqliteStore({ dataDir });
  const opened = await Promise.all(partitionNames.map((name) => store.open(name)));
  const groups = 6;
  for (let n = 1; n <= groups; n += 1) {
    const append = { ...put("n", "x".repeat(9000 * n)), events: events(n) };
    const appends = opened.map(({ epoch }, index) =>
      store.append(must(partitionNames[index], "a name"), epoch, append),
    );
    await Promise.all(appends);
  }
  const logBytes = statSync(join(dataDir, "berth.sqlite-wal")).size;
  const found = new Set<number>();
  let last = groups;
  for (let cut = 0; cut < 24; cut += 1) {
    const torn = join(folder, `torn-${cut}`);
    mkdirSync(torn);
    for (const file of ["berth.sqlite", "berth.sqlite-wal"]) copyFileSync(join(dataDir, file), join(torn, file));
    truncateSync(join(torn, "berth.sqlite-wal"), Math.floor((logBytes * (24 - cut)) / 24));
    const standing = await wholeGroups(torn);
    assert.ok(standing <= last, "a shorter log never holds more");
    last = standing;
    found.add(standing);
  }
  await store.close();
  assert.ok(found.has(groups), "the uncut log holds everything");
  assert.ok(found.size > 3, `the cuts fell into different groups: ${[...found].join(", ")}`);
});

async function wholeGroups(dataDir: string): Promise<number> {
  const store = new SqliteStore({ dataDir });
  const standings = await Promise.all(
    partitionNames.map(async (name) => {
      const { documents, lastSequence } = await store.open(name);
      assert.equal((documents[0]?.body.length ?? 0) / 9000, lastSequence, "document and event agree");
      return lastSequence;
    }),
  );
  await store.close();
  assert.equal(new Set(standings).size, 1, `a group is complete or absent: ${standings.join(", ")}`);
  return must(standings[0], "a standing");
}
