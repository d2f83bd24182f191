import { attachmentArn, clusterArn } from "../arn.ts";
import type { Attachment } from "../documents/container-instance.ts";
import type { Container, NetworkBinding, Task } from "../documents/task.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** A task in API shape. `tags` includes its tags, which DescribeTasks does only on request. */
export function describeTask(state: ClusterState, task: Task, options: { readonly tags: boolean }): object {
  return {
    attachments: task.attachments.map(describeAttachment),
    attributes: task.attributes,
    availabilityZone: task.availabilityZone,
    capacityProviderName: task.capacityProviderName,
    clusterArn: clusterArn(state.place, state.name),
    connectivity: task.connectivity,
    connectivityAt: task.connectivityAt,
    containerInstanceArn: instanceArnOf(state, task),
    containers: task.containers.map((container) => describeContainer(task, container)),
    cpu: task.cpu ?? String(task.reservation.cpu),
    createdAt: task.createdAt,
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    ephemeralStorage: storageOf(task),
    executionStoppedAt: task.executionStoppedAt,
    fargateEphemeralStorage: task.launchType === "FARGATE" ? storageOf(task) : null,
    group: task.group,
    healthStatus: task.healthStatus,
    inferenceAccelerators: [],
    lastStatus: task.lastStatus,
    launchType: task.launchType,
    memory: task.memory ?? String(task.reservation.memoryMiB),
    overrides: { ...task.overrides, inferenceAcceleratorOverrides: [] },
    platformFamily: platformFamilyOf(task),
    platformVersion: task.platformVersion,
    pullStartedAt: task.pullStartedAt,
    pullStoppedAt: task.pullStoppedAt,
    startedAt: task.startedAt,
    startedBy: task.startedBy,
    stopCode: task.stopCode,
    stoppedAt: task.stoppedAt,
    stoppedReason: task.stoppedReason,
    stoppingAt: task.stoppingAt,
    tags: options.tags ? task.tags : [],
    taskArn: task.arn,
    taskDefinitionArn: task.taskDefinitionArn,
    version: task.version,
  };
}

/** AWS: the local storage of a Fargate task; its size is shown even if nobody requested one. */
export const storageOf = ({ ephemeralStorageGiB }: Task): { readonly sizeInGiB: number } | null =>
  ephemeralStorageGiB === null ? null : { sizeInGiB: ephemeralStorageGiB };

/** AWS: Fargate tasks show the family of their operating system; Berth runs Linux. */
export const platformFamilyOf = ({ launchType }: Task): string | null => (launchType === "FARGATE" ? "Linux" : null);

/**
 * The ARN of the task's container instance. Instances are kept as long as their tasks; otherwise it follows from the id.
 * AWS: a Fargate task has none.
 */
export function instanceArnOf(state: ClusterState, task: Task): string | null {
  if (task.instanceId === null || task.launchType === "FARGATE") return null;
  return task.arn.replace(/:task\/.*$/, `:container-instance/${state.name}/${task.instanceId}`);
}

/** A container of a task in API shape. */
export function describeContainer(task: Task, container: Container): object {
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    imageDigest: container.imageDigest,
    runtimeId: container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: container.networkBindings.map(describeBinding),
    networkInterfaces: container.networkInterfaces,
    healthStatus: container.healthStatus ?? "UNKNOWN",
    cpu: String(container.cpu),
    memory: container.memoryMiB === null ? null : String(container.memoryMiB),
    memoryReservation: container.memoryReservationMiB === null ? null : String(container.memoryReservationMiB),
    gpuIds: container.gpuIds.length === 0 ? null : container.gpuIds,
  };
}

const describeBinding = (binding: NetworkBinding): object => ({ ...binding });

function describeAttachment(attachment: Attachment): object {
  return { id: attachment.id, type: attachment.type, status: attachment.status, details: attachment.details };
}

/** The ARN that an agent uses for an attachment of this cluster. */
export const attachmentArnOf = (state: ClusterState, attachment: Attachment): string =>
  attachmentArn(state.place, state.name, attachment.id);
