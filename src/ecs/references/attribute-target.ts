import type { Attribute } from "../documents/attribute.ts";
import type { RequestAttribute } from "../documents/attribute-rules.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { findContainerInstance } from "./referenced-container-instance.ts";

/** The attributes of a call. Refuses an empty list and more than 10 with InvalidParameterException. */
export function checkedAttributeList(attributes: readonly RequestAttribute[] | undefined): readonly RequestAttribute[] {
  if (attributes === undefined || attributes.length === 0) {
    refuse("InvalidParameterException", "attributes can not be empty");
  }
  if (attributes.length > limits.attributesPerPutAttributes) {
    const max = limits.attributesPerPutAttributes;
    refuse("InvalidParameterException", `attributes can have at most ${max} items.`);
  }
  return attributes;
}

/** Refuses any target type but `container-instance` with InvalidParameterException. */
export function checkTargetType(targetType: string | undefined): void {
  if (targetType !== "container-instance") {
    refuse("InvalidParameterException", "targetType must be container-instance");
  }
}

/**
 * The container instance that an attribute is for. AWS: named by ARN, or by id together with the target type. Refuses an unknown or
 * deregistered one with TargetNotFoundException.
 */
export function attributeTarget(step: ClusterStep, attribute: RequestAttribute): ContainerInstance {
  const { targetId, targetType } = attribute;
  if (targetType !== undefined) checkTargetType(targetType);
  if (targetId === undefined || targetId === "") {
    refuse("InvalidParameterException", "The targetId of an attribute can not be empty.");
  }
  if (targetType === undefined && !targetId.startsWith("arn:")) {
    refuse("InvalidParameterException", "The targetId of an attribute must be an ARN when targetType is not given.");
  }
  const instance = findContainerInstance(step, targetId);
  if (instance === null || instance.status === "INACTIVE" || instance.status === "DEREGISTERING") {
    refuse("TargetNotFoundException", `Could not find ${targetId}`);
  }
  return instance;
}

/** An attribute of `instance` in API shape. */
export function describeAttribute(instance: ContainerInstance, attribute: Attribute) {
  return { ...attribute, targetType: "container-instance", targetId: instance.arn };
}
