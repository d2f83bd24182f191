import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CapacityProviderStrategy } from "../documents/capacity-provider.ts";
import { distribute, nextProvider } from "./distribute.ts";

const names = ["a", "b", "c", "d"];
/** Strategies with at most one base and at least one weight. */
const strategies: fc.Arbitrary<CapacityProviderStrategy> = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 4 }),
    fc.nat({ max: 3 }),
    fc.integer({ min: 0, max: 20 }),
  )
  .filter(([weights]) => weights.some((weight) => weight > 0))
  .map(([weights, at, base]) =>
    weights.map((weight, index) => ({
      capacityProvider: names[index] ?? "",
      weight,
      base: index === at % weights.length ? base : 0,
    })),
  );

const tally = (given: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of given) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

test("tasks started one by one go where tasks started together go, and earlier ones stay where they went", () => {
  fc.assert(
    fc.property(strategies, fc.nat({ max: 60 }), (strategy, count) => {
      const given = distribute(strategy, count);
      assert.deepEqual(distribute(strategy, count + 1).slice(0, count), given);
      for (let before = 0; before < count; before++) {
        assert.equal(nextProvider(strategy, tally(given.slice(0, before))), given[before]);
      }
    }),
  );
});

test("the base comes first, a weight of 0 gets nothing beyond it, and no provider falls a whole task behind", () => {
  fc.assert(
    fc.property(strategies, fc.nat({ max: 200 }), (strategy, count) => {
      const counts = tally(distribute(strategy, count));
      const base = strategy.reduce((sum, item) => sum + item.base, 0);
      const weights = strategy.reduce((sum, { weight }) => sum + weight, 0);
      for (const { capacityProvider, weight, base: own } of strategy) {
        const has = counts.get(capacityProvider) ?? 0;
        assert.ok(has >= Math.min(own, count));
        if (weight === 0) assert.ok(has <= own);
        const share = (Math.max(0, count - base) * weight) / weights;
        assert.ok(has - Math.min(own, count) > share - 1 - 1e-9, `${has} of ${share}`);
      }
    }),
  );
});

test("after tasks are gone, the provider that lost most is filled first", () => {
  fc.assert(
    fc.property(strategies, fc.array(fc.nat({ max: 30 }), { minLength: 4, maxLength: 4 }), (strategy, has) => {
      const counts = new Map(names.map((name, index) => [name, has[index] ?? 0]));
      const next = nextProvider(strategy, counts);
      const behind = strategy.find(({ capacityProvider, base }) => (counts.get(capacityProvider) ?? 0) < base);
      if (behind !== undefined) assert.equal(next, behind.capacityProvider);
      else {
        const filled = (name: string) => {
          const item = strategy.find(({ capacityProvider }) => capacityProvider === name);
          return item === undefined || item.weight === 0
            ? Number.POSITIVE_INFINITY
            : ((counts.get(name) ?? 0) - item.base + 1) / item.weight;
        };
        for (const { capacityProvider } of strategy) assert.ok(filled(next) <= filled(capacityProvider) + 1e-9);
      }
    }),
  );
});
