import type { ContainerInstance } from "../documents/container-instance.ts";
import type { PlacementRequest, PlacementStrategy } from "../documents/placement-request.ts";

/**
 * The strategies that order instances. `random` ends the list: it leaves nothing for later ones to decide, and ties are broken at random
 * anyway.
 */
export function orderingStrategies({ strategies }: PlacementRequest): readonly Exclude<PlacementStrategy, Random>[] {
  const ordering: Exclude<PlacementStrategy, Random>[] = [];
  for (const strategy of strategies) {
    if (strategy.type === "random") break;
    ordering.push(strategy);
  }
  return ordering;
}
type Random = { readonly type: "random" };

/** The attribute that `strategy` spreads over, or null if it does something else. */
export function spreadAttribute(strategy: PlacementStrategy): string | null {
  if (strategy.type !== "spread") return null;
  const prefix = "attribute:";
  return strategy.field.startsWith(prefix) ? strategy.field.slice(prefix.length) : null;
}

/** An instance's value of an attribute, `""` if it has no value; null without the attribute. */
export function spreadValue(attribute: string, instance: ContainerInstance): string | null {
  for (const list of [instance.platformAttributes, instance.customAttributes]) {
    for (const { name, value } of list) {
      if (name === attribute) return value ?? "";
    }
  }
  return attribute === "ecs.availability-zone" ? instance.availabilityZone : null;
}
