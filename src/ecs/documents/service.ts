import type { Deployment, DeploymentConfiguration, ServiceRevision } from "./deployment.ts";
import { deploymentConfigurationShape } from "./deployment.ts";
import type { DeploymentProgress } from "./deployment-progress.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { PlacementConstraint, PlacementStrategy } from "./placement-request.ts";
import { constraintsShape, strategiesShape } from "./placement-request.ts";
import { takenApart } from "./service-in-one-piece.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";
import type { Task } from "./task.ts";

/**
 * A service as its user wants it (kind `service`, key: its name). How its deployments go is in its `Rollout`, what is in its way in its
 * `ServiceCondition`, and what its tasks show in the `DeploymentProgress` of their deployment.
 */
export type Service = {
  readonly name: string;
  readonly arn: string;
  /** AWS: DRAINING is deleted and still has tasks; INACTIVE ones are described for a while. */
  readonly status: "ACTIVE" | "DRAINING" | "INACTIVE";
  readonly schedulingStrategy: "REPLICA" | "DAEMON";
  /** AWS: of a DAEMON service the number of container instances that match, as last counted. */
  readonly desiredCount: number;
  readonly deploymentConfiguration: DeploymentConfiguration;
  readonly placementConstraints: readonly PlacementConstraint[];
  readonly placementStrategy: readonly PlacementStrategy[];
  readonly availabilityZoneRebalancing: "ENABLED" | "DISABLED";
  readonly healthCheckGracePeriodSeconds: number | null;
  readonly enableECSManagedTags: boolean;
  readonly propagateTags: "NONE" | "SERVICE" | "TASK_DEFINITION";
  readonly tags: readonly Tag[];
  readonly createdAt: number;
  readonly createdBy: string;
  /** When the last task was gone. */
  readonly inactiveAt: number | null;
  /** Of an INACTIVE service, what its tasks were started of last: its revisions are gone. */
  readonly lastRevision: ServiceRevision | null;
  /** Of an INACTIVE service, the deployment that was its last target. */
  readonly lastDeployment: (Deployment & Pick<DeploymentProgress, "failedTasks">) | null;
};

/** AWS: a line of a service's `events[]` (kind `service-event`, key: service name, a slash and a rising number). */
export type ServiceEvent = {
  readonly id: string;
  readonly serviceName: string;
  readonly number: number;
  readonly createdAt: number;
  readonly message: string;
};

/** The group of a service's tasks. */
export const serviceGroup = (serviceName: string): string => `service:${serviceName}`;

/** The name of the service that a task belongs to, or null for a standalone task. */
export const serviceNameOf = ({ group }: Pick<Task, "group">): string | null =>
  group.startsWith("service:") ? group.slice(8) : null;

export const serviceKind: DocumentKind<Service> = {
  name: "service",
  keyMember: "name",
  version: 2,
  shape: {
    name: "string",
    arn: "string",
    status: new Set(["ACTIVE", "DRAINING", "INACTIVE"]),
    schedulingStrategy: new Set(["REPLICA", "DAEMON"]),
    desiredCount: "number",
    deploymentConfiguration: deploymentConfigurationShape,
    placementConstraints: constraintsShape,
    placementStrategy: strategiesShape,
    tags: tagsShape,
    createdAt: "number",
    inactiveAt: "number?",
  },
  upgrade: (document, version, release) => (version === 1 ? takenApart(document, release) : document) as Service,
  /** It is forgotten. */
  dueAt: ({ inactiveAt }, timeline) => (inactiveAt === null ? null : inactiveAt + timeline.inactiveServiceRetentionMs),
};

export const serviceEventKind: DocumentKind<ServiceEvent> = {
  name: "service-event",
  keyMember: null,
  version: 1,
  shape: { id: "string", serviceName: "string", number: "number", createdAt: "number", message: "string" },
};
