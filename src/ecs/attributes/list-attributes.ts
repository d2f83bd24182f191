import { pageSize, tokenKey } from "../container-instances/list-container-instances.ts";
import type { Attribute } from "../documents/attribute.ts";
import { encodePageToken } from "../page.ts";
import { checkTargetType, describeAttribute } from "../references/attribute-target.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type ListAttributesRequest = {
  readonly targetType?: string;
  readonly attributeName?: string;
  readonly attributeValue?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * The attributes of all registered container instances, both ECS's and custom ones, one row for each instance that has it. Refuses with
 * InvalidParameterException another target type, a value without a name, a page size outside 1 to 100 and a foreign token.
 */
export function listAttributes(step: ClusterStep, request: ListAttributesRequest, _: Given) {
  checkTargetType(request.targetType);
  const { attributeName, attributeValue } = request;
  if (attributeValue !== undefined && attributeName === undefined) {
    refuse("InvalidParameterException", "attributeName must be given when attributeValue is.");
  }
  const wanted = (attribute: Attribute) =>
    (attributeName === undefined || attribute.name === attributeName) &&
    (attributeValue === undefined || attribute.value === attributeValue);
  const size = pageSize(request.maxResults);
  const attributes: ReturnType<typeof describeAttribute>[] = [];
  let last = "";
  for (const { key, attribute, instance } of rowsAfter(step, tokenKey("ListAttributes", request.nextToken), wanted)) {
    if (attributes.length === size) return { attributes, nextToken: encodePageToken("ListAttributes", last) };
    attributes.push(describeAttribute(instance, attribute));
    last = key;
  }
  return { attributes, nextToken: null };
}

/** The wanted rows after the key `after` (instance id, slash, attribute name), in key order. */
function* rowsAfter(step: ClusterStep, after: string | null, wanted: (attribute: Attribute) => boolean) {
  const slash = after?.indexOf("/") ?? -1;
  const afterId = after === null ? null : after.slice(0, slash);
  const afterName = after === null ? null : after.slice(slash + 1);
  const later = step.state.instanceIds.after(afterId);
  for (const id of afterId === null ? later : [afterId, ...later]) {
    const instance = step.state.instances.get(id);
    if (instance === undefined || instance.status === "INACTIVE") continue;
    // Few of thousands of instances may have one, so filter before sorting.
    const attributes = [...instance.platformAttributes.filter(wanted), ...instance.customAttributes.filter(wanted)];
    attributes.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const attribute of attributes) {
      if (id === afterId && afterName !== null && attribute.name <= afterName) continue;
      yield { key: `${id}/${attribute.name}`, attribute, instance };
    }
  }
}
