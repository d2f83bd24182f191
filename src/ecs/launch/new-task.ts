import { containerArn, taskArn } from "../arn.ts";
import { attributesOfTask } from "../definition-rules/required-attributes.ts";
import { ownResourcesOf } from "../definition-rules/resource-requirements.ts";
import type { Attachment, ContainerInstance } from "../documents/container-instance.ts";
import type { Need, PlacementRequest } from "../documents/placement-request.ts";
import type { Tag } from "../documents/tag.ts";
import type { Container, Reservation, Task, TaskLaunchType, TaskOverride } from "../documents/task.ts";
import type { ContainerDefinition, TaskDefinition } from "../documents/task-definition.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { overridden } from "./overrides.ts";

/** What new tasks of one call or one service revision are made from. */
export type TaskTemplate = {
  readonly definition: TaskDefinition;
  /** The definition's containers with the overrides applied. */
  readonly containers: readonly ContainerDefinition[];
  readonly overrides: TaskOverride;
  readonly need: Need;
  readonly group: string;
  readonly startedBy: string | null;
  readonly tags: readonly Tag[];
  /** Subnets of awsvpc tasks; null for other network modes. */
  readonly subnets: readonly string[] | null;
};

/** The template for tasks of `definition`: their contents and needs, and what the call or service adds. */
export function taskTemplate(
  definition: TaskDefinition,
  overrides: TaskOverride,
  more: Pick<TaskTemplate, "group" | "startedBy" | "tags" | "subnets">,
): TaskTemplate {
  const containers = effectiveContainers(definition, overrides);
  return { definition, containers, overrides, need: needOf(definition, containers, overrides), ...more };
}

/** The containers of `definition` with `overrides` applied. */
export function effectiveContainers(definition: TaskDefinition, overrides: TaskOverride): ContainerDefinition[] {
  const byName = new Map(overrides.containerOverrides.map((override) => [override.name, override]));
  return definition.containerDefinitions.map((container) => overridden(container, byName.get(container.name)));
}

/**
 * What a task of `definition` needs. AWS: CPU and memory are the task's size, or the sum over its containers, where memoryReservation takes
 * precedence over memory. Fixed host ports count in bridge and host mode only.
 */
export function needOf(
  definition: TaskDefinition,
  containers: readonly ContainerDefinition[],
  overrides: TaskOverride,
): Need {
  const size = { cpu: overrides.cpu ?? definition.cpu, memory: overrides.memory ?? definition.memory };
  const sum = (of: (container: ContainerDefinition) => number) => containers.reduce((all, each) => all + of(each), 0);
  const tcpPorts: number[] = [];
  const udpPorts: number[] = [];
  for (const mapping of containers.flatMap((container) => container.portMappings)) {
    const host = definition.networkMode === "host" ? (mapping.hostPort ?? mapping.containerPort) : mapping.hostPort;
    if (definition.networkMode === "awsvpc" || host === undefined || host === 0) continue;
    (mapping.protocol === "udp" ? udpPorts : tcpPorts).push(host);
  }
  return {
    cpu: size.cpu === null ? sum((container) => container.cpu) : Number(size.cpu),
    memoryMiB:
      size.memory === null
        ? sum((container) => container.memoryReservation ?? container.memory ?? 0)
        : Number(size.memory),
    tcpPorts,
    udpPorts,
    gpus: sum(gpusOf),
    networkInterfaces: definition.networkMode === "awsvpc" ? 1 : 0,
    resources: ownResourcesOf(containers),
    requiresAttributes: attributesOfTask(definition, containers, overrides),
  };
}

const gpusOf = (container: ContainerDefinition): number =>
  (container.resourceRequirements ?? []).reduce((all, each) => all + (each.type === "GPU" ? Number(each.value) : 0), 0);

/** Where one task of a template goes, and the members that follow from it. */
export type TaskSpot = Pick<
  Task,
  "availabilityZone" | "launchType" | "capacityProviderName" | "platformVersion" | "ephemeralStorageGiB" | "attributes"
> & {
  /** The id of the container instance or managed host; null for a task that waits for an instance. */
  readonly instanceId: string | null;
  /** Null for network modes other than awsvpc. */
  readonly subnet: string | null;
  /** As many as the template needs. */
  readonly gpuIds: readonly string[];
};

/** The spot of a task of `template` on a container instance, with its capacity provider if a strategy runs it. */
export function spotOn(
  instance: ContainerInstance,
  template: TaskTemplate,
  gpuIds: readonly string[],
  capacityProviderName: string | null,
): TaskSpot {
  return { ...spotWithoutInstance(template, capacityProviderName), ...hostMembers(instance), gpuIds };
}

/** The spot of a task of `template` that waits for an instance of its provider. */
export const spotWithoutInstance = (template: TaskTemplate, capacityProviderName: string | null): TaskSpot => ({
  instanceId: null,
  availabilityZone: null,
  launchType: "EC2",
  capacityProviderName,
  platformVersion: null,
  ephemeralStorageGiB: template.definition.ephemeralStorageGiB,
  attributes: [],
  subnet: template.subnets === null ? null : (template.subnets[0] ?? ""),
  gpuIds: [],
});

/** The members of a task that come from its container instance. */
export const hostMembers = (
  instance: ContainerInstance,
): Pick<Task, "instanceId" | "availabilityZone" | "launchType" | "attributes"> => ({
  instanceId: instance.id,
  availabilityZone: instance.availabilityZone,
  launchType: launchTypeOn(instance),
  attributes: shownAttributes(instance.platformAttributes),
});

/** Cached by the instance's list: it is long, and all tasks of the instance show the same. */
const shownOfList = new WeakMap<object, Task["attributes"]>();

function shownAttributes(list: ContainerInstance["platformAttributes"]): Task["attributes"] {
  let shown = shownOfList.get(list);
  if (shown === undefined) {
    shown = list.filter(({ name }) => name === "ecs.cpu-architecture");
    shownOfList.set(list, shown);
  }
  return shown;
}

/** A task of `template` in its spot, not yet in the state; `waitingFor` if it has no instance yet. */
export function newTask(
  step: ClusterStep,
  template: TaskTemplate,
  spot: TaskSpot,
  waitingFor: PlacementRequest | null = null,
): Task {
  const id = step.random("task-id").hex(32);
  const { definition, need, overrides } = template;
  const { subnet, gpuIds } = spot;
  const attachments = subnet === null ? [] : [newAttachment(step, subnet)];
  const first = template.subnets === null && waitingFor === null ? "PENDING" : "PROVISIONING";
  const reservation: Reservation = {
    cpu: need.cpu,
    memoryMiB: need.memoryMiB,
    tcpPorts: need.tcpPorts,
    udpPorts: need.udpPorts,
    gpuIds,
    resources: need.resources,
  };
  return {
    id,
    arn: taskArn(step.place, step.clusterName, id),
    taskDefinitionArn: definition.arn,
    family: definition.family,
    instanceId: spot.instanceId,
    availabilityZone: spot.availabilityZone,
    launchType: spot.launchType,
    capacityProviderName: spot.capacityProviderName,
    platformVersion: spot.platformVersion,
    ephemeralStorageGiB: spot.ephemeralStorageGiB,
    attributes: spot.attributes,
    // AWS: a task with its own ENI or without an instance begins in PROVISIONING, any other in PENDING.
    lastStatus: first,
    desiredStatus: "RUNNING",
    version: 1,
    containers: newContainers(step, template, id, gpuIds, first),
    attachments,
    cpu: overrides.cpu ?? definition.cpu,
    memory: overrides.memory ?? definition.memory,
    reservation,
    overrides,
    group: template.group,
    startedBy: template.startedBy,
    tags: template.tags,
    enableExecuteCommand: false,
    healthStatus: "UNKNOWN",
    connectivity: null,
    connectivityAt: null,
    statusSince: step.now,
    createdAt: step.now,
    pullStartedAt: null,
    pullStoppedAt: null,
    startedAt: null,
    stoppingAt: null,
    executionStoppedAt: null,
    stoppedAt: null,
    stopCode: null,
    stoppedReason: null,
    waitingFor,
    protectedUntil: null,
  };
}

/** AWS: tasks on external instances have the launch type EXTERNAL. */
export const launchTypeOn = (instance: ContainerInstance): TaskLaunchType => (instance.external ? "EXTERNAL" : "EC2");

/** The GPUs of a task, shared out to its containers in order. */
export function gpuIdsByContainer(
  containers: readonly ContainerDefinition[],
  gpuIds: readonly string[],
): (readonly string[])[] {
  let given = 0;
  return containers.map((container) => {
    const gpus = gpusOf(container);
    given += gpus;
    return gpuIds.slice(given - gpus, given);
  });
}

function newContainers(
  step: ClusterStep,
  template: TaskTemplate,
  taskId: string,
  gpuIds: readonly string[],
  lastStatus: "PENDING" | "PROVISIONING",
): Container[] {
  const ids = step.random("container-id");
  const given = gpuIdsByContainer(template.containers, gpuIds);
  return template.containers.map((container, index) => {
    return {
      arn: containerArn(step.place, step.clusterName, taskId, ids.uuid()),
      name: container.name,
      image: container.image,
      essential: container.essential,
      lastStatus,
      imageDigest: null,
      runtimeId: null,
      exitCode: null,
      reason: null,
      networkBindings: [],
      networkInterfaces: [],
      healthStatus: container.healthCheck === undefined ? null : "UNKNOWN",
      cpu: container.cpu,
      memoryMiB: container.memory ?? null,
      memoryReservationMiB: container.memoryReservation ?? null,
      gpuIds: given[index] ?? [],
    };
  });
}

function newAttachment(step: ClusterStep, subnet: string): Attachment {
  return {
    id: step.random("attachment-id").uuid(),
    type: "ElasticNetworkInterface",
    status: "PRECREATED",
    details: [{ name: "subnetId", value: subnet }],
  };
}
