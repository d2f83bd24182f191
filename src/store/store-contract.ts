/** What every store must do, as one set of tests. A medium outlives the stores that are opened on it. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { type Append, FencedError, type OpenedPartition, type Store, type StoredEvent, StoreError } from "./store.ts";

export type Medium = { openStore(): Store | Promise<Store> };

/** Runs the contract. `freshMedium` returns an empty medium that is removed after the test. */
export function describeStore(name: string, freshMedium: (t: TestContext) => Medium): void {
  describe(`${name}: documents`, () => documentTests(freshMedium));
  describe(`${name}: events`, () => eventTests(freshMedium));
  describe(`${name}: epochs`, () => epochTests(freshMedium));
  describe(`${name}: removal`, () => removalTests(freshMedium));
  describe(`${name}: appends`, () => appendTests(freshMedium));
  it(`${name}: behaves like a plain model`, (t) => likeTheModel(freshMedium(t)));
}

export function put(key: string, body: string): Append {
  return { documents: [{ kind: "task", key, body }], events: [] };
}

/** Events of these sequences whose bodies name them. */
export function events(...sequences: number[]): StoredEvent[] {
  return sequences.map((sequence) => ({ sequence, body: `{"event":${sequence}}` }));
}

/** The bodies by kind and key. The interface promises no order of documents. */
export function bodies(opened: OpenedPartition): Record<string, string> {
  return Object.fromEntries(opened.documents.map(({ kind, key, body }) => [`${kind} ${key}`, body]));
}

async function rejectsWithoutFence(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof StoreError && !(error instanceof FencedError));
}

function documentTests(freshMedium: (t: TestContext) => Medium): void {
  it("a partition that was never written opens empty", async (t) => {
    const store = await freshMedium(t).openStore();
    const opened = await store.open("cluster/a");
    assert.deepEqual([opened.documents, opened.lastSequence], [[], 0]);
    await store.close();
  });

  it("keeps what was appended when the store is opened again", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const { epoch } = await first.open("p");
    await first.append("p", epoch, { ...put("1", "one"), events: events(1, 2) });
    await first.close();

    const second = await medium.openStore();
    const opened = await second.open("p");
    assert.deepEqual(bodies(opened), { "task 1": "one" });
    assert.equal(opened.lastSequence, 2);
    assert.ok(opened.epoch > epoch);
    assert.deepEqual(await second.readEvents("p", 0, 10), events(1, 2));
    await second.close();
  });

  it("overwrites and deletes by kind and key", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    const documents = ["a", "b"].flatMap((kind) => ["1", "2"].map((key) => ({ kind, key, body: "old" })));
    await store.append("p", epoch, { documents, events: [] });
    await store.append("p", epoch, {
      documents: [
        { kind: "a", key: "1", body: "new" },
        { kind: "b", key: "1", body: null },
        { kind: "b", key: "never written", body: null },
        { kind: "a", key: "2", body: null },
        { kind: "a", key: "2", body: "again" },
      ],
      events: [],
    });
    assert.deepEqual(bodies(await store.open("p")), { "a 1": "new", "a 2": "again", "b 2": "old" });
    await store.close();
  });

  it("keeps large bodies and all of Unicode", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const large = "é".repeat(1 << 20);
    const strange = "a\u0000b \u{1f6a2} \ufffd \"'%_ \u202e";
    const { epoch } = await first.open(strange);
    const documents = [
      { kind: "large", key: "1", body: large },
      { kind: strange, key: strange, body: strange },
      { kind: "empty", key: "", body: "" },
    ];
    await first.append(strange, epoch, { documents, events: [{ sequence: 1, body: large }] });
    await first.close();

    const second = await medium.openStore();
    const opened = await second.open(strange);
    assert.deepEqual(bodies(opened), { "empty ": "", "large 1": large, [`${strange} ${strange}`]: strange });
    assert.deepEqual(await second.readEvents(strange, 0, 1), [{ sequence: 1, body: large }]);
    assert.deepEqual(await second.partitions("a\u0000"), [{ name: strange, neededAt: 0 }]);
    await second.close();
  });

  it("lists the opened partitions by prefix, in the order of code units", async (t) => {
    const store = await freshMedium(t).openStore();
    // U+FF5E comes after a surrogate pair in code units, and before it in UTF-8.
    const names = [
      "cluster/b",
      "cluster/B",
      "cluster/\uff5e",
      "cluster/\u{1f6a2}",
      "cluster",
      "account/1",
      "cluster/%",
    ];
    for (const name of names) await store.open(name);
    const listed = async (prefix: string) => (await store.partitions(prefix)).map(({ name }) => name);
    assert.deepEqual(await listed("cluster/"), [
      "cluster/%",
      "cluster/B",
      "cluster/b",
      "cluster/\u{1f6a2}",
      "cluster/\uff5e",
    ]);
    assert.deepEqual(await listed(""), [...names].sort());
    assert.deepEqual(await listed("none"), []);
    await store.close();
  });

  it("lists when each partition is needed: always until it has said, then what it said last", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const listed = async (store: Store) => (await store.partitions("")).map(({ neededAt }) => neededAt);
    const { epoch } = await first.open("p");
    assert.deepEqual(await listed(first), [0]);
    for (const neededAt of [1_700_000_000_000, null, 0, null]) {
      await first.append("p", epoch, { ...put("1", "x"), neededAt });
      assert.deepEqual(await listed(first), [neededAt]);
    }
    await first.append("p", epoch, put("1", "y"));
    assert.equal((await first.open("p")).neededAt, null);
    await first.close();
    const second = await medium.openStore();
    assert.deepEqual(await listed(second), [null]);
    await second.close();
  });
}

function removalTests(freshMedium: (t: TestContext) => Medium): void {
  it("deletes documents, events and name, and those of no other partition", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const [{ epoch }, other] = [await first.open("p"), await first.open("q")];
    await first.append("p", epoch, { ...put("1", "p"), events: events(1, 2) });
    await first.append("q", other.epoch, { ...put("1", "q"), events: events(1, 2) });
    await first.remove("p", epoch);
    await first.close();
    const second = await medium.openStore();
    assert.deepEqual(await second.partitions(""), [{ name: "q", neededAt: 0 }]);
    assert.deepEqual(await second.readEvents("p", 0, 10), []);
    assert.deepEqual((await second.open("p")).documents, []);
    assert.deepEqual(await second.readEvents("p", 0, 10), []);
    assert.deepEqual(bodies(await second.open("q")), { "task 1": "q" });
    assert.deepEqual(await second.readEvents("q", 0, 10), events(1, 2));
    await second.close();
  });

  it("a later partition continues above its epochs and its sequence", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    await store.append("p", epoch, { documents: [], events: events(1, 2, 3) });
    await store.remove("p", epoch);
    await assert.rejects(store.append("p", epoch, put("1", "gone")), FencedError);
    for (const name of ["p", "new"]) {
      const opened = await store.open(name);
      assert.ok(opened.epoch > epoch);
      assert.deepEqual([opened.lastSequence, opened.documents], [3, []]);
      await assert.rejects(store.append(name, epoch, put("1", "old")), FencedError);
      await rejectsWithoutFence(store.append(name, opened.epoch, { documents: [], events: events(1) }));
      await store.append(name, opened.epoch, { documents: [], events: events(4) });
      assert.deepEqual(await store.readEvents(name, 0, 10), events(4));
    }
    await store.close();
  });

  it("is refused for an old epoch and for a missing partition", async (t) => {
    const store = await freshMedium(t).openStore();
    const old = await store.open("p");
    const owner = await store.open("p");
    await store.append("p", owner.epoch, put("1", "x"));
    await assert.rejects(store.remove("p", old.epoch), FencedError);
    await assert.rejects(store.remove("q", owner.epoch), FencedError);
    assert.deepEqual(bodies(await store.open("p")), { "task 1": "x" });
    await store.close();
    await rejectsWithoutFence(store.remove("p", owner.epoch));
  });

  it("comes after the appends that were called before it", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    const settled: string[] = [];
    const note = (name: string) => () => settled.push(name);
    await Promise.all([
      store.append("p", epoch, put("1", "x")).then(note("append")),
      store.remove("p", epoch).then(note("remove")),
    ]);
    assert.deepEqual(settled, ["append", "remove"]);
    assert.deepEqual(await store.partitions(""), []);
    await store.close();
  });
}

function eventTests(freshMedium: (t: TestContext) => Medium): void {
  it("returns events in order, after a sequence and up to a limit", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    await store.append("p", epoch, { documents: [], events: events(1, 2, 3) });
    await store.append("p", epoch, { documents: [], events: events(4, 5) });
    assert.deepEqual(await store.readEvents("p", 0, 10), events(1, 2, 3, 4, 5));
    assert.deepEqual(await store.readEvents("p", 2, 2), events(3, 4));
    assert.deepEqual(await store.readEvents("p", 4, 2), events(5));
    assert.deepEqual(await store.readEvents("p", 5, 2), []);
    assert.deepEqual(await store.readEvents("p", 0, 0), []);
    assert.deepEqual(await store.readEvents("unknown", 0, 10), []);
    await store.close();
  });

  it("forgets old events and still counts on from the newest", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    await store.append("p", epoch, { documents: [], events: events(1, 2, 3) });
    await store.append("p", epoch, { documents: [], events: events(4), forgetEventsThrough: 2 });
    assert.deepEqual(await store.readEvents("p", 0, 10), events(3, 4));
    assert.deepEqual(await store.readEvents("p", 3, 10), events(4));
    await store.append("p", epoch, { documents: [], events: [], forgetEventsThrough: 9 });
    assert.deepEqual(await store.readEvents("p", 0, 10), []);
    assert.equal((await store.open("p")).lastSequence, 4);
    await store.close();
  });

  it("forgets the oldest events if they take too many bytes, whenever they were written, and returns the rest", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const { epoch } = await first.open("p");
    // Two bytes each in UTF-8.
    const event = (sequence: number) => ({ sequence, body: "é".repeat(50) });
    for (let n = 1; n <= 40; n += 1) await first.append("p", epoch, { documents: [], events: [event(n)] });
    await first.close();

    const second = await medium.openStore();
    const again = await second.open("p");
    await second.append("p", again.epoch, { documents: [], events: [event(41)], eventBytesMax: 4_100 });
    assert.equal((await second.readEvents("p", 0, 100)).length, 41, "it fits");
    await second.append("p", again.epoch, { documents: [], events: [event(42)], eventBytesMax: 3_200 });
    const sequences = (await second.readEvents("p", 0, 100)).map(({ sequence }) => sequence);
    assert.deepEqual(
      [sequences[0], sequences.at(-1), sequences.length],
      [12, 42, 31],
      "slightly more was forgotten than necessary",
    );
    await second.append("p", again.epoch, {
      documents: [],
      events: [event(43)],
      forgetEventsThrough: 40,
      eventBytesMax: 3_200,
    });
    assert.equal((await second.readEvents("p", 0, 100)).length, 3);
    const many = Array.from({ length: 29 }, (_, index) => event(44 + index));
    await second.append("p", again.epoch, { documents: [], events: many, eventBytesMax: 3_200 });
    assert.equal((await second.readEvents("p", 0, 100)).length, 32, "what was forgotten by number no longer counts");
    await second.close();
  });

  it("knows the newest time of all appends", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    assert.equal(await first.newestAt(), 0);
    const [a, b] = [await first.open("a"), await first.open("b")];
    await first.append("a", a.epoch, { ...put("1", "x"), at: 2_000 });
    await first.append("b", b.epoch, { ...put("1", "x"), at: 1_500 });
    await first.append("a", a.epoch, put("1", "y"));
    await first.append("a", a.epoch, { ...put("1", "z"), at: 1_000 });
    assert.deepEqual(first.condition(), { failing: null, damaged: [], warnings: [] });
    await first.close();
    const second = await medium.openStore();
    assert.equal(await second.newestAt(), 2_000);
    await second.close();
  });

  it("refuses a gap, a repetition and a wrong start, and keeps nothing of that append", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    await store.append("p", epoch, { documents: [], events: events(1) });
    for (const wrong of [events(1), events(3), events(2, 4), events(2, 2), events(0)]) {
      await rejectsWithoutFence(store.append("p", epoch, { ...put("1", "x"), events: wrong, forgetEventsThrough: 1 }));
    }
    assert.deepEqual(await store.readEvents("p", 0, 10), events(1));
    const opened = await store.open("p");
    assert.deepEqual([opened.documents, opened.lastSequence], [[], 1]);
    await store.close();
  });
}

function epochTests(freshMedium: (t: TestContext) => Medium): void {
  it("refuses an append with an older epoch, and keeps nothing of it", async (t) => {
    const store = await freshMedium(t).openStore();
    const old = await store.open("p");
    const owner = await store.open("p");
    assert.ok(owner.epoch > old.epoch);
    await assert.rejects(store.append("p", old.epoch, { ...put("1", "old"), events: events(1) }), FencedError);
    await store.append("p", owner.epoch, { ...put("1", "owner"), events: events(1) });
    const opened = await store.open("p");
    assert.deepEqual([bodies(opened), opened.lastSequence], [{ "task 1": "owner" }, 1]);
    await store.close();
  });

  it("fences an epoch that was never given and a partition that was never opened", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    await assert.rejects(store.append("p", epoch + 1, put("1", "x")), FencedError);
    await assert.rejects(store.append("q", epoch, put("1", "x")), FencedError);
    await store.close();
  });

  it("epochs rise across reopening and count for each partition separately", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const old = await first.open("p");
    const other = await first.open("q");
    await first.close();
    const second = await medium.openStore();
    assert.ok((await second.open("p")).epoch > old.epoch);
    await assert.rejects(second.append("p", old.epoch, put("1", "x")), FencedError);
    await second.append("q", other.epoch, put("1", "x"));
    await second.close();
  });

  it("an append under way when the partition is taken is either seen by the new owner or fenced", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    const underWay = store.append("p", epoch, put("1", "x")).then(
      () => true,
      (error) => {
        assert.ok(error instanceof FencedError);
        return false;
      },
    );
    const seen = (await store.open("p")).documents.length === 1;
    assert.equal(await underWay, seen);
    await store.close();
  });
}

function appendTests(freshMedium: (t: TestContext) => Medium): void {
  it("appends of one partition are kept and answered in the order of their calls", async (t) => {
    const store = await freshMedium(t).openStore();
    const { epoch } = await store.open("p");
    const answered: number[] = [];
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
    await Promise.all(
      numbers.map(async (n) => {
        await store.append("p", epoch, { ...put("n", String(n)), events: events(n) });
        answered.push(n);
      }),
    );
    assert.deepEqual(answered, numbers);
    assert.deepEqual(bodies(await store.open("p")), { "task n": "50" });
    await store.close();
  });

  it("many partitions at once do not mix", async (t) => {
    const store = await freshMedium(t).openStore();
    const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
    await Promise.all(
      names.map(async (name) => {
        const { epoch } = await store.open(name);
        for (let n = 1; n <= 5; n += 1) await store.append(name, epoch, { ...put(name, String(n)), events: events(n) });
      }),
    );
    for (const name of names) {
      const opened = await store.open(name);
      assert.deepEqual([bodies(opened), opened.lastSequence], [{ [`task ${name}`]: "5" }, 5]);
      assert.deepEqual(await store.readEvents(name, 0, 10), events(1, 2, 3, 4, 5));
    }
    await store.close();
  });

  it("a refused append does not touch the others of its turn", async (t) => {
    const store = await freshMedium(t).openStore();
    const a = await store.open("a");
    const old = await store.open("b");
    await store.open("b");
    const c = await store.open("c");
    const results = await Promise.allSettled([
      store.append("a", a.epoch, put("1", "a")),
      store.append("b", old.epoch, put("1", "b")),
      store.append("c", c.epoch, { ...put("1", "c"), events: events(7) }),
      store.append("c", c.epoch, { ...put("2", "c"), events: events(1) }),
    ]);
    assert.deepEqual(
      results.map((result) => (result.status === "rejected" ? result.reason.name : "kept")),
      ["kept", "FencedError", "StoreError", "kept"],
    );
    assert.deepEqual(bodies(await store.open("a")), { "task 1": "a" });
    assert.deepEqual(bodies(await store.open("b")), {});
    assert.deepEqual(bodies(await store.open("c")), { "task 2": "c" });
    await store.close();
  });

  it("close waits for the appends under way; after it nothing works", async (t) => {
    const medium = freshMedium(t);
    const first = await medium.openStore();
    const { epoch } = await first.open("p");
    const settled: string[] = [];
    const underWay = first.append("p", epoch, put("1", "x")).then(() => settled.push("append"));
    const closed = first.close().then(() => settled.push("close"));
    await Promise.all([underWay, closed]);
    assert.deepEqual(settled, ["append", "close"]);

    await rejectsWithoutFence(first.append("p", epoch, put("1", "y")));
    await rejectsWithoutFence(first.open("p"));
    await rejectsWithoutFence(first.readEvents("p", 0, 1));
    await rejectsWithoutFence(first.partitions(""));
    await rejectsWithoutFence(first.newestAt());
    await first.close();

    const second = await medium.openStore();
    assert.deepEqual(bodies(await second.open("p")), { "task 1": "x" });
    await second.close();
  });
}

type ModelStep = {
  readonly documents: readonly { kind: string; key: string; body: string | null }[];
  readonly eventCount: number;
  readonly forgetThrough: number | undefined;
  readonly reopen: boolean;
};

const modelSteps = fc.array(
  fc.record({
    documents: fc.array(
      fc.record({
        kind: fc.constantFrom("a", "b"),
        key: fc.constantFrom("1", "2", "3"),
        body: fc.option(fc.string({ maxLength: 4 })),
      }),
      { maxLength: 4 },
    ),
    eventCount: fc.nat(3),
    forgetThrough: fc.option(fc.nat(20), { nil: undefined }),
    reopen: fc.boolean(),
  }),
  { maxLength: 8 },
);

async function likeTheModel(medium: Medium): Promise<void> {
  let run = 0;
  let store = await medium.openStore();
  const property = fc.asyncProperty(modelSteps, async (steps: readonly ModelStep[]) => {
    run += 1;
    const partition = `p${run}`;
    const documents = new Map<string, string>();
    let log: StoredEvent[] = [];
    let last = 0;
    let { epoch } = await store.open(partition);
    for (const step of steps) {
      const added = events(...Array.from({ length: step.eventCount }, (_, index) => last + index + 1));
      const forget = step.forgetThrough;
      await store.append(partition, epoch, {
        documents: step.documents,
        events: added,
        ...(forget === undefined ? {} : { forgetEventsThrough: forget }),
      });
      for (const { kind, key, body } of step.documents) {
        if (body === null) documents.delete(`${kind} ${key}`);
        else documents.set(`${kind} ${key}`, body);
      }
      last += step.eventCount;
      log = [...log, ...added].filter(({ sequence }) => forget === undefined || sequence > forget);
      if (step.reopen) {
        await store.close();
        store = await medium.openStore();
        const opened = await store.open(partition);
        epoch = opened.epoch;
        assert.equal(opened.lastSequence, last);
        assert.deepEqual(bodies(opened), Object.fromEntries(documents));
      }
      assert.deepEqual(await store.readEvents(partition, 0, 100), log);
    }
  });
  await fc.assert(property, { numRuns: 25 });
  await store.close();
}
