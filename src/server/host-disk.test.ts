import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AgentState } from "../agent/agent-disk.ts";
import { newTask } from "../agent/engine/engine-task.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";
import { must } from "../lib/assert.ts";
import { emptyMemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import type { DocumentWrite } from "../store/store.ts";
import { HostDisk } from "./host-disk.ts";
import { HostDisks } from "./host-disks.ts";

const spec = { name: "main", image: "app" } as PayloadContainer;
const aTask = (arn: string) => newTask({ arn, desiredStatus: "RUNNING" }, [spec], null, 0);
const containerOf = (task: ReturnType<typeof aTask>) => must(task.containers[0], "the container");

function stateOf(tasks: AgentState["engine"]["tasks"], past: AgentState["engine"]["past"] = []): AgentState {
  const engine = { tasks, past, removing: [], sequence: 3, manifestId: null, portCursor: 0, attached: ["a"] };
  return { format: 2, containerInstanceArn: "arn", agentVersion: "1", engine, submissions: [{ task: "t" }] };
}

const nothing: ReadonlySet<object> = new Set();

const aPast = (arn: string) => ({ arn, forgetAt: 9, leftovers: [], surroundings: null });

/** A disk, and the documents of each append. */
function recording() {
  const appends: (readonly DocumentWrite[])[] = [];
  const written = () => (appends.at(-1) ?? []).map(({ key, body }) => (body === null ? `-${key}` : key));
  const fail = { next: false };
  const disk = new HostDisk("h", null, (documents) => {
    appends.push(documents);
    return fail.next ? Promise.reject(new Error("full")) : Promise.resolve();
  });
  return { disk, written, fail };
}

const actions = ["add", "run", "report", "rename", "leftover", "settle"] as const;

test("whatever an agent changes in its tasks is found again by the next process", async () => {
  const action = fc.tuple(fc.constantFrom(...actions), fc.nat(4));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(action, { maxLength: 4 }), { maxLength: 8 }), async (saves) => {
      const stored = emptyMemoryDisk();
      const disk = (await HostDisks.open(new MemoryStore({ disk: stored }))).disk("a-host/1");
      const tasks = new Map<string, ReturnType<typeof aTask>>();
      const past: ReturnType<typeof aPast>[] = [];
      let last: string | null = null;
      for (const changes of saves) {
        const changed = new Set<object>();
        for (const [change, at] of changes) {
          const arn = `arn:${at}`;
          const task = tasks.get(arn);
          if (change === "add" && task === undefined) tasks.set(arn, aTask(arn));
          if (task === undefined) continue;
          changed.add(task);
          if (change === "run") containerOf(task).phase = "running";
          if (change === "report") task.changes.push({ containerName: "main", status: "RUNNING" });
          if (change === "rename") containerOf(task).bindings = [];
          if (change === "leftover") task.leftovers.push({ container: "main", runtimeId: arn });
          if (change === "settle") {
            tasks.delete(arn);
            past.push(aPast(arn));
          }
        }
        const state = stateOf(
          [...tasks.values()],
          past.filter(({ arn }, at) => past.findLastIndex((p) => p.arn === arn) === at && !tasks.has(arn)),
        );
        last = JSON.stringify(state);
        await disk.save(state, changed);
      }
      const found = await (await HostDisks.open(new MemoryStore({ disk: stored }))).disk("a-host/1").load();
      assert.equal(found === null ? null : JSON.stringify(found), last);
    }),
    { numRuns: 60 },
  );
});

test("only tasks that changed are written, and those that are gone are removed", async () => {
  const { disk, written } = recording();
  const [one, two] = [aTask("1"), aTask("2")];
  await disk.save(stateOf([one, two]), nothing);
  assert.deepEqual(written(), ["h", "h 1", "h 2"]);
  containerOf(two).phase = "running";
  await disk.save(stateOf([one, two]), new Set([two]));
  assert.deepEqual(written(), ["h", "h 2"]);
  const past = [aPast("1")];
  await disk.save(stateOf([two], past), nothing);
  assert.deepEqual(written(), ["h", "-h 1", "h 3"]);
  await disk.save(stateOf([two], past), nothing);
  assert.deepEqual(written(), ["h"]);
  await disk.save(stateOf([two]), nothing);
  assert.deepEqual(written(), ["h", "-h 3"]);
});

test("after an append that failed everything is written anew, and what it may have left is removed", async () => {
  const { disk, written, fail } = recording();
  const [one, two] = [aTask("1"), aTask("2")];
  await disk.save(stateOf([one, two]), nothing);
  fail.next = true;
  await assert.rejects(disk.save(stateOf([two]), new Set([two])), /full/);
  fail.next = false;
  await disk.save(stateOf([two]), nothing);
  assert.deepEqual(written().toSorted(), ["-h 1", "-h 2", "-h 2", "h", "h 3"]);
  await disk.save(stateOf([two]), nothing);
  assert.deepEqual(written(), ["h"]);
});

test("what was loaded is not written again, and what is not taken over is removed", async () => {
  const appends: (readonly DocumentWrite[])[] = [];
  const parts = new Map([["disk-task" as const, new Map([["h 7", JSON.stringify(aTask("1"))]])]]);
  const again = () =>
    new HostDisk("h", { head: JSON.stringify(stateOf([])), parts }, async (documents) => void appends.push(documents));
  const [taken, refused] = [again(), again()];
  const state = must(await taken.load(), "the state");
  await taken.save(state, nothing);
  await refused.save(stateOf([aTask("3")]), nothing);
  assert.deepEqual(
    appends.map((documents) => documents.map(({ key, body }) => (body === null ? `-${key}` : key))),
    [["h"], ["-h 7", "h", "h 8"]],
  );
});

test("a disk that holds its tasks in one document is read, and written in parts from then on", async () => {
  const before = stateOf([aTask("1")], [aPast("2")]);
  const disk = new HostDisk("h", { head: JSON.stringify(before), parts: new Map() }, () => Promise.resolve());
  assert.deepEqual(await disk.load(), JSON.parse(JSON.stringify(before)));
  assert.equal(await disk.load(), null, "it is read once");
});

test("an erased disk leaves no document behind, of its own process or of one before", async () => {
  const stored = emptyMemoryDisk();
  const open = () => HostDisks.open(new MemoryStore({ disk: stored }));
  const documents = async () => (await new MemoryStore({ disk: stored }).open("simulated-hosts")).documents.length;
  const first = await open();
  await first.disk("h").save(stateOf([aTask("1")], [aPast("2")]), nothing);
  await first.disk("other").save(stateOf([]), nothing);
  assert.equal(await documents(), 4);
  await (await open()).erase("h");
  assert.equal(await documents(), 1);
});
