import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../ecs/refusals.ts";
import { type LogEvent, logEvents } from "../lib/log-events.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { emptyMemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import { StoreError, type TakeDocuments } from "../store/store.ts";
import { type CountingEffect, type CountingInput, CountingMachine } from "./counting-machine.ts";
import { MachineRunner } from "./machine-runner.ts";
import * as errors from "./runner-errors.ts";

const add: CountingInput = { type: "add", counter: "a" };
const read: CountingInput = { type: "read", counter: "a" };

/** A full disk accepts neither appends nor the epoch of an opening. */
class FullableStore extends MemoryStore {
  isFull = false;

  override async open(partition: string, take?: TakeDocuments) {
    if (this.isFull) throw new StoreError("the disk is full");
    return super.open(partition, take);
  }
}

async function aWorld(create = () => new CountingMachine()) {
  const clock = new VirtualClock(1_000_000);
  const disk = emptyMemoryDisk();
  const store: FullableStore = new FullableStore({
    disk,
    beforeAppend: async () => (store.isFull ? "fail" : "ok"),
  });
  const logged: LogEvent[] = [];
  const runner = new MachineRunner<CountingInput, CountingEffect>({
    partition: "p",
    store,
    clock,
    random: seededRandom("test"),
    create,
    timerInput: { type: "timer" },
    afterLoad: null,
    onEffect: () => {},
    log: (event) => {
      if (logEvents[event].level !== "debug") logged.push(event);
    },
  });
  await runner.load();
  /** The result of an input once everything that follows at once is done; undefined if it still waits. */
  const outcome = async (input: CountingInput): Promise<unknown> => {
    let settled: unknown;
    runner.submit(input).then(
      (value) => {
        settled = value;
      },
      (error: unknown) => {
        settled = error;
      },
    );
    await clock.settle();
    return settled;
  };
  return { clock, store, runner, logged, outcome };
}

test("while the disk is full, reads show the last durable state; once there is room everything continues from it", async () => {
  const { clock, store, runner, logged, outcome } = await aWorld();
  assert.equal(await outcome(add), 1);
  store.isFull = true;
  const lost = [runner.submit(add), runner.submit(add), runner.submit(read)];
  const rejected = lost.map((each) => assert.rejects(each, errors.NotDurableError));
  await clock.advance(1_000);
  await Promise.all(rejected);
  const { state, reads, reason } = runner.status();
  assert.deepEqual([state, reads, reason], ["loading", true, "the disk is full"]);
  assert.deepEqual(runner.answer(read), { ok: true, value: 1 }, "what was lost is not seen, and nobody waits");
  assert.ok((await outcome({ type: "refuse" })) instanceof Refusal);
  const waiting = runner.submit(add);
  const refused = assert.rejects(waiting, errors.NotDurableError);
  await clock.advance(60_000);
  await refused;
  assert.deepEqual(logged, ["append-failed", "partition-load-failed"], "told once");

  store.isFull = false;
  await clock.advance(5_000);
  assert.deepEqual([runner.status().state, runner.status().reason], ["running", null]);
  assert.equal(logged.at(-1), "partition-loaded");
  assert.equal(await outcome(add), 2);
});

test("a machine whose steps can't be undone answers no reads", async () => {
  const { clock, store, runner, outcome } = await aWorld(() => {
    const machine = new CountingMachine();
    const step = machine.step.bind(machine);
    machine.step = (...given) => {
      const result = step(...given);
      if (!("undo" in result)) return result;
      const { undo: _undo, ...rest } = result;
      return rest;
    };
    return machine;
  });
  assert.equal(await outcome(add), 1);
  store.isFull = true;
  assert.ok((await outcome(add)) instanceof errors.NotDurableError);
  await clock.advance(1_000);
  assert.equal(runner.status().reads, false);
  assert.equal(await outcome(read), undefined, "it waits for the store");
  store.isFull = false;
  await clock.advance(5_000);
  assert.equal(await outcome(read), 1);
});
