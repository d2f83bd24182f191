import { checkMembers } from "../service-machine/member-rules.ts";
import type { Parameter, Tag } from "./parameter.ts";
import { checkTags } from "./parameter-rules.ts";
import { type ParametersStep, referenceOf } from "./parameters-state.ts";
import { refuse } from "./ssm-refusal.ts";

type TaggedResource = { readonly ResourceType: string; readonly ResourceId: string };

/** Adds tags to a parameter, or changes their values. */
export function addTagsToResource(
  step: ParametersStep,
  request: TaggedResource & { readonly Tags: readonly Partial<Tag>[] },
): object {
  const parameter = taggedParameter(step, request);
  checkMembers(request, { Tags: { type: "list", required: true, min: 0, max: 1_000 } });
  const added = checkTags(request.Tags);
  const kept = parameter.tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key));
  step.state.parameters.put(parameter.name, { ...parameter, tags: checkTags([...kept, ...added]) });
  return {};
}

/** Removes the tags with these keys, if the parameter has them. */
export function removeTagsFromResource(
  step: ParametersStep,
  request: TaggedResource & { readonly TagKeys: readonly string[] },
): object {
  const parameter = taggedParameter(step, request);
  checkMembers(request, { TagKeys: { type: "list", required: true, min: 0, max: 1_000 } });
  const tags = parameter.tags.filter(({ Key }) => !request.TagKeys.includes(Key));
  step.state.parameters.put(parameter.name, { ...parameter, tags });
  return {};
}

export function listTagsForResource(step: ParametersStep, request: TaggedResource): object {
  return { TagList: taggedParameter(step, request).tags };
}

/** Refuses with InvalidResourceType what isn't a parameter, with InvalidResourceId one that isn't there. AWS: the second text. */
function taggedParameter(step: ParametersStep, request: TaggedResource): Parameter {
  checkMembers(request, {
    ResourceType: { type: "text", required: true, min: 1, max: 64 },
    ResourceId: { type: "text", required: true, min: 1, max: 2_048 },
  });
  if (request.ResourceType !== "Parameter") {
    refuse("InvalidResourceType", "Berth has only the resource type Parameter.");
  }
  const { name } = referenceOf(step, request.ResourceId);
  const text = "The resource ID is not valid. Verify that you entered the correct ID and try again.";
  return step.state.parameters.get(name) ?? refuse("InvalidResourceId", text);
}
