import type { Attribute } from "../documents/attribute.ts";
import { isCapacityProviderName } from "../documents/capacity-provider.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";

// DIFFERS: a container instance's custom attribute berth.capacity-provider names its capacity provider; AWS derives it from the Auto Scaling group, and Berth has none.
export const providerAttribute = "berth.capacity-provider";

/**
 * The capacity provider of an instance with these custom attributes. Null without the attribute or with an invalid name: an agent refused
 * for it would give up. The cluster needn't have the provider yet, so hosts may come first. AWS: external instances have none.
 */
export function providerOfInstance(customAttributes: readonly Attribute[], external: boolean): string | null {
  const value = customAttributes.find(({ name }) => name === providerAttribute)?.value ?? null;
  return value !== null && !external && isCapacityProviderName(value) ? value : null;
}

/** `instance` with other custom attributes, and the capacity provider that follows from them. */
export const withCustomAttributes = (
  instance: ContainerInstance,
  customAttributes: readonly Attribute[],
): ContainerInstance => ({
  ...instance,
  customAttributes,
  capacityProviderName: providerOfInstance(customAttributes, instance.external),
});
