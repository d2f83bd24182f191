import { withCustomAttributes } from "../capacity-providers/provider-of-instance.ts";
import { customAttribute, type RequestAttribute } from "../documents/attribute-rules.ts";
import { attributeTarget, checkedAttributeList, describeAttribute } from "../references/attribute-target.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type DeleteAttributesRequest = { readonly attributes?: readonly RequestAttribute[] };

/**
 * Deletes custom attributes by name, or by name and value if a value is given, and returns those that existed. Refuses invalid lists and
 * names (InvalidParameterException) and unknown targets (TargetNotFoundException).
 * DIFFERS: AWS does not document whether this emits an event of the instance; Berth does, since the event shows the attributes.
 */
export function deleteAttributes(step: ClusterStep, request: DeleteAttributesRequest, _: Given) {
  const attributes = checkedAttributeList(request.attributes).flatMap((requested) => {
    const { name, value } = customAttribute(requested);
    const instance = attributeTarget(step, requested);
    const found = instance.customAttributes.find((attribute) => attribute.name === name);
    if (found === undefined || (value !== null && value !== found.value)) return [];
    const customAttributes = instance.customAttributes.filter((attribute) => attribute !== found);
    step.changeInstance(withCustomAttributes(instance, customAttributes));
    return [describeAttribute(instance, found)];
  });
  return { attributes };
}
