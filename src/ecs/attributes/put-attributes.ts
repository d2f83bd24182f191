import { withCustomAttributes } from "../capacity-providers/provider-of-instance.ts";
import { customAttribute, type RequestAttribute, withAttributes } from "../documents/attribute-rules.ts";
import { isSameDocument } from "../is-same-document.ts";
import { limits } from "../limits.ts";
import { attributeTarget, checkedAttributeList, describeAttribute } from "../references/attribute-target.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type PutAttributesRequest = { readonly attributes?: readonly RequestAttribute[] };

/**
 * Puts 1 to 10 attributes on container instances, replacing those with the same name. Refuses invalid lists, names and values
 * (InvalidParameterException), unknown targets (TargetNotFoundException) and more than 10 custom attributes on an instance
 * (AttributeLimitExceededException).
 * DIFFERS: AWS does not document whether this emits an event of the instance; Berth does, since the event shows the attributes.
 */
export function putAttributes(step: ClusterStep, request: PutAttributesRequest, _: Given) {
  const attributes = checkedAttributeList(request.attributes).map((requested) => {
    const attribute = customAttribute(requested);
    const instance = attributeTarget(step, requested);
    const customAttributes = withAttributes(instance.customAttributes, [attribute]);
    if (customAttributes.length > limits.customAttributesPerInstance) {
      const max = limits.customAttributesPerInstance;
      refuse("AttributeLimitExceededException", `A container instance can have at most ${max} custom attributes.`);
    }
    const changed = withCustomAttributes(instance, customAttributes);
    if (!isSameDocument(instance, changed)) step.changeInstance(changed);
    return describeAttribute(instance, attribute);
  });
  return { attributes };
}
