import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairShare } from "./fair-share.ts";

test("the holder that has waited longest is evicted, first among those of an owner that takes too much", () => {
  const evicted: string[] = [];
  const share = new FairShare<string>({ total: 10, perOwner: 6 }, (holder) => evicted.push(holder));
  share.hold("a1", "a", 3);
  share.hold("b1", "b", 3);
  share.hold("b2", "b", 3);
  assert.equal(share.oldest, "a1");
  share.hold("b3", "b", 2);
  assert.deepEqual(evicted, ["b1"]);
  share.touch("a1");
  share.hold("c1", "c", 4);
  assert.deepEqual(evicted, ["b1", "b2"]);
  share.release("a1");
  assert.equal(share.total, 6);
  share.hold("d1", "d", 7);
  assert.deepEqual(evicted, ["b1", "b2", "d1"]);
});

test("the bounds hold whatever is requested, nobody is evicted without need, and what is released is free", () => {
  const step = fc.record({
    holder: fc.nat(8),
    amount: fc.nat(12),
    does: fc.constantFrom("hold", "touch", "release"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const held = new Map<number, number>();
      const share = new FairShare<number>({ total: 20, perOwner: 12 }, (holder) => held.delete(holder));
      const sum = (owner: number) =>
        [...held].filter(([holder]) => holder % 3 === owner).reduce((total, [, amount]) => total + amount, 0);
      for (const { holder, amount, does } of steps) {
        const before = [...held].filter(([other]) => other !== holder);
        const needed = before.reduce((total, [, other]) => total + other, amount);
        const ofSame = before.filter(([other]) => other % 3 === holder % 3);
        const neededThere = ofSame.reduce((total, [, other]) => total + other, amount);
        if (does === "touch") share.touch(holder);
        else if (does === "release") {
          held.delete(holder);
          share.release(holder);
        } else {
          held.set(holder, amount);
          share.hold(holder, String(holder % 3), amount);
          if (needed <= 20 && neededThere <= 12) assert.equal(held.size, before.length + 1);
        }
        const total = [0, 1, 2].reduce((all, owner) => all + sum(owner), 0);
        assert.equal(share.total, total);
        assert.ok(total <= 20);
        for (const owner of [0, 1, 2]) assert.ok(sum(owner) <= 12);
      }
    }),
  );
});
