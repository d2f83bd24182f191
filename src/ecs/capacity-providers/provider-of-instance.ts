import type { Attribute } from "../documents/attribute.ts";
import { isCapacityProviderName } from "../documents/capacity-provider.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";

// DIFFERS: a container instance belongs to the capacity provider that its custom attribute berth.capacity-provider names; AWS knows by the Auto Scaling group, of which there are none.
export const providerAttribute = "berth.capacity-provider";

/**
 * The capacity provider of an instance with these custom attributes; null without the attribute, or with one that can be no
 * provider's name: an agent that is refused for it would give up. Whether the cluster has such a provider is no matter, so that hosts
 * may come before it. AWS: external instances have none.
 */
export function providerOfInstance(customAttributes: readonly Attribute[], external: boolean): string | null {
  const value = customAttributes.find(({ name }) => name === providerAttribute)?.value ?? null;
  return value !== null && !external && isCapacityProviderName(value) ? value : null;
}

/** `instance` with other custom attributes, and the capacity provider that these tell. */
export const withCustomAttributes = (
  instance: ContainerInstance,
  customAttributes: readonly Attribute[],
): ContainerInstance => ({
  ...instance,
  customAttributes,
  capacityProviderName: providerOfInstance(customAttributes, instance.external),
});
