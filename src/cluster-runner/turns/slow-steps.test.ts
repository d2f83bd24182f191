/** The runner's long work: repeated steps, and answers and loads in slices, each in turns that the test gives out. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { type AppendFate, emptyMemoryDisk, MemoryStore } from "../../store/memory/memory-store.ts";
import { type CountingEffect, type CountingInput, CountingMachine, watch } from "../counting-machine.ts";
import { MachineRunner } from "../machine-runner.ts";
import * as errors from "../runner-errors.ts";
import type { TakeTurn } from "./turns.ts";

const add: CountingInput = { type: "add", counter: "a" };
const read: CountingInput = { type: "read", counter: "a" };

/** Turns that come one at a time, when the test gives out the next. */
function handedTurns() {
  const waiting: (() => void)[] = [];
  const takeTurn: TakeTurn = (run, place) => {
    if (place === "first") waiting.unshift(run);
    else waiting.push(run);
  };
  const next = (): boolean => {
    const run = waiting.shift();
    run?.();
    return run !== undefined;
  };
  return { takeTurn, next, waiting };
}

describe("long work", () => {
  it("is retried until it is done, while other inputs are answered", async () => {
    const turns = handedTurns();
    const world = await aWorldInTurns(turns);
    const slow = watch(world.runner.submit({ type: "slow", attempts: 3, counter: "a" }));
    const other = watch(world.runner.submit({ type: "slow", attempts: 3, counter: "a" }));
    const seen: unknown[] = [];
    while (slow.value === undefined) {
      assert.ok(turns.waiting.length > 0, "it waits for its next turn");
      turns.next();
      void world.runner.submit(read).then((value) => seen.push(value));
      await world.clock.settle();
    }
    assert.deepEqual([slow.value, seen[0], other], [1, 0, {}]);
    while (other.value === undefined) {
      turns.next();
      await world.clock.settle();
    }
    assert.equal(other.value, 2, "the second one comes after the first");
    assert.equal(world.runner.status().waiting, 0);
  });

  it("waits for the next load if a bug throws the machine away", async () => {
    const turns = handedTurns();
    const world = await aWorldInTurns(turns);
    const slow = watch(world.runner.submit({ type: "slow", attempts: 3, counter: "a" }));
    const bug = watch(world.runner.submit({ type: "bug" }));
    for (let turn = 0; turn < 20 && slow.value === undefined; turn++) {
      turns.next();
      await world.clock.settle();
    }
    assert.ok(bug.error instanceof errors.StepFailedError);
    assert.equal(slow.value, 1);
    assert.equal(world.durable("a"), '{"count":1}');
  });

  it("is computed in slices while the machine continues, and shows the state at its beginning", async () => {
    const turns = handedTurns();
    const world = await aWorldInTurns(turns, everLater());
    world.hold();
    const added = watch(world.runner.submit(add));
    const long = watch(world.runner.submit({ type: "long", slices: 3, counter: "a" }));
    while (turns.next()) await world.clock.settle();
    assert.deepEqual([added, long], [{}, {}], "it waits for the append of what it has seen");
    await world.answer("ok");
    assert.deepEqual([added.value, long.value], [1, 1]);
  });

  it("isn't answered if what it has seen is lost, or if the runner is closed", async () => {
    const turns = handedTurns();
    const world = await aWorldInTurns(turns, everLater());
    world.hold();
    watch(world.runner.submit(add));
    const lost = watch(world.runner.submit({ type: "long", slices: 3, counter: "a" }));
    while (turns.next()) await world.clock.settle();
    await world.answer("fail");
    assert.ok(lost.error instanceof errors.NotDurableError);
    while (turns.next()) await world.clock.settle();
    const cut = watch(world.runner.submit({ type: "long", slices: 3, counter: "a" }));
    await world.runner.close();
    while (turns.next()) await world.clock.settle();
    assert.ok(cut.error instanceof errors.MachineClosedError);
  });

  it("such as loading is done in slices, and calls that wait for it are answered in order", async () => {
    const first = await aWorldInTurns(handedTurns());
    const turns = handedTurns();
    const documents = Array.from({ length: 200 }, (_, at) => ({ kind: "counter", key: `c${at}`, body: '{"count":1}' }));
    const store = new MemoryStore({ disk: first.disk });
    const { epoch } = await store.open("p");
    await store.append("p", epoch, { documents, events: [] });
    const runner = aRunner(store, first.clock, turns, everLater());
    const loaded = watch(runner.load());
    const answers = [0, 199, 7].map((at) => watch(runner.submit({ type: "read", counter: `c${at}` })));
    let taken = 0;
    await first.clock.settle();
    while (!("value" in loaded)) {
      assert.ok(turns.next(), "the load waits for its next turn");
      taken += 1;
      await first.clock.settle();
    }
    // Other work of the same owner, which only makes the queue longer.
    let later = 0;
    turns.takeTurn(() => {
      later = answers.filter((answer) => "value" in answer).length;
    });
    while (turns.next()) await first.clock.settle();
    assert.equal(later, 3, "what waited comes first");
    assert.ok("value" in loaded);
    assert.ok(taken >= 6, `${taken} turns`);
    assert.deepEqual(
      answers.map(({ value }) => value),
      [1, 1, 1],
    );
  });
});

/** A stopwatch for which everything takes long. */
function everLater(): () => number {
  let now = 0;
  return () => {
    now += 100;
    return now;
  };
}

async function aWorldInTurns(turns: ReturnType<typeof handedTurns>, stopwatch?: () => number) {
  const clock = new VirtualClock(1_000_000);
  const disk = emptyMemoryDisk();
  const held: ((fate: AppendFate) => void)[] = [];
  let holds = false;
  const store = new MemoryStore({
    disk,
    beforeAppend: async () => (holds ? new Promise<AppendFate>((resolve) => held.push(resolve)) : "ok"),
  });
  const runner = aRunner(store, clock, turns, stopwatch);
  const loading = watch(runner.load());
  while (!("value" in loading)) {
    turns.next();
    await clock.settle();
  }
  return {
    clock,
    disk,
    runner,
    hold: () => {
      holds = true;
    },
    /** Answers the current append. */
    async answer(fate: AppendFate) {
      held.shift()?.(fate);
      await clock.settle();
    },
    durable: (counter: string) => disk.partitions.get("p")?.documents.get("counter")?.get(counter),
  };
}

function aRunner(
  store: MemoryStore,
  clock: VirtualClock,
  { takeTurn }: ReturnType<typeof handedTurns>,
  stopwatch: () => number = () => clock.now(),
): MachineRunner<CountingInput, CountingEffect> {
  return new MachineRunner<CountingInput, CountingEffect>({
    partition: "p",
    store,
    clock,
    random: seededRandom("test"),
    create: () => new CountingMachine(),
    timerInput: { type: "timer" },
    afterLoad: null,
    onEffect: () => {},
    log: () => {},
    takeTurn,
    stopwatch,
  });
}
