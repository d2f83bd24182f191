import { must } from "../../lib/assert.ts";
import { namedResource, taskArn } from "../arn.ts";
import { isOwnResource } from "../definition-rules/resource-requirements.ts";
import type { RequestContainer, RequestVolume } from "../definition-rules/task-definition-request.ts";
import { type RequestTag, type Tag, withTags } from "../documents/tag.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { type TaskTemplate, taskTemplate } from "../launch/new-task.ts";
import { type OverridesRequest, resolveOverrides } from "../launch/overrides.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** What RunTask and StartTask have in common. */
export type TaskRequest = {
  readonly taskDefinition?: string;
  readonly group?: string;
  readonly startedBy?: string;
  readonly tags?: readonly RequestTag[];
  readonly propagateTags?: string;
  readonly enableECSManagedTags?: boolean;
  readonly enableExecuteCommand?: boolean;
  readonly referenceId?: string;
  readonly overrides?: OverridesRequest;
  readonly volumeConfigurations?: readonly object[];
  readonly networkConfiguration?: {
    readonly awsvpcConfiguration?: {
      readonly subnets?: readonly string[];
      readonly securityGroups?: readonly string[];
      readonly assignPublicIp?: string;
    };
  };
};

/** The template for tasks of a call. Refuses what ECS refuses before it looks at container instances. */
export function requestedTaskTemplate(
  step: ClusterStep,
  request: TaskRequest,
  given: Given,
  startedByCharacters: number,
  onFargate = false,
): TaskTemplate {
  const definition = must(given.taskDefinition, "the task definition of RunTask and StartTask");
  refuseNotBuilt(request);
  refuseDefinitionNotBuilt(definition);
  const overrides = resolveOverrides(request.overrides, definition, onFargate);
  return taskTemplate(definition, overrides, {
    group: groupOf(request, definition.family),
    startedBy: startedByOf(request, startedByCharacters),
    tags: tagsOf(step, request, definition.tags),
    subnets: subnetsOf(request, definition.networkMode, onFargate),
  });
}

function refuseNotBuilt(request: TaskRequest): void {
  if (request.enableExecuteCommand === true) {
    refuse(
      "UnsupportedFeatureException",
      "Berth does not run commands in containers yet: leave enableExecuteCommand out.",
    );
  }
  if ((request.volumeConfigurations ?? []).length > 0) {
    refuse("UnsupportedFeatureException", "Berth does not attach EBS volumes: leave volumeConfigurations out.");
  }
}

/** Refuses a definition with features that its tasks would not get. */
function refuseDefinitionNotBuilt(definition: TaskDefinition): void {
  const refuseFor = (what: string): never =>
    refuse(
      "UnsupportedFeatureException",
      `Task definition ${definition.family}:${definition.revision} has ${what} yet.`,
    );
  const { volumes = [], inferenceAccelerators = [] } = definition.more as {
    readonly volumes?: readonly { readonly configuredAtLaunch?: boolean }[];
    readonly inferenceAccelerators?: readonly object[];
  };
  if (volumes.some((volume) => volume.configuredAtLaunch === true)) {
    refuseFor("a volume configured at launch, but Berth does not attach EBS volumes");
  }
  refuseUnreachable(definition, refuseFor);
  const requirements = definition.containerDefinitions.flatMap((container) => container.resourceRequirements ?? []);
  const device = requirements.find(({ type }) => type !== "GPU" && !isOwnResource(type))?.type;
  if (device !== undefined || inferenceAccelerators.length > 0) {
    refuseFor(`the resource requirement ${device ?? "InferenceAccelerator"}, but Berth only assigns GPUs`);
  }
}

/** Refuses what the protocol with agents can't carry. */
function refuseUnreachable(
  { containerDefinitions, more, memory }: TaskDefinition,
  refuseFor: (what: string) => never,
): void {
  const { volumes = [] } = more as { readonly volumes?: readonly RequestVolume[] };
  if (volumes.some((volume) => volume.s3filesVolumeConfiguration !== undefined)) {
    refuseFor("an S3 Files volume, which Berth does not attach");
  }
  for (const container of containerDefinitions) {
    const { resourceRequirements, linuxParameters } = container as RequestContainer;
    if ((resourceRequirements ?? []).some((requirement) => requirement.sharingStrategy !== undefined)) {
      refuseFor("a GPU sharingStrategy, but Berth only assigns whole GPUs");
    }
    if (linuxParameters?.maxSwap !== undefined && container.memory === undefined && memory === null) {
      refuseFor("a maxSwap without a memory limit to add it to, which Docker does not accept");
    }
  }
}

/** AWS: `family:<family>` by default; names that begin with `service:` belong to services. */
function groupOf(request: TaskRequest, family: string): string {
  const { group } = request;
  if (group === undefined) return `family:${family}`;
  if (group.length < 1 || group.length > limits.groupCharacters) {
    refuse("InvalidParameterException", `Group name must be between 1 and ${limits.groupCharacters} characters long.`);
  }
  if (group.startsWith("service:")) {
    refuse("InvalidParameterException", "Group names that begin with 'service:' are reserved for services.");
  }
  return group;
}

/**
 * AWS: RunTask accepts 128 characters, StartTask 36. The documentation allows letters, digits, hyphens, underscores and slashes, but widely
 * used tools send spaces, colons and dots.
 */
function startedByOf(request: TaskRequest, charactersMax: number): string | null {
  const { startedBy } = request;
  if (startedBy === undefined || startedBy === "") return null;
  if (startedBy.length > charactersMax) {
    refuse("InvalidParameterException", `startedBy must be at most ${charactersMax} characters long.`);
  }
  return startedBy;
}

function tagsOf(step: ClusterStep, request: TaskRequest, definitionTags: readonly Tag[]): readonly Tag[] {
  const propagated = propagates(request) ? definitionTags : [];
  // AWS: the caller's tags override propagated ones; together they are 50 at most. Managed tags have the reserved prefix.
  const given = request.tags ?? [];
  const tags = given.length === 0 ? propagated : withTags(propagated, given);
  const managed =
    request.enableECSManagedTags === true ? [{ key: "aws:ecs:clusterName", value: step.clusterName }] : [];
  return [...managed, ...tags];
}

function propagates(request: TaskRequest): boolean {
  const from = request.propagateTags ?? "NONE";
  if (from !== "NONE" && from !== "TASK_DEFINITION") {
    refuse("InvalidParameterException", "propagateTags must be TASK_DEFINITION or NONE for a standalone task.");
  }
  return from === "TASK_DEFINITION";
}

function subnetsOf(request: TaskRequest, networkMode: string | null, onFargate: boolean): readonly string[] | null {
  const network = request.networkConfiguration?.awsvpcConfiguration;
  if (networkMode !== "awsvpc") {
    if (request.networkConfiguration !== undefined) {
      refuse(
        "InvalidParameterException",
        "Network Configuration is not valid for the given networkMode of this task definition.",
      );
    }
    return null;
  }
  if (network === undefined) {
    refuse(
      "InvalidParameterException",
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    );
  }
  const subnets = network.subnets ?? [];
  if (subnets.length === 0) refuse("InvalidParameterException", "subnets can not be empty.");
  if (subnets.length > limits.subnetsPerTask) {
    refuse("InvalidParameterException", `subnets can have at most ${limits.subnetsPerTask} items.`);
  }
  if ((network.securityGroups ?? []).length > limits.securityGroupsPerTask) {
    refuse("InvalidParameterException", `securityGroups can have at most ${limits.securityGroupsPerTask} items.`);
  }
  // AWS: tasks on EC2 instances get no public address.
  if (checkedPublicIp(network.assignPublicIp) === "ENABLED" && !onFargate) {
    refuse("InvalidParameterException", "Assign public IP is not supported for this launch type.");
  }
  return subnets;
}

/** Whether a task gets a public address. Refuses other values with InvalidParameterException. */
export function checkedPublicIp(assignPublicIp = "DISABLED"): "ENABLED" | "DISABLED" {
  if (assignPublicIp === "ENABLED" || assignPublicIp === "DISABLED") return assignPublicIp;
  return refuse("InvalidParameterException", "assignPublicIp should be one of [ENABLED,DISABLED]");
}

/** The task that `reference` (id, short or long ARN) names, or null if there is none here. Refuses what `namedResource` refuses. */
export function findTask(step: ClusterStep, reference: string): Task | null {
  return step.state.tasks.get(namedResource(step.place, step.clusterName, "task", reference)) ?? null;
}

/** The failure for an unknown task. AWS: an id is shown as the ARN that it would have. */
export function missingTask(step: ClusterStep, reference: string): { arn: string; reason: "MISSING" } {
  const arn = reference.startsWith("arn:") ? reference : taskArn(step.place, step.clusterName, reference);
  return { arn, reason: "MISSING" };
}
