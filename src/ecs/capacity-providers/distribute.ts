import { must } from "../../lib/assert.ts";
import type { FargateProvider } from "../fargate/fargate-use.ts";
import type { CapacityProviderStrategy } from "./capacity-provider.ts";

/**
 * The provider of each of `count` tasks. AWS: first the base, then by weight, which is a ratio; how single tasks are
 * rounded is not documented. Here each goes to the provider that is furthest behind its share, the first of equals.
 */
export function distribute(strategy: CapacityProviderStrategy, count: number): FargateProvider[] {
  const chosen: FargateProvider[] = [];
  for (const { capacityProvider, base } of strategy) {
    for (let i = 0; i < base && chosen.length < count; i++) chosen.push(capacityProvider);
  }
  const weighted = strategy.filter(({ weight }) => weight > 0).map((item) => ({ ...item, given: 0 }));
  while (chosen.length < count) {
    // The highest average, as seats of a parliament are shared out: no task more changes where the ones before went.
    const next = weighted.reduce<(typeof weighted)[number] | undefined>(
      (best, item) =>
        best === undefined || item.weight / (item.given + 1) > best.weight / (best.given + 1) ? item : best,
      undefined,
    );
    const item = must(next, "a provider with a weight");
    item.given += 1;
    chosen.push(item.capacityProvider);
  }
  return chosen;
}
