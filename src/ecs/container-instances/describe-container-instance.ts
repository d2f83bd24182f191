import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Resource } from "../documents/resource.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { statusReasonOf } from "./agent-update.ts";
import { describeHealth } from "./instance-health.ts";
import { remainingResources } from "./instance-resources.ts";

/** What DescribeContainerInstances may add. */
export type ContainerInstanceInclude = "TAGS" | "CONTAINER_INSTANCE_HEALTH";

/**
 * A container instance in API shape; null members are left out on the wire. `now` decides whether health reports are overdue. AWS: tags and
 * health are shown only if `include` names them.
 */
export function describeContainerInstance(
  state: ClusterState,
  instance: ContainerInstance,
  include: readonly ContainerInstanceInclude[],
  now: number,
) {
  const usage = state.book.usageOf(instance.id);
  return {
    containerInstanceArn: instance.arn,
    ec2InstanceId: instance.ec2InstanceId,
    capacityProviderName: instance.capacityProviderName,
    version: instance.version,
    versionInfo: instance.versionInfo ?? {},
    remainingResources: remainingResources(state, instance).map(describeResource),
    registeredResources: instance.registeredResources.map(describeResource),
    status: instance.status,
    statusReason: statusReasonOf(instance),
    agentConnected: instance.agentConnected,
    runningTasksCount: usage.running,
    pendingTasksCount: usage.pending,
    agentUpdateStatus: instance.agentUpdate?.status ?? null,
    attributes: [...instance.platformAttributes, ...instance.customAttributes],
    registeredAt: instance.registeredAt,
    attachments: instance.attachments,
    tags: include.includes("TAGS") ? instance.tags : [],
    healthStatus: include.includes("CONTAINER_INSTANCE_HEALTH") ? describeHealth(state, instance, now) : null,
    gpuDevices: describeGpus(state, instance),
  };
}

export type ContainerInstanceReply = ReturnType<typeof describeContainerInstance>;

/** AWS: a resource in an API reply shows zero for the numbers it doesn't use. */
function describeResource(resource: Resource) {
  const { name, type } = resource;
  const zeros = { doubleValue: 0, longValue: 0, integerValue: 0 };
  switch (resource.type) {
    case "STRINGSET":
      return { name, type, ...zeros, stringSetValue: resource.values };
    case "INTEGER":
      return { name, type, ...zeros, integerValue: resource.value };
    case "LONG":
      return { name, type, ...zeros, longValue: resource.value };
    case "DOUBLE":
      return { name, type, ...zeros, doubleValue: resource.value };
  }
}

/** Null without GPUs. A GPU belongs to one task at a time, so that task's containers use it. */
function describeGpus(state: ClusterState, instance: ContainerInstance) {
  const gpus = instance.platformDevices.filter((device) => device.type === "GPU");
  if (gpus.length === 0) return null;
  const users = new Map<string, number>();
  for (const taskId of state.book.usageOf(instance.id).taskIds) {
    for (const container of state.tasks.get(taskId)?.containers ?? []) {
      for (const id of container.gpuIds) users.set(id, (users.get(id) ?? 0) + 1);
    }
  }
  return gpus.map(({ id }) => {
    const containerCount = users.get(id) ?? 0;
    return { gpuId: id, sharingMode: containerCount > 0 ? "DEDICATED" : "IDLE", containerCount };
  });
}
