/** Turns with a stopwatch that only advances with work, and an event loop advanced by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { LongAnswers } from "../long-answers.ts";
import { MachineClosedError, OverloadError } from "../runner-errors.ts";
import { inSlices } from "./slices.ts";
import { Turns } from "./turns.ts";

function aWorld(callsPerAccount?: number) {
  const clock = new VirtualClock(0);
  let elapsed = 0;
  const options = callsPerAccount === undefined ? {} : { callsPerAccount };
  const turns = new Turns({ clock, stopwatch: () => elapsed, ...options });
  const done: string[] = [];
  /** Work that takes `ms`, recorded when it is done. */
  const work = (name: string, ms: number) => (): string => {
    elapsed += ms;
    done.push(name);
    return name;
  };
  return { clock, turns, done, work, elapsed: () => elapsed };
}

describe("turns", () => {
  it("come at once while the loop keeps up", () => {
    const { turns, work } = aWorld();
    assert.equal(turns.work("a", "", work("one", 1)), "one");
    assert.equal(turns.work("a", "", work("two", 0)), "two");
  });

  it("of a quiet account come soon, however much another account asks for", async () => {
    const { clock, turns, done, work } = aWorld();
    for (let at = 0; at < 1_000; at++) void turns.work("many", "", work(`many ${at}`, 5));
    const small = turns.work("few", "", work("few", 1));
    assert.ok(small instanceof Promise);
    await clock.settle();
    assert.equal(await small, "few");
    assert.ok(done.indexOf("few") <= 3, `after ${done.indexOf("few")} of the others`);
    assert.equal(done.length, 1_001);
  });

  it("are shared by time, not by number", async () => {
    const { clock, turns, done, work } = aWorld();
    void turns.work("first", "", work("first", 100));
    for (let at = 0; at < 20; at++) void turns.work("long", "", work("long", 10));
    for (let at = 0; at < 200; at++) void turns.work("short", "", work("short", 1));
    await clock.settle();
    const whenLongIsHalfDone = done.slice(
      0,
      done.map((name, at) => (name === "long" ? at : -1)).filter((at) => at >= 0)[9],
    );
    const shorts = whenLongIsHalfDone.filter((name) => name === "short").length;
    assert.ok(shorts >= 70 && shorts <= 110, `${shorts} short ones in the time of ten long ones`);
  });

  it("of an account alternate between its clusters, and stay in order within each", async () => {
    const { clock, turns, done, work } = aWorld();
    void turns.work("first", "", work("first", 100));
    for (let at = 0; at < 100; at++) void turns.work("a", "busy", work("busy", 3));
    for (const name of ["1", "2", "3"]) turns.take("a", "quiet", work(name, 3));
    await clock.settle();
    const quiet = done.filter((name) => name.length === 1);
    assert.deepEqual(quiet, ["1", "2", "3"]);
    assert.ok(done.indexOf("3") <= 8, `after ${done.indexOf("3")} of the others`);
  });

  it("give the loop back after a short round", async () => {
    const { clock, turns, done, work } = aWorld();
    for (let at = 0; at < 10; at++) void turns.work("a", "", work("work", 2));
    let doneWhenInputCame = 0;
    clock.defer(() => {
      doneWhenInputCame = done.length;
    });
    await clock.settle();
    assert.equal(done.length, 10);
    assert.ok(doneWhenInputCame <= 2, `input came after ${doneWhenInputCame}`);
  });

  it("for gathering work come after some other work, or when none is left", async () => {
    const { clock, turns, done, work } = aWorld();
    void turns.work("first", "", work("first", 100));
    turns.take("a", "", work("append", 1), "gathered");
    for (let at = 0; at < 5; at++) turns.take("a", "", work("step", 3));
    await clock.settle();
    assert.deepEqual(done, ["first", "step", "step", "step", "append", "step", "step"]);
    void turns.work("first", "", work("first", 100));
    turns.take("a", "", work("last append", 1), "gathered");
    await clock.settle();
    assert.equal(done.at(-1), "last append");
    void turns.work("first", "", work("first", 100));
    for (let at = 0; at < 3; at++) turns.take("a", "", work("step", 3));
    turns.take("a", "", work("full append", 1), "first");
    await clock.settle();
    assert.deepEqual(done.slice(-4), ["full append", "step", "step", "step"]);
  });

  it("within other work need no further turn, and errors reach the caller", async () => {
    const { clock, turns, done, work } = aWorld();
    void turns.work("a", "", () => {
      work("outer", 10)();
      void turns.work("a", "b", work("inner", 1));
    });
    assert.deepEqual(done, ["outer", "inner"]);
    const failing = turns.work("a", "", (): string => {
      throw new Error("planted");
    });
    const caught = assert.rejects(Promise.resolve(failing), /planted/);
    await clock.settle();
    await caught;
    assert.equal(turns.work("a", "", work("on", 1)), "on", "and work goes on");
  });

  it("are refused to an account with too many calls in progress, and to no other", async () => {
    const { turns } = aWorld(2);
    let end: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    const calls = [1, 2].map(() => turns.call("a", "", () => held));
    await assert.rejects(
      turns.call("a", "other", () => held),
      OverloadError,
    );
    assert.equal(await turns.call("b", "", async () => "answered"), "answered");
    end();
    await Promise.all(calls);
    assert.equal(await turns.call("a", "", async () => "again"), "again");
  });
});

function* slices(world: ReturnType<typeof aWorld>, name: string, count: number): Generator<undefined, string> {
  for (let at = 0; at < count; at++) {
    world.work(`${name} ${at}`, 10)();
    yield;
  }
  return name;
}

describe("long work", () => {
  it("is done in slices, with others answered in between", async () => {
    const world = aWorld();
    const { clock, turns, done, work } = world;
    const options = { takeTurn: (run: () => void) => turns.take("a", "", run), stopwatch: world.elapsed };
    const long = inSlices(slices(world, "slice", 20), options);
    const small = turns.work("b", "", work("small", 1));
    await clock.settle();
    assert.equal(await long, "slice");
    await small;
    assert.ok(done.indexOf("small") <= 3, done.join(", "));
  });

  it("stops when nobody wants it any more", async () => {
    const world = aWorld();
    let isWanted = true;
    const answers = new LongAnswers(world.turns);
    const work = slices(world, "slice", 100) as unknown as Iterator<undefined, { ok: true; value: unknown }>;
    const answer = answers.add("a", "east", work, () => isWanted);
    const rejected = assert.rejects(answer, MachineClosedError);
    isWanted = false;
    await world.clock.settle();
    await rejected;
    assert.ok(world.done.length <= 2);
  });

  it("runs one at a time, accounts in turn; an account with too much of it is refused", async () => {
    const world = aWorld();
    const answers = new LongAnswers(world.turns);
    const ask = (account: string, name: string): Promise<unknown> =>
      answers.add(account, "east", slices(world, name, 3) as never, () => true);
    const all = ["1", "2", "3", "4"].map((name) => ask("many", `many ${name}`));
    all.push(ask("few", "few"));
    await world.clock.settle();
    await Promise.all(all);
    const order = world.done.filter((name) => name.endsWith(" 0"));
    assert.ok(order.indexOf("few 0") <= 2, order.join(", "));
    for (const name of ["many 1", "many 2", "few"]) {
      const at = world.done.indexOf(`${name} 0`);
      assert.deepEqual(
        world.done.slice(at, at + 3),
        [0, 1, 2].map((slice) => `${name} ${slice}`),
        "one after the other",
      );
    }
    const waiting = Array.from({ length: 9 }, (_, at) => ask("many", `more ${at}`));
    await assert.rejects(ask("many", "too many"), OverloadError);
    await world.clock.settle();
    await Promise.all(waiting);
  });
});
