import assert from "node:assert/strict";
import { test } from "node:test";
import { EffectRelease } from "./effect-release.ts";

test("effects that take long yield every few milliseconds, and stay in order", () => {
  let worked = 0;
  const done: string[] = [];
  const turns: (() => void)[] = [];
  const effects = new EffectRelease<string>({
    take: (effect) => {
      worked += 2;
      done.push(effect);
      if (effect === "b") effects.release(["caused by b"]);
    },
    log: () => {},
    takeTurn: (run) => void turns.push(run),
    stopwatch: () => worked,
  });
  effects.release(["a", "b", "c", "d", "e"]);
  assert.deepEqual(done, ["a", "b", "c"], "six milliseconds");
  effects.release(["later"]);
  assert.deepEqual(done.length, 3, "what comes meanwhile waits behind them");
  while (turns.length > 0) turns.shift()?.();
  assert.deepEqual(done, ["a", "b", "c", "d", "e", "caused by b", "later"]);
  effects.release(["again"]);
  assert.equal(done.at(-1), "again");
});
