import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../store/memory/memory-store.ts";
import { DamagedError, type StoredEvent } from "../store/store.ts";
import { readWholeEvents } from "./read-whole-events.ts";

test("a long log is read in parts, with others served in between, completely and in order", async () => {
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

/** Events 1 and 4 have attributes; the others refer to the last one that does. */
const events: readonly StoredEvent[] = [1, 1, 1, 4, 4, 4].map((attributesIn, index) => {
  const sequence = index + 1;
  const own = sequence === attributesIn;
  const detail = own ? { n: sequence, attributes: [`of ${sequence}`] } : { n: sequence };
  return { sequence, body: JSON.stringify({ sequence, detail, ...(own ? {} : { attributesIn }) }) };
});

async function aStore(log: readonly StoredEvent[] = events) {
  const store = new MemoryStore();
  const { epoch } = await store.open("p");
  await store.append("p", epoch, { documents: [], events: log });
  const forget = (more: { forgetEventsThrough?: number; eventBytesMax?: number }) =>
    store.append("p", epoch, { documents: [], events: [], ...more });
  const read = async (after: number, limit: number) =>
    (await readWholeEvents(store, "p", after, limit, async () => {})).map(({ sequence, body }) => {
      const { detail, attributesIn } = JSON.parse(body) as { detail: { attributes: string[] }; attributesIn?: number };
      assert.equal(attributesIn, undefined);
      return [sequence, detail.attributes[0]];
    });
  return { store, forget, read };
}

test("attributes are filled in from the event that has them, even if that is outside the range", async () => {
  const { read } = await aStore();
  assert.deepEqual(await read(1, 4), [
    [2, "of 1"],
    [3, "of 1"],
    [4, "of 4"],
    [5, "of 4"],
  ]);
});

test("the first event returned is the oldest complete one, however few are requested", async () => {
  const { forget, read } = await aStore();
  await forget({ forgetEventsThrough: 1 });
  for (const limit of [1, 2, 3, 10]) assert.deepEqual((await read(0, limit))[0], [4, "of 4"], `${limit} at most`);
  assert.deepEqual(await read(4, 10), [
    [5, "of 4"],
    [6, "of 4"],
  ]);
  await forget({ eventBytesMax: Buffer.byteLength(events.at(-1)?.body ?? "") + 2 });
  assert.deepEqual(await read(0, 10), [], "none of those left is whole");
});

test("an event that isn't JSON is reported as damage, by name", async () => {
  const { read } = await aStore([...events.slice(0, 2), { sequence: 3, body: "{" }]);
  await assert.rejects(read(0, 10), (error: Error) => {
    assert.ok(error instanceof DamagedError);
    return error.message === 'memory: event 3 of partition "p" is not JSON';
  });
});
