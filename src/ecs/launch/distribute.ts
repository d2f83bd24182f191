import { must } from "../../lib/assert.ts";
import type { CapacityProviderStrategy } from "../documents/capacity-provider.ts";

/**
 * The provider of the next task, when each has as many as `counts` says (missing means none). AWS: first the base, then by weight, which is
 * a ratio; the rounding for single tasks is undocumented. Here the provider furthest behind its share is next. Ties go to the first that
 * has room now according to `hasRoom`, or to the first. The strategy needs a weight above zero.
 */
export function nextProvider(
  strategy: CapacityProviderStrategy,
  counts: ReadonlyMap<string, number>,
  hasRoom: (provider: string) => boolean = () => true,
): string {
  const countOf = (name: string): number => counts.get(name) ?? 0;
  const below = strategy.find(({ capacityProvider, base }) => countOf(capacityProvider) < base);
  if (below !== undefined) return below.capacityProvider;
  // The highest-averages method of sharing out parliamentary seats: one more task never changes where earlier ones went.
  const average = ({ capacityProvider, base, weight }: CapacityProviderStrategy[number]): number =>
    weight / (countOf(capacityProvider) - base + 1);
  const weighted = strategy.filter(({ weight }) => weight > 0);
  const highest = Math.max(...weighted.map(average));
  const [first, ...equals] = weighted.filter((item) => average(item) === highest);
  const { capacityProvider } = must(first, "a provider with a weight");
  if (equals.length === 0 || hasRoom(capacityProvider)) return capacityProvider;
  return equals.find((item) => hasRoom(item.capacityProvider))?.capacityProvider ?? capacityProvider;
}

/** The provider for each of `count` tasks that start together. */
export function distribute(strategy: CapacityProviderStrategy, count: number): string[] {
  const counts = new Map<string, number>();
  return Array.from({ length: count }, () => {
    const name = nextProvider(strategy, counts);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return name;
  });
}
