/** The runner over a counting machine, a memory disk that can be held and broken, and a clock advanced by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Refusal } from "../ecs/refusals.ts";
import { type LogEvent, logEvents } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { type AppendFate, emptyMemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import type { Append, TakeDocuments } from "../store/store.ts";
import { type CountingEffect, type CountingInput, CountingMachine, watch } from "./counting-machine.ts";
import { MachineRunner, type MachineRunnerOptions } from "./machine-runner.ts";
import * as errors from "./runner-errors.ts";

type Options = Partial<MachineRunnerOptions<CountingInput, CountingEffect>>;

/** A disk whose appends wait for `answer` after `hold`, and fail on request. */
class TestStore extends MemoryStore {
  readonly appends: Append[] = [];
  opens = 0;
  failOpens = 0;

  override async open(partition: string, take?: TakeDocuments) {
    this.opens += 1;
    if (this.failOpens > 0) {
      this.failOpens -= 1;
      throw new Error("no disk");
    }
    return super.open(partition, take);
  }

  override async append(partition: string, epoch: number, append: Append): Promise<void> {
    this.appends.push(append);
    return super.append(partition, epoch, append);
  }
}

async function aWorld(options: Options = {}) {
  const clock = new VirtualClock(1_000_000);
  const disk = emptyMemoryDisk();
  const held: ((fate: AppendFate) => void)[] = [];
  let holds = false;
  let fate: AppendFate = "ok";
  const store = new TestStore({
    disk,
    beforeAppend: async () => (holds ? new Promise<AppendFate>((resolve) => held.push(resolve)) : fate),
  });
  const logged: LogEvent[] = [];
  const effects: CountingEffect[] = [];
  const runner = new MachineRunner<CountingInput, CountingEffect>({
    partition: "p",
    store,
    clock,
    random: seededRandom("test"),
    create: () => new CountingMachine(),
    timerInput: { type: "timer" },
    afterLoad: null,
    onEffect: (effect) => effects.push(effect),
    log: (event) => {
      if (logEvents[event].level !== "debug") logged.push(event);
    },
    ...options,
  });
  await runner.load();
  return {
    clock,
    disk,
    store,
    runner,
    effects,
    logged,
    held,
    hold: () => {
      holds = true;
    },
    /** Answers the current append. */
    async answer(next: AppendFate) {
      held.shift()?.(next);
      await clock.settle();
    },
    fail(next: AppendFate) {
      fate = next;
    },
    durable: (counter: string) => disk.partitions.get("p")?.documents.get("counter")?.get(counter),
  };
}

const add: CountingInput = { type: "add", counter: "a" };
const read: CountingInput = { type: "read", counter: "a" };

describe("group commit", () => {
  it("answers nothing and releases nothing before it is durable", async () => {
    const world = await aWorld();
    world.hold();
    const added = watch(world.runner.submit(add));
    const seen = watch(world.runner.submit(read));
    const refused = watch(world.runner.submit({ type: "refuse" }));
    await world.clock.advance(10_000);
    assert.deepEqual([added, seen, refused, world.effects], [{}, {}, {}, []]);

    await world.answer("ok");
    assert.deepEqual([added.value, seen.value, world.durable("a")], [1, 1, '{"count":1}']);
    assert.ok(refused.error instanceof Refusal);
    assert.deepEqual(world.effects, [{ counter: "a", count: 1 }]);
  });

  it("appends steps that arrive together at once, with the last value of each document once", async () => {
    const world = await aWorld();
    const answers = Promise.all([1, 2, 3].map(() => world.runner.submit(add)));
    const other = world.runner.submit({ type: "add", counter: "b" });
    await world.clock.settle();
    assert.deepEqual([await answers, await other], [[1, 2, 3], 1]);
    const [append] = world.store.appends;
    assert.equal(world.store.appends.length, 1);
    assert.deepEqual(append?.documents, [
      { kind: "counter", key: "a", body: '{"count":3}' },
      { kind: "counter", key: "b", body: '{"count":1}' },
    ]);
    assert.deepEqual(
      append?.events.map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  it("collects the next group during an append, and never starts a second append", async () => {
    const world = await aWorld();
    world.hold();
    const first = watch(world.runner.submit(add));
    await world.clock.settle();
    const later = [add, add, read].map((input) => watch(world.runner.submit(input)));
    await world.clock.settle();
    assert.equal(world.store.appends.length, 1);

    await world.answer("ok");
    assert.deepEqual([first.value, later.map(({ value }) => value)], [1, [undefined, undefined, undefined]]);
    assert.equal(world.store.appends.length, 2);
    await world.answer("ok");
    assert.deepEqual(
      later.map(({ value }) => value),
      [2, 3, 3],
    );
    assert.equal(world.store.appends.length, 2);
    assert.deepEqual(
      world.effects.map(({ count }) => count),
      [1, 2, 3],
    );
  });

  it("splits a burst into appends that let others in between, in order, and loses them together", async () => {
    const world = await aWorld();
    world.hold();
    const many = (count: number) => Array.from({ length: count }, () => watch(world.runner.submit(add)));
    const [first, last] = [many(1_000), many(1_000)];
    const seen = watch(world.runner.submit(read));
    await world.clock.settle();
    assert.equal(world.store.appends.length, 1);
    await world.answer("ok");
    assert.deepEqual([first[0]?.value, first.at(-1)?.value, last[0], seen], [1, 1_000, {}, {}]);
    assert.deepEqual(
      world.store.appends.map(({ events }) => [events[0]?.sequence, events.length]),
      [
        [1, 1_000],
        [1_001, 1_000],
      ],
    );
    const later = many(600);
    await world.answer("fail");
    const lost = [...last, seen, ...later];
    assert.ok(lost.every(({ error }) => error instanceof errors.NotDurableError));
    assert.equal(world.durable("a"), '{"count":1000}');
  });

  it("a read waits for the append of what it has seen, and creates no promise if there is none", async () => {
    const world = await aWorld();
    assert.deepEqual(world.runner.answer(read), { ok: true, value: 0 });
    world.hold();
    const added = watch(world.runner.submit(add));
    await world.clock.settle();
    const seen = watch(world.runner.submit(read));
    await world.clock.settle();
    assert.deepEqual([added, seen], [{}, {}]);
    await world.answer("ok");
    assert.deepEqual(seen, { value: 1 });
    assert.deepEqual(world.runner.answer(read), { ok: true, value: 1 });
  });

  it("a refusal and a read leave no trace", async () => {
    const world = await aWorld();
    await assert.rejects(world.runner.submit({ type: "refuse" }), Refusal);
    await world.runner.submit(read);
    await world.clock.advance(1_000);
    assert.deepEqual(world.store.appends, []);
  });

  it("effects caused by an effect come after those of its step", async () => {
    const order: number[] = [];
    const world = await aWorld({
      onEffect: ({ count }) => {
        order.push(count);
        if (count === 1) void world.runner.submit(add);
        if (count === 2) throw new Error("the receiver fails");
      },
    });
    await Promise.all([world.runner.submit(add), world.runner.submit(add), world.clock.settle()]);
    await world.clock.settle();
    assert.deepEqual(order, [1, 2, 3]);
    assert.deepEqual(world.logged, ["effect-failed"]);
  });

  it("reports each append to an observer", async () => {
    const seen: number[][] = [];
    const world = await aWorld({ observe: { appended: (ms, steps, bytes) => void seen.push([ms, steps, bytes]) } });
    world.hold();
    const added = [world.runner.submit(add), world.runner.submit(add)];
    await world.clock.advance(7);
    await world.answer("ok");
    await Promise.all(added);
    assert.deepEqual(
      seen.map(([ms, steps]) => [ms, steps]),
      [[7, 2]],
    );
    assert.ok((seen[0]?.[2] ?? 0) > 100);
  });
});

describe("loading", () => {
  it("continues from what is stored, including its event sequence", async () => {
    const world = await aWorld();
    const added = world.runner.submit(add);
    await world.clock.settle();
    await added;
    await world.runner.close();

    const again = new MachineRunner<CountingInput, CountingEffect>({
      partition: "p",
      store: world.store,
      clock: world.clock,
      random: seededRandom("test"),
      create: () => new CountingMachine(),
      timerInput: { type: "timer" },
      afterLoad: { type: "add", counter: "a" },
      onEffect: () => {},
      log: () => {},
    });
    const early = again.submit(read);
    await again.load();
    await world.clock.settle();
    assert.equal(await early, 2, "a call that came while loading sees what the first input did");
    assert.deepEqual(
      (await world.store.readEvents("p", 0, 10)).map(({ sequence }) => sequence),
      [1, 2],
    );
  });

  it("if the store fails, rejects waiting calls and keeps trying", async () => {
    const world = await aWorld();
    await world.runner.close();
    const logged: LogEvent[] = [];
    const runner = new MachineRunner<CountingInput, CountingEffect>({
      partition: "p",
      store: world.store,
      clock: world.clock,
      random: seededRandom("test"),
      create: () => new CountingMachine(),
      timerInput: { type: "timer" },
      afterLoad: null,
      onEffect: () => {},
      log: (event) => void logged.push(event),
    });
    world.store.failOpens = 4;
    const early = watch(runner.submit(read));
    await assert.rejects(runner.load(), /no disk/);
    await world.clock.settle();
    assert.ok(early.error instanceof errors.NotDurableError);
    const later = watch(runner.submit(read));
    await world.clock.advance(100);
    assert.ok(later.error instanceof errors.NotDurableError);
    assert.equal(await world.clock.runUntil(() => runner.status().state === "running", 10_000), true);
    assert.equal(world.clock.now(), 1_000_000 + 100 + 200 + 400 + 800);
    assert.equal(await runner.submit(read), 0);
  });

  it("halts if a document can't be loaded", async () => {
    const world = await aWorld();
    await world.runner.close();
    const { epoch } = await world.store.open("p");
    await world.store.append("p", epoch, { documents: [{ kind: "x", key: "x", body: "{}" }], events: [] });
    const broken = await aWorld({ store: world.store });
    assert.equal(broken.runner.status().state, "halted");
    assert.equal(
      broken.runner.status().reason,
      'memory, partition "p", document x "x": an unreadable document. The rest of the partition is unchanged. Stop Berth and run "berth check" on the data directory.',
    );
    await assert.rejects(broken.runner.submit(read), errors.MachineHaltedError);
  });
});

describe("when the store fails", () => {
  it("rejects everyone who depended on the lost writes and continues from the store", async () => {
    const world = await aWorld();
    world.hold();
    const lost = [watch(world.runner.submit(add))];
    await world.clock.settle();
    lost.push(watch(world.runner.submit(add)), watch(world.runner.submit(read)));
    const failed = world.answer("fail");
    await failed;
    assert.ok(lost.every(({ error }) => error instanceof errors.NotDurableError));
    assert.deepEqual(world.effects, []);

    const after = watch(world.runner.submit(add));
    await world.clock.settle();
    await world.answer("ok");
    assert.deepEqual([after.value, world.durable("a"), world.store.opens], [1, '{"count":1}', 2]);
  });

  it("continues from what was stored although the store reported a failure", async () => {
    const world = await aWorld();
    world.fail("kept-but-failed");
    const lost = watch(world.runner.submit(add));
    await world.clock.settle();
    world.fail("ok");
    assert.ok(lost.error instanceof errors.NotDurableError);
    const after = watch(world.runner.submit(add));
    await world.clock.settle();
    assert.equal(after.value, 2);
    assert.equal((await world.store.readEvents("p", 0, 10)).length, 2);
  });

  it("a disk that stays full isn't retried in a tight loop", async () => {
    const world = await aWorld({ afterLoad: add });
    world.fail("fail");
    await world.clock.settle();
    const opensBefore = world.store.opens;
    const lost = watch(world.runner.submit(add));
    await world.clock.advance(60_000);
    assert.ok(lost.error instanceof errors.NotDurableError);
    assert.ok(world.store.opens - opensBefore < 25, `${world.store.opens - opensBefore} loads in a minute`);
    world.fail("ok");
    await world.clock.advance(5_000);
    assert.equal(world.durable("a") !== undefined, true);
  });

  it("stops for good when another process has taken the partition", async () => {
    const world = await aWorld();
    await world.store.open("p");
    const lost = watch(world.runner.submit(add));
    await world.clock.settle();
    assert.ok(lost.error instanceof errors.FencedOutError);
    assert.equal(world.runner.status().state, "fenced");
    await assert.rejects(world.runner.submit(read), errors.FencedOutError);
    await world.clock.advance(60_000);
    assert.equal(world.store.opens, 2);
  });
});

describe("when a step meets a bug", () => {
  it("rejects that caller, keeps the steps before it, and serves later ones from the store", async () => {
    const world = await aWorld();
    const before = watch(world.runner.submit(add));
    const broken = watch(world.runner.submit({ type: "bug" }));
    const after = watch(world.runner.submit(add));
    await world.clock.settle();
    assert.ok(broken.error instanceof errors.StepFailedError);
    assert.deepEqual([before.value, after.value, world.store.opens], [1, 2, 2]);
    assert.deepEqual(world.logged, ["step-bug"]);
  });

  it("halts after three within a minute, and says so", async () => {
    const world = await aWorld();
    for (let i = 0; i < 3; i++) {
      await assert.rejects(world.runner.submit({ type: "bug" }), errors.StepFailedError);
      await world.clock.advance(1_000);
    }
    assert.equal(world.runner.status().state, "halted");
    assert.match(world.runner.status().reason ?? "", /3 bugs/);
    await assert.rejects(world.runner.submit(read), errors.MachineHaltedError);
  });

  it("continues if they are rare", async () => {
    const world = await aWorld();
    for (let i = 0; i < 5; i++) {
      await assert.rejects(world.runner.submit({ type: "bug" }), errors.StepFailedError);
      await world.clock.advance(31_000);
    }
    assert.equal(world.runner.status().state, "running");
  });

  it("a bug in a timer step halts like any other", async () => {
    const world = await aWorld({ create: () => new CountingMachine("bug") });
    const woken = watch(world.runner.submit({ type: "wake-at", at: world.clock.now() + 5_000 }));
    await world.clock.advance(4_999);
    assert.deepEqual([woken.value, world.runner.status().state], [null, "running"]);
    await world.clock.advance(10_000);
    assert.equal(world.runner.status().state, "halted");
  });
});

describe("limits", () => {
  it("rejects calls when too many wait, without a trace", async () => {
    const world = await aWorld({ waitingMax: 3 });
    world.hold();
    const waiting = [add, add, read].map((input) => watch(world.runner.submit(input)));
    await assert.rejects(world.runner.submit(add), errors.OverloadError);
    await world.clock.settle();
    await world.answer("ok");
    assert.deepEqual(
      waiting.map(({ value }) => value),
      [1, 2, 2],
    );
    assert.equal(world.durable("a"), '{"count":2}');
    assert.deepEqual(world.runner.answer(read), { ok: true, value: 2 });
  });
});

describe("timers", () => {
  it("come from the documents, even after a restart", async () => {
    const world = await aWorld();
    const set = world.runner.submit({ type: "wake-at", at: world.clock.now() + 3_600_000 });
    await world.clock.settle();
    await set;
    await world.runner.close();
    const again = await aWorld({ store: world.store, clock: world.clock });
    await world.clock.advance(3_599_999);
    assert.equal(await again.runner.submit({ type: "read", counter: "timer" }), 0);
    await world.clock.advance(1);
    assert.equal(await again.runner.submit({ type: "read", counter: "timer" }), 1);
    assert.equal(world.clock.nextTimerAt(), null);
  });

  it("keep waiting if the clock's timer ends early", async () => {
    const clock = new VirtualClock(1_000_000);
    const cut = { now: () => clock.now(), wall: () => clock.wall(), defer: clock.defer.bind(clock) };
    const world = await aWorld({
      clock: { ...cut, setTimer: (delayMs, fire) => clock.setTimer(Math.min(delayMs, 1_000), fire) },
    });
    const set = world.runner.submit({ type: "wake-at", at: clock.now() + 5_500 });
    await clock.settle();
    await set;
    await clock.advance(5_499);
    assert.equal(await world.runner.submit({ type: "read", counter: "timer" }), 0);
    await clock.advance(1);
    assert.equal(await world.runner.submit({ type: "read", counter: "timer" }), 1);
  });

  it("a machine that is always due and never changes is slowed down", async () => {
    const world = await aWorld({ create: () => new CountingMachine("due") });
    const set = world.runner.submit({ type: "wake-at", at: world.clock.now() });
    await world.clock.settle();
    await set;
    await world.clock.advance(10_000);
    assert.ok(world.logged.length >= 9 && world.logged.length <= 11, `${world.logged.length} fruitless steps`);
  });
});

describe("closing", () => {
  it("accepts nothing more and waits for what was accepted", async () => {
    const world = await aWorld();
    const added = watch(world.runner.submit(add));
    const closed = watch(world.runner.close());
    await assert.rejects(world.runner.submit(read), errors.MachineClosedError);
    await world.clock.settle();
    assert.deepEqual([added.value, "value" in closed, world.durable("a")], [1, true, '{"count":1}']);
  });
});
