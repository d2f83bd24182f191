import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AgentState, StateChanges } from "../../agent/agent-disk.ts";
import { newTask } from "../../agent/engine/engine-task.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { must } from "../../lib/assert.ts";
import { emptyMemoryDisk, MemoryStore } from "../../store/memory/memory-store.ts";
import type { DocumentWrite } from "../../store/store.ts";
import { HostDisk } from "./host-disk.ts";
import { HostDisks } from "./host-disks.ts";

const spec = { name: "main", image: "app" } as PayloadContainer;
const aTask = (arn: string) => newTask({ arn, desiredStatus: "RUNNING" }, [spec], null, 0);
const containerOf = (task: ReturnType<typeof aTask>) => must(task.containers[0], "the container");

function stateOf(
  tasks: AgentState["engine"]["tasks"],
  past: AgentState["engine"]["past"] = [],
  submissions: AgentState["submissions"] = [],
): AgentState {
  const engine = { tasks, past, removing: [], sequence: 3, manifestId: null, portCursor: 0, attached: ["a"] };
  return { format: 2, containerInstanceArn: "arn", agentVersion: "1", engine, submissions };
}

type Changes = { -readonly [K in keyof StateChanges]: StateChanges[K] extends ReadonlySet<infer T> ? Set<T> : never };
const noChanges = (): Changes => ({
  written: new Set(),
  past: new Set(),
  reports: new Set(),
  gone: new Set(),
  taken: new Set(),
});
const nothing = noChanges();
const changesOf = (changes: Partial<Changes>): StateChanges => ({ ...noChanges(), ...changes });

const aPast = (arn: string) => ({ arn, forgetAt: 9, leftovers: [], surroundings: null });

/** A disk, and a record of the documents of each append. */
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

const actions = ["add", "run", "report", "taken", "rename", "leftover", "settle", "forget"] as const;

test("the next process finds whatever an agent changed in its tasks", async () => {
  const action = fc.tuple(fc.constantFrom(...actions), fc.nat(4));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(action, { maxLength: 4 }), { maxLength: 8 }), async (saves) => {
      const stored = emptyMemoryDisk();
      const disk = (await HostDisks.open(new MemoryStore({ disk: stored }))).disk("a-host/1");
      const tasks = new Map<string, ReturnType<typeof aTask>>();
      const past = new Map<string, ReturnType<typeof aPast>>();
      const reports = new Set<AgentState["submissions"][number]>();
      let last: string | null = null;
      for (const acts of saves) {
        const changes = noChanges();
        const settle = (arn: string, task: ReturnType<typeof aTask>): void => {
          tasks.delete(arn);
          changes.written.delete(task);
          changes.gone.add(task);
          past.set(arn, aPast(arn));
          changes.past.add(must(past.get(arn), "the past task"));
        };
        for (const [act, at] of acts) {
          const arn = `arn:${at}`;
          if (act === "add" && !tasks.has(arn) && !past.has(arn)) tasks.set(arn, aTask(arn));
          const [task, old, [report]] = [tasks.get(arn), past.get(arn), [...reports]];
          if (act === "forget" && old !== undefined) {
            past.delete(arn);
            changes.past.delete(old);
            changes.gone.add(old);
          }
          if (act === "taken" && report !== undefined) {
            reports.delete(report);
            changes.reports.delete(report);
            changes.taken.add(report);
          }
          if (task === undefined) continue;
          changes.written.add(task);
          if (act === "run") containerOf(task).phase = "running";
          if (act === "report") {
            task.changes.push({ containerName: "main", status: "RUNNING" });
            const made = { task: arn, status: "RUNNING" } as const;
            reports.add(made);
            changes.reports.add(made);
          }
          if (act === "rename") containerOf(task).bindings = [];
          if (act === "leftover") task.leftovers.push({ container: "main", runtimeId: arn });
          if (act === "settle") settle(arn, task);
        }
        const state = stateOf([...tasks.values()], [...past.values()], [...reports]);
        last = JSON.stringify(state);
        await disk.save(state, changes);
      }
      const found = await (await HostDisks.open(new MemoryStore({ disk: stored }))).disk("a-host/1").load();
      assert.equal(found === null ? null : JSON.stringify(found), last);
    }),
    { numRuns: 60 },
  );
});

test("only changed tasks and reports are written, and those that are gone are removed", async () => {
  const { disk, written } = recording();
  const [one, two, past, report] = [aTask("1"), aTask("2"), aPast("1"), { task: "1" }];
  await disk.save(stateOf([one, two]), nothing);
  assert.deepEqual(written(), ["h", "h 1", "h 2"]);
  containerOf(two).phase = "running";
  await disk.save(
    stateOf([one, two], [], [report]),
    changesOf({ written: new Set([two]), reports: new Set([report]) }),
  );
  assert.deepEqual(written(), ["h", "h 2", "h 3"]);
  await disk.save(
    stateOf([two], [past]),
    changesOf({ gone: new Set([one]), past: new Set([past]), taken: new Set([report]) }),
  );
  assert.deepEqual(written(), ["h", "-h 1", "-h 3", "h 4"]);
  await disk.save(stateOf([two], [past]), nothing);
  assert.deepEqual(written(), ["h"]);
  await disk.save(stateOf([two]), changesOf({ gone: new Set([past]) }));
  assert.deepEqual(written(), ["h", "-h 4"]);
});

test("a save after a successful one reads none of the state's lists", async () => {
  const { disk, written } = recording();
  const [one, two] = [aTask("1"), aTask("2")];
  await disk.save(stateOf([one]), nothing);
  const unread = (): never => assert.fail("a list was read");
  const state = stateOf([]);
  const engine = Object.defineProperties({ ...state.engine }, { tasks: { get: unread }, past: { get: unread } });
  const lists = Object.defineProperty({ ...state, engine }, "submissions", { get: unread });
  await disk.save(lists, changesOf({ written: new Set([two]) }));
  assert.deepEqual(written(), ["h", "h 2"]);
});

test("after a failed append everything is written again, and what it may have left is removed", async () => {
  const { disk, written, fail } = recording();
  const [one, two] = [aTask("1"), aTask("2")];
  await disk.save(stateOf([one, two]), nothing);
  fail.next = true;
  await assert.rejects(disk.save(stateOf([two]), changesOf({ written: new Set([two]), gone: new Set([one]) })), /full/);
  fail.next = false;
  await disk.save(stateOf([two]), nothing);
  assert.deepEqual(written().toSorted(), ["-h 1", "-h 2", "-h 2", "h", "h 3"]);
  await disk.save(stateOf([two]), nothing);
  assert.deepEqual(written(), ["h"]);
});

test("what was loaded isn't written again, and what wasn't kept is removed", async () => {
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

test("an erased disk leaves no document behind, of this process or an earlier one", async () => {
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
