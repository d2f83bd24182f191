import type { ContainerInstance } from "../documents/container-instance.ts";
import type { PlacementRequest, PlacementStrategy } from "../documents/placement-request.ts";

/**
 * The strategies that order instances, in their order: `random` ends the list, since it leaves nothing to choose to those that
 * come after it, and is what is done with ties anyway.
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

/** The attribute over whose values `strategy` spreads, or null when it does something else. */
export function spreadAttribute(strategy: PlacementStrategy): string | null {
  if (strategy.type !== "spread") return null;
  const prefix = "attribute:";
  return strategy.field.startsWith(prefix) ? strategy.field.slice(prefix.length) : null;
}

/** The value that `instance` has for an attribute, `""` for one without value; null when it has none such. */
export function spreadValue(attribute: string, instance: ContainerInstance): string | null {
  for (const list of [instance.platformAttributes, instance.customAttributes]) {
    for (const { name, value } of list) {
      if (name === attribute) return value ?? "";
    }
  }
  return attribute === "ecs.availability-zone" ? instance.availabilityZone : null;
}
