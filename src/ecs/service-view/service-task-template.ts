import { must } from "../../lib/assert.ts";
import type { Deployment, ServiceRevision } from "../documents/deployment.ts";
import type { PlacementRequest, PlacementStrategy } from "../documents/placement-request.ts";
import { type Service, serviceGroup } from "../documents/service.ts";
import type { Tag } from "../documents/tag.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { type TaskTemplate, taskTemplate } from "../launch/new-task.ts";
import { resolveOverrides } from "../launch/overrides.ts";
import { constraintsOf } from "../placement/checked-placement.ts";
import type { Sight } from "./sight.ts";

/** The service revision that a deployment runs. */
export const revisionOf = (sight: Sight, { revisionId }: Deployment): ServiceRevision =>
  must(sight.state.serviceRevisions.get(revisionId), "the service revision of a deployment");

/** What every task of a deployment is made from. */
export function serviceTaskTemplate(sight: Sight, service: Service, deployment: Deployment): TaskTemplate {
  const revision = revisionOf(sight, deployment);
  const definition = must(sight.state.revisions.get(revision.taskDefinitionArn), "the task definition of a revision");
  return taskTemplate(definition, resolveOverrides(undefined, definition), {
    group: serviceGroup(service.name),
    startedBy: deployment.id,
    tags: tagsOfTask(sight, service, definition),
    subnets: revision.networkConfiguration?.awsvpcConfiguration.subnets ?? null,
  });
}

/** AWS: tags of the service or of the task definition go on to its tasks when that is asked for; managed ones name both. */
function tagsOfTask(sight: Sight, service: Service, definition: TaskDefinition): readonly Tag[] {
  const { propagateTags } = service;
  const own = propagateTags === "SERVICE" ? service.tags : propagateTags === "TASK_DEFINITION" ? definition.tags : [];
  if (!service.enableECSManagedTags) return own;
  return [
    { key: "aws:ecs:clusterName", value: sight.clusterName },
    { key: "aws:ecs:serviceName", value: service.name },
    ...own,
  ];
}

/** AWS: a REPLICA service without a strategy spreads over zones, and within one over instances. */
const defaultStrategy: readonly PlacementStrategy[] = [
  { type: "spread", field: "attribute:ecs.availability-zone" },
  { type: "spread", field: "instanceId" },
];

/** Where tasks of a service may go on container instances, and where they go best. */
export function placementOf(
  service: Service,
  template: TaskTemplate,
  launchType: "EC2" | "EXTERNAL",
  capacityProvider: string | null,
): PlacementRequest {
  return {
    need: template.need,
    group: template.group,
    deploymentId: template.startedBy,
    launchType,
    capacityProvider,
    constraints: [...constraintsOf(template.definition), ...service.placementConstraints],
    strategies: service.placementStrategy.length > 0 ? service.placementStrategy : defaultStrategy,
  };
}
