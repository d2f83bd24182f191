import { clusterArn } from "../arn.ts";
import type { Task } from "../documents/task.ts";
import { isoTime } from "../events/iso-time.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { describeContainer, instanceArnOf, platformFamilyOf, storageOf } from "./describe-task.ts";

const iso = (time: number | null): string | undefined => (time === null ? undefined : isoTime(time));

/**
 * The `detail` of an "ECS Task State Change" event: the task's current state. AWS: attachments have the type `eni` here, times are ISO
 * texts, unset members and tags are left out.
 */
export function taskEventDetail(state: ClusterState, now: number, task: Task): Record<string, unknown> {
  return present({
    attachments: task.attachments.map(({ id, status, details }) => ({ id, type: "eni", status, details })),
    attributes: task.attributes.map(({ name, value }) => present({ name, value })),
    availabilityZone: task.availabilityZone,
    capacityProviderName: task.capacityProviderName,
    clusterArn: clusterArn(state.place, state.name),
    connectivity: task.connectivity,
    connectivityAt: iso(task.connectivityAt),
    containerInstanceArn: instanceArnOf(state, task),
    containers: task.containers.map((container) => {
      const shown = present(describeContainer(task, container) as Record<string, unknown>);
      return { ...shown, networkBindings: container.networkBindings.map((binding) => present({ ...binding })) };
    }),
    cpu: task.cpu ?? String(task.reservation.cpu),
    createdAt: iso(task.createdAt),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    ephemeralStorage: storageOf(task),
    executionStoppedAt: iso(task.executionStoppedAt),
    group: task.group,
    lastStatus: task.lastStatus,
    launchType: task.launchType,
    memory: task.memory ?? String(task.reservation.memoryMiB),
    overrides: { containerOverrides: task.overrides.containerOverrides.map((override) => ({ ...override })) },
    platformFamily: platformFamilyOf(task),
    platformVersion: task.platformVersion,
    pullStartedAt: iso(task.pullStartedAt),
    pullStoppedAt: iso(task.pullStoppedAt),
    startedAt: iso(task.startedAt),
    startedBy: task.startedBy,
    stopCode: task.stopCode,
    stoppedAt: iso(task.stoppedAt),
    stoppedReason: task.stoppedReason,
    stoppingAt: iso(task.stoppingAt),
    taskArn: task.arn,
    taskDefinitionArn: task.taskDefinitionArn,
    updatedAt: isoTime(now),
    version: task.version,
  });
}

function present(members: Record<string, unknown>): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const name in members) {
    const value = members[name];
    if (value !== null && value !== undefined) set[name] = value;
  }
  return set;
}
