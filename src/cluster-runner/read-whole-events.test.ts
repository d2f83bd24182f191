import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../store/memory/memory-store.ts";
import { readWholeEvents } from "./read-whole-events.ts";

test("a long log is read in parts between which others are served, and comes whole and in order", async () => {
  const store = new MemoryStore();
  const { epoch } = await store.open("p");
  const attributes = [{ name: "stack", value: "prod" }];
  const events = Array.from({ length: 1_234 }, (_, at) => ({
    sequence: at + 1,
    body: JSON.stringify(at === 0 ? { detail: { attributes } } : { attributesIn: 1, detail: { at } }),
  }));
  await store.append("p", epoch, { documents: [], events });
  let given = 0;
  const giveWay = async (): Promise<void> => {
    given += 1;
  };
  const all = await readWholeEvents(store, "p", 0, 1_000_000, giveWay);
  assert.deepEqual(
    all.map(({ sequence }) => sequence),
    events.map(({ sequence }) => sequence),
  );
  assert.deepEqual(JSON.parse(all[1_233]?.body ?? ""), { detail: { at: 1_233, attributes } });
  assert.equal(given, 2);
  assert.equal((await readWholeEvents(store, "p", 100, 700, giveWay)).length, 700);
  assert.deepEqual(await readWholeEvents(store, "p", 1_234, 10, giveWay), []);
});
