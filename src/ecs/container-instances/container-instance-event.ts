import { clusterArn } from "../arn.ts";
import type { ContainerInstance, VersionInfo } from "../documents/container-instance.ts";
import type { Resource } from "../documents/resource.ts";
import { isoTime } from "../events/iso-time.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { statusReasonOf } from "./agent-update.ts";
import { remainingResources } from "./instance-resources.ts";

/**
 * The detail of an event `ECS Container Instance State Change`. AWS: times are ISO texts, a resource carries only the value of its own
 * type, and an ENI has the type `eni` although the API calls it `ElasticNetworkInterface`. Leaves out absent members, and `attributes`
 * unless asked for.
 */
export function containerInstanceEventDetail(
  state: ClusterState,
  now: number,
  instance: ContainerInstance,
  include: { readonly attributes: boolean },
): Record<string, unknown> {
  const update = instance.agentUpdate;
  const statusReason = statusReasonOf(instance);
  return {
    agentConnected: instance.agentConnected,
    ...(update === null ? {} : { agentUpdateStatus: update.status }),
    ...(instance.attachments.length === 0 ? {} : { attachments: eventAttachments(instance) }),
    ...(include.attributes ? { attributes: eventAttributes(instance) } : {}),
    ...(instance.capacityProviderName === null ? {} : { capacityProviderName: instance.capacityProviderName }),
    clusterArn: clusterArn(state.place, state.name),
    containerInstanceArn: instance.arn,
    ...(instance.ec2InstanceId === null ? {} : { ec2InstanceId: instance.ec2InstanceId }),
    registeredAt: isoTime(instance.registeredAt),
    registeredResources: registeredInEvents(instance.registeredResources),
    remainingResources: remainingResources(state, instance).map(eventResource),
    status: instance.status,
    ...(statusReason === null ? {} : { statusReason }),
    updatedAt: isoTime(now),
    version: instance.version,
    versionInfo: instance.versionInfo === null ? {} : eventVersions(instance.versionInfo),
  };
}

function eventAttributes({ platformAttributes, customAttributes }: ContainerInstance) {
  return [...platformAttributes, ...customAttributes].map(({ name, value }) =>
    value === null ? { name } : { name, value },
  );
}

function eventAttachments(instance: ContainerInstance) {
  return instance.attachments.map(({ id, status, details }) => ({ id, type: "eni", status, details }));
}

type EventResource = ReturnType<typeof eventResource>;
const registeredOfList = new WeakMap<object, readonly EventResource[]>();

/** Cached by the instance's list: every event repeats what the instance registered, and each task makes one. */
function registeredInEvents(list: ContainerInstance["registeredResources"]): readonly EventResource[] {
  let registered = registeredOfList.get(list);
  if (registered === undefined) {
    registered = list.map(eventResource);
    registeredOfList.set(list, registered);
  }
  return registered;
}

function eventResource(resource: Resource) {
  const { name, type } = resource;
  switch (resource.type) {
    case "STRINGSET":
      return { name, type, stringSetValue: resource.values };
    case "INTEGER":
      return { name, type, integerValue: resource.value };
    case "LONG":
      return { name, type, longValue: resource.value };
    case "DOUBLE":
      return { name, type, doubleValue: resource.value };
  }
}

function eventVersions(versions: VersionInfo): Record<string, string> {
  const { agentHash, agentVersion, dockerVersion } = versions;
  return {
    ...(agentHash === null ? {} : { agentHash }),
    ...(agentVersion === null ? {} : { agentVersion }),
    ...(dockerVersion === null ? {} : { dockerVersion }),
  };
}
