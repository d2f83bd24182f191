import assert from "node:assert/strict";
import { it } from "node:test";
import { FencedError, StoreError } from "../store.ts";
import { bodies, events, put } from "../store-contract.ts";
import { type AppendFate, emptyMemoryDisk, MemoryStore } from "./memory-store.ts";

/** A hook whose answers the test gives, in the order of the questions. */
function gate<T>(): { hook: () => Promise<T>; answer: (value: T) => void; asked: () => number } {
  const waiting: ((value: T) => void)[] = [];
  return {
    hook: () => new Promise((resolve) => waiting.push(resolve)),
    answer: (value) => waiting.shift()?.(value),
    asked: () => waiting.length,
  };
}

/** Lets every promise settle that can. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

it("a failing disk keeps nothing, or keeps and still fails", async () => {
  const fates: AppendFate[] = ["fail", "kept-but-failed", "ok"];
  const store = new MemoryStore({ beforeAppend: async () => fates.shift() ?? "ok" });
  const { epoch } = await store.open("p");
  await assert.rejects(store.append("p", epoch, { ...put("1", "x"), events: events(1) }), StoreError);
  assert.deepEqual(await store.readEvents("p", 0, 10), []);
  await assert.rejects(store.append("p", epoch, { ...put("1", "y"), events: events(1) }), StoreError);
  assert.deepEqual(await store.readEvents("p", 0, 10), events(1));
  await store.append("p", epoch, { documents: [], events: events(2) });
  const opened = await store.open("p");
  assert.deepEqual([bodies(opened), opened.lastSequence], [{ "task 1": "y" }, 2]);
});

it("a slow append holds up only its own partition", async () => {
  const slow = gate<AppendFate>();
  const store = new MemoryStore({ beforeAppend: async (partition) => (partition === "slow" ? slow.hook() : "ok") });
  const one = await store.open("slow");
  const other = await store.open("other");
  const answered: string[] = [];
  const first = store.append("slow", one.epoch, put("1", "first")).then(() => answered.push("first"));
  const second = store.append("slow", one.epoch, put("1", "second")).then(() => answered.push("second"));
  await store.append("other", other.epoch, put("1", "x"));
  assert.equal(slow.asked(), 1, "the second waits for the first");
  slow.answer("ok");
  await first;
  await settle();
  slow.answer("ok");
  await second;
  assert.deepEqual(answered, ["first", "second"]);
});

it("after a crash the disk has what had reached it, and nobody gets an answer", async () => {
  const reach = gate<AppendFate>();
  const reply = gate<void>();
  const disk = emptyMemoryDisk();
  const store = new MemoryStore({ disk, beforeAppend: reach.hook, beforeAnswer: reply.hook });
  const { epoch } = await store.open("p");
  const other = await store.open("q");
  const settled: string[] = [];
  const note = (name: string) => () => settled.push(name);
  store.append("p", epoch, put("kept", "x")).then(note("kept"), note("kept"));
  await settle();
  reach.answer("ok");
  await settle();
  store.append("p", epoch, put("queued", "x")).then(note("queued"), note("queued"));
  store.append("q", other.epoch, put("lost", "x")).then(note("lost"), note("lost"));
  await settle();
  store.crash();
  reply.answer();
  await settle();
  reach.answer("ok");
  store.append("p", epoch, put("late", "x")).then(note("late"), note("late"));
  store.open("p").then(note("open"), note("open"));
  store.close().then(note("close"), note("close"));
  await settle();
  assert.deepEqual(settled, []);

  const next = new MemoryStore({ disk });
  assert.deepEqual(bodies(await next.open("p")), { "task kept": "x" });
  assert.deepEqual(bodies(await next.open("q")), {});
});

it("a copy of the disk is independent", async () => {
  const disk = emptyMemoryDisk();
  const store = new MemoryStore({ disk });
  const { epoch } = await store.open("p");
  await store.append("p", epoch, { ...put("1", "x"), events: events(1) });
  const copy = new MemoryStore({ disk: structuredClone(disk) });
  await store.append("p", epoch, { ...put("1", "y"), events: events(2) });
  const opened = await copy.open("p");
  assert.deepEqual([bodies(opened), opened.lastSequence], [{ "task 1": "x" }, 1]);
  await store.append("p", epoch, put("2", "z"));
  await assert.rejects(copy.append("p", epoch, put("1", "late")), FencedError);
});
