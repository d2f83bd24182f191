import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { statePicture } from "../state-picture.ts";
import { Journal } from "./journal.ts";
import { JournaledHeap, JournaledMap, JournaledQueue, JournaledValue } from "./journaled.ts";

function collections(journal: Journal) {
  return {
    value: new JournaledValue<number>(journal, 0),
    map: new JournaledMap<number>(journal),
    queue: new JournaledQueue(journal),
    heap: new JournaledHeap<string>(journal),
  };
}

type Collections = ReturnType<typeof collections>;

const key = fc.constantFrom("a", "b", "c", "d", "e");
const number = fc.integer({ min: 0, max: 5 });
const change: fc.Arbitrary<(all: Collections) => void> = fc.oneof(
  number.map((value) => (all: Collections) => all.value.set(value)),
  fc.tuple(key, number).map((drawn) => (all: Collections) => all.map.set(...drawn)),
  key.map((drawn) => (all: Collections) => void all.map.delete(drawn)),
  key.map((drawn) => (all: Collections) => all.queue.add(drawn)),
  key.map((drawn) => (all: Collections) => void all.queue.delete(drawn)),
  fc.constant((all: Collections) => all.queue.clear()),
  fc.tuple(number, key).map((drawn) => (all: Collections) => all.heap.push(...drawn)),
  fc.constant((all: Collections) => void all.heap.pop()),
);

test("after a rollback each collection is as before, including its order, and continues as if nothing had happened", () => {
  const steps = fc.array(fc.record({ changes: fc.array(change, { maxLength: 12 }), refused: fc.boolean() }));
  fc.assert(
    fc.property(steps, (sequence) => {
      const journal = new Journal();
      const all = collections(journal);
      const twin = collections(new Journal());
      for (const { changes, refused } of sequence) {
        const before = statePicture(all);
        for (const each of changes) each(all);
        if (refused) {
          journal.rollback();
          assert.deepEqual(statePicture(all), before);
          continue;
        }
        journal.commit();
        for (const each of changes) each(twin);
      }
      assert.deepEqual([...all.queue.keys()], [...twin.queue.keys()]);
      for (;;) {
        const [item, other] = [all.heap.pop(), twin.heap.pop()];
        assert.equal(item, other, "items with equal numbers come in the same order");
        if (item === undefined) break;
      }
    }),
    { numRuns: 30 },
  );
});

test("while documents are restored, indexes' writes have no effect", () => {
  const journal = new Journal();
  const all = collections(journal);
  all.queue.add("a");
  journal.commit();
  const write = () => {
    all.value.set(1);
    all.map.set("a", 1);
    all.queue.add("b");
    all.queue.delete("a");
    all.heap.push(1, "a");
  };
  const table = { kind: { name: "k" }, get: () => undefined, restore: write, settle: () => {} };
  const before = statePicture(all);
  journal.recordDocument(table, "x", undefined);
  journal.rollback();
  assert.deepEqual(statePicture(all), before);
  write();
  journal.rollback();
  assert.deepEqual(statePicture(all), before);
});

test("work between steps isn't undone by the next one", () => {
  const journal = new Journal();
  const { value } = collections(journal);
  journal.betweenSteps(() => value.set(1));
  value.set(2);
  journal.rollback();
  assert.equal(value.get(), 1);
});
