import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AgentState } from "./agent-disk.ts";
import { FileDisk } from "./file-disk.ts";
import { TaskEngine } from "./task-engine.ts";

describe("file disk", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-disk-"));
  });
  after(() => rm(folder, { recursive: true }));

  const state: AgentState = {
    format: 1,
    containerInstanceArn: "arn",
    agentVersion: "1.95.0",
    engine: new TaskEngine().snapshot(),
    submissions: [],
  };

  it("gives back what was saved last, in a folder that it makes", async () => {
    const disk = new FileDisk(join(folder, "hosts", "a.json"));
    assert.equal(await disk.load(), null);
    await disk.save(state);
    await disk.save({ ...state, agentVersion: "1.96.0" });
    assert.deepEqual(await disk.load(), { ...state, agentVersion: "1.96.0" });
  });

  it("does not take a file that is something else for an empty disk", async () => {
    const path = join(folder, "b.json");
    await writeFile(path, '{"format":2}');
    await assert.rejects(new FileDisk(path).load(), /is no agent state/);
    await writeFile(path, "{");
    await assert.rejects(new FileDisk(path).load());
  });
});
