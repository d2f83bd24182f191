import type { Attribute } from "../documents/attribute.ts";
import {
  customAttribute,
  isPlatformAttribute,
  platformAttribute,
  type RequestAttribute,
  withAttributes,
} from "../documents/attribute-rules.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { IdentityDocument } from "./identity-document.ts";

// LIMIT: today's agent sends about seventy; the rest is room for future agents.
const attributesMax = 500;

/** The attributes of a registration by owner: those of ECS and its agent, and the user's. */
export function requestedAttributes(requested: readonly RequestAttribute[] | undefined) {
  const attributes = requested ?? [];
  if (attributes.length > attributesMax) {
    refuse("InvalidParameterException", `attributes can have at most ${attributesMax} items.`);
  }
  const isPlatform = (attribute: RequestAttribute) => isPlatformAttribute(attribute.name ?? "");
  const platform = attributes.filter(isPlatform).map(platformAttribute);
  const custom = attributes.filter((attribute) => !isPlatform(attribute)).map(customAttribute);
  return { platform: withAttributes([], platform), custom: withAttributes([], custom) };
}

/**
 * Refuses more custom attributes than an instance may have. AWS: PutAttributes has its own exception for this, which
 * RegisterContainerInstance doesn't declare.
 */
export function checkCustomAttributes(custom: readonly Attribute[]): void {
  if (custom.length > limits.customAttributesPerInstance) {
    const max = limits.customAttributesPerInstance;
    refuse("InvalidParameterException", `A container instance can have at most ${max} custom attributes.`);
  }
}

/**
 * The attributes that the agent sent, and those that the control plane adds. AWS: zone, instance type, AMI and architecture come from the
 * identity document. What the agent sent stays unchanged: the agent compares, and gives up if something is missing or different.
 */
export function platformAttributes(
  sent: readonly Attribute[],
  document: IdentityDocument | null,
  known: { readonly instanceType: string | null; readonly availabilityZone: string },
): readonly Attribute[] {
  const derived: Attribute[] = [];
  const derive = (name: string, value: string | null) => {
    if (value !== null) derived.push({ name, value });
  };
  derive("ecs.availability-zone", document?.availabilityZone ?? known.availabilityZone);
  derive("ecs.instance-type", document?.instanceType ?? known.instanceType);
  derive("ecs.ami-id", document?.imageId ?? null);
  derive("ecs.cpu-architecture", document?.architecture ?? null);
  derive("ecs.os-type", "linux");
  return withAttributes(derived, sent);
}

/** The value of the attribute `name`, or null if the attribute is absent or has no value. */
export function attributeValue(attributes: readonly Attribute[], name: string): string | null {
  return attributes.find((attribute) => attribute.name === name)?.value ?? null;
}
