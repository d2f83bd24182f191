import type { TaskDefinition } from "../documents/task-definition.ts";

/** A task definition in API shape, without its tags, which a reply has separately. */
export function taskDefinitionReply(definition: TaskDefinition): object {
  const { ephemeralStorageGiB: sizeInGiB } = definition;
  return {
    taskDefinitionArn: definition.arn,
    containerDefinitions: definition.containerDefinitions,
    family: definition.family,
    taskRoleArn: definition.taskRoleArn,
    executionRoleArn: definition.executionRoleArn,
    networkMode: definition.networkMode,
    revision: definition.revision,
    status: definition.status,
    requiresAttributes: definition.requiresAttributes,
    placementConstraints: definition.placementConstraints,
    compatibilities: definition.compatibilities,
    requiresCompatibilities: definition.requiresCompatibilities,
    cpu: definition.cpu,
    memory: definition.memory,
    ephemeralStorage: sizeInGiB === null ? null : { sizeInGiB },
    registeredAt: definition.registeredAt,
    deregisteredAt: definition.deregisteredAt,
    deleteRequestedAt: definition.deleteRequestedAt,
    registeredBy: definition.registeredBy,
    ...definition.more,
  };
}
