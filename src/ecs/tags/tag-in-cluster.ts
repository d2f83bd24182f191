import {
  type RequestTag,
  type Tag,
  type TaggedResource,
  taggedResource,
  withoutTags,
  withTags,
} from "../documents/tag.ts";
import { checkSpeaksFor } from "../references/instance-owner.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type TagRequest = {
  readonly resourceArn?: string;
  readonly tags?: readonly RequestTag[];
  readonly tagKeys?: readonly string[];
};

/** TagResource for a task, a container instance or a service. */
export function tagInCluster(step: ClusterStep, request: TagRequest): object {
  changeTags(step, request, (tags) => withTags(tags, request.tags));
  return {};
}

/** UntagResource for a task, a container instance or a service. */
export function untagInCluster(step: ClusterStep, request: TagRequest): object {
  changeTags(step, request, (tags) => withoutTags(tags, request.tagKeys));
  return {};
}

/**
 * ListTagsForResource for a task, a container instance or a service. Refuses with AccessDeniedException an agent key that asks about
 * anything but its own instances and their tasks.
 */
export function listTagsInCluster(step: ClusterStep, request: TagRequest, { caller }: Given): { tags: readonly Tag[] } {
  const found = find(step, request);
  const instance =
    found.noun === "container-instance"
      ? found.document
      : found.noun === "task"
        ? (step.state.instances.get(found.document.instanceId ?? "") ?? null)
        : null;
  checkSpeaksFor(caller, instance, { action: "ListTagsForResource", resource: found.document.arn });
  return { tags: found.document.tags };
}

/** AWS: tags are not part of events, so changing them makes none. */
function changeTags(step: ClusterStep, request: TagRequest, change: (tags: readonly Tag[]) => readonly Tag[]): void {
  const found = find(step, request);
  const tags = change(found.document.tags);
  if (found.noun === "task") step.noteTask({ ...found.document, tags });
  else if (found.noun === "service") step.state.services.put(found.document.name, { ...found.document, tags });
  else step.noteInstance({ ...found.document, tags });
}

function find(step: ClusterStep, request: TagRequest) {
  const resource: TaggedResource = taggedResource(step.place, request.resourceArn);
  if (resource.type === "task") {
    const document = step.state.tasks.get(resource.id);
    // AWS: a stopped task has no tags.
    if (document !== undefined && document.lastStatus !== "STOPPED") return { noun: "task" as const, document };
    refuse(
      "InvalidParameterException",
      "The specified task is inactive or was not found. Specify a running task and try again.",
    );
  }
  if (resource.type === "service") {
    const document = step.state.services.get(resource.id);
    if (document !== undefined && document.status !== "INACTIVE") return { noun: "service" as const, document };
    refuse(
      "InvalidParameterException",
      "The specified service is inactive or was not found. Specify an active service and try again.",
    );
  }
  const document = resource.type === "container-instance" ? step.state.instances.get(resource.id) : undefined;
  if (document !== undefined && document.status !== "INACTIVE")
    return { noun: "container-instance" as const, document };
  refuse(
    "InvalidParameterException",
    "The specified container instance is inactive or was not found. Specify an active container instance and try again.",
  );
}
