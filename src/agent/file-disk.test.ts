import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AgentState, stateFormat } from "./agent-disk.ts";
import { TaskEngine } from "./engine/task-engine.ts";
import { DiskError, FileDisk } from "./file-disk.ts";

const state: AgentState = {
  format: stateFormat,
  containerInstanceArn: "arn:aws:ecs:us-east-1:123456789012:container-instance/default/0123",
  agentVersion: "1.97.0",
  engine: new TaskEngine().snapshot(),
  submissions: [],
};

describe("the disk of an agent in a file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-disk-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("returns what was last saved, in a folder that it creates and only the owner can read", async () => {
    const place = join(folder, "some", "where");
    const disk = await FileDisk.open(place);
    assert.equal(await disk.load(), null);
    await disk.save(state);
    await disk.save({ ...state, agentVersion: "1.98.0" });
    await disk.release();
    assert.deepEqual(await readdir(place), ["agent.json", "agent.owner"]);
    assert.equal((await stat(place)).mode & 0o077, 0);
    assert.equal((await stat(join(place, "agent.json"))).mode & 0o077, 0);
    const again = await FileDisk.open(place);
    assert.deepEqual(await again.load(), { ...state, agentVersion: "1.98.0" });
    await again.erase();
    assert.equal(await again.load(), null);
    await again.release();
  });

  it("belongs to one agent at a time; other names in the folder are other disks", async () => {
    const place = join(folder, "shared");
    const disk = await FileDisk.open(place);
    await assert.rejects(FileDisk.open(place), (error: unknown) => {
      assert.ok(error instanceof DiskError);
      assert.match(error.message, new RegExp(`belongs to the agent with process id ${process.pid}\\. Stop that one`));
      return true;
    });
    const other = await FileDisk.open(place, "host-1");
    await other.release();
    await disk.release();
    await (await FileDisk.open(place)).release();
  });

  it("is taken over from a process that has ended, even if its process id is in use again", async () => {
    const place = join(folder, "left");
    await (await FileDisk.open(place)).release();
    const claims = join(place, "agent.owner");
    for (const claim of ["999999999-5-a", `${process.pid}-1-a`, "nonsense"]) {
      await writeFile(join(claims, claim), "");
      const disk = await FileDisk.open(place);
      const [mine = "", ...others] = await readdir(claims);
      assert.ok(mine.startsWith(`${process.pid}-`) && others.length === 0 && mine !== claim);
      await disk.release();
    }
  });

  it("never has two owners, however many want it at once", async () => {
    const place = join(folder, "wanted");
    for (let round = 0; round < 5; round++) {
      const opened = await Promise.allSettled(Array.from({ length: 20 }, () => FileDisk.open(place)));
      const disks = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      assert.ok(disks.length <= 1);
      for (const one of opened) assert.ok(one.status === "fulfilled" || one.reason instanceof DiskError);
      assert.equal((await readdir(join(place, "agent.owner"))).length, disks.length);
      await disks[0]?.release();
    }
    await (await FileDisk.open(place)).release();
  });

  it("is not treated as empty if its file contains something else", async () => {
    const place = join(folder, "damaged");
    const disk = await FileDisk.open(place);
    for (const text of ["{", "", "null", "{}", "[]"]) {
      await writeFile(join(place, "agent.json"), text);
      await assert.rejects(disk.load(), { name: "DiskError", message: /is damaged\. Move it away/ }, text);
    }
    await disk.release();
  });

  it("keeps the old state if the new one cannot be written", async () => {
    const place = join(folder, "full");
    const disk = await FileDisk.open(place);
    await disk.save(state);
    await assert.rejects(disk.save({ ...state, engine: { toJSON: () => cannot() } as never }), /cannot/);
    assert.deepEqual(await disk.load(), state);
    await disk.release();
  });
});

function cannot(): never {
  throw new Error("cannot");
}
