import { must } from "../../lib/assert.ts";
import type { Deployment, DeploymentConfiguration, ServiceRevision } from "./deployment.ts";
import { deploymentConfigurationShape } from "./deployment.ts";
import type { DocumentKind } from "./document-kind.ts";
import { orNull } from "./document-shape.ts";
import type { Impediment } from "./impediment.ts";
import type { PlacementConstraint, PlacementStrategy } from "./placement-request.ts";
import { constraintsShape, strategiesShape } from "./placement-request.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";
import type { Task } from "./task.ts";

/** The document of a service (kind `service`, key: its name). */
export type Service = {
  readonly name: string;
  readonly arn: string;
  /** AWS: DRAINING is deleted and still has tasks; INACTIVE ones are described for a while. */
  readonly status: "ACTIVE" | "DRAINING" | "INACTIVE";
  readonly schedulingStrategy: "REPLICA" | "DAEMON";
  /** AWS: of a DAEMON service the number of container instances that match, as last counted. */
  readonly desiredCount: number;
  /** Newest first; exactly one is PRIMARY, which is not always the first: a rollback makes an older one PRIMARY again. */
  readonly deployments: readonly Deployment[];
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
  /** The service deployment that runs, or that ran last; the key of its document. */
  readonly serviceDeploymentId: string;
  /** What is being done to bring the zones into balance; null when nothing is. */
  readonly rebalance: Rebalance | null;
  /** Since when the service is as it should be; null while it is not. */
  readonly steadySince: number | null;
  /** When an event last said so. */
  readonly steadyAnnouncedAt: number | null;
  /** Why nothing moves or a task cannot be placed, while that lasts. */
  readonly impediment: Impediment | null;
  /** What its events have said since it was last steady or updated, and when: the same news is held back. */
  readonly impedimentsTold: readonly { readonly news: string; readonly at: number }[];
  /** When the last task was gone. */
  readonly inactiveAt: number | null;
  /** Of an INACTIVE service, what its tasks were started of last: its revisions are gone. */
  readonly lastRevision: ServiceRevision | null;
  /** Of an INACTIVE service, the deployment that was PRIMARY; absent in documents from before it was kept. */
  readonly lastDeployment?: Deployment | null;
};

/** A task on its way from the zone with the most tasks to one with few: first one more is started, then one is stopped. */
export type Rebalance = {
  readonly phase: "starting" | "stopping";
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
};

/** AWS: a line of a service's `events[]` (kind `service-event`, key: service name, a slash and a rising number). */
export type ServiceEvent = {
  readonly id: string;
  readonly serviceName: string;
  readonly number: number;
  readonly createdAt: number;
  readonly message: string;
};

/** A stored service as it is today: earlier versions kept what was in the way as a text, and the next look finds out again. */
function upgraded(document: object): Service {
  const service = document as Service;
  const impediment = service.impediment?.reason === undefined ? null : service.impediment;
  const impedimentsTold = service.impedimentsTold?.filter(({ news }) => news !== undefined);
  return { ...service, impediment, impedimentsTold };
}

/** The group of a service's tasks. */
export const serviceGroup = (serviceName: string): string => `service:${serviceName}`;

/** The name of the service that a task belongs to, or null for a standalone task. */
export const serviceNameOf = ({ group }: Pick<Task, "group">): string | null =>
  group.startsWith("service:") ? group.slice(8) : null;

/** The deployment that the service is brought to. An INACTIVE service has none. */
export const primaryOf = (service: Service): Deployment =>
  must(
    service.deployments.find(({ status }) => status === "PRIMARY"),
    "the PRIMARY deployment of a service",
  );

export const serviceKind: DocumentKind<Service> = {
  name: "service",
  keyMember: "name",
  version: 1,
  shape: {
    name: "string",
    arn: "string",
    status: new Set(["ACTIVE", "DRAINING", "INACTIVE"]),
    schedulingStrategy: new Set(["REPLICA", "DAEMON"]),
    desiredCount: "number",
    deployments: [
      {
        id: "string",
        status: new Set(["PRIMARY", "ACTIVE"]),
        revisionId: "string",
        rolloutState: "string",
        failedTasks: "number",
        breakerCount: "number",
        startBackoff: { rounds: "number", until: "number?", countedUpTo: "number?" },
        alarmsAtStart: ["string"],
        createdAt: "number",
        updatedAt: "number",
      },
    ],
    deploymentConfiguration: deploymentConfigurationShape,
    placementConstraints: constraintsShape,
    placementStrategy: strategiesShape,
    tags: tagsShape,
    createdAt: "number",
    serviceDeploymentId: "string",
    rebalance: orNull({ phase: "string", from: "string", to: "string", startedAt: "number" }),
    steadySince: "number?",
    impediment: orNull({ reason: { type: "string" }, since: "number" }),
    impedimentsTold: [{ news: "string", at: "number" }],
    inactiveAt: "number?",
  },
  upgrade: upgraded,
  /** It is forgotten. */
  dueAt: ({ inactiveAt }, timeline) => (inactiveAt === null ? null : inactiveAt + timeline.inactiveServiceRetentionMs),
};

export const serviceEventKind: DocumentKind<ServiceEvent> = {
  name: "service-event",
  keyMember: null,
  version: 1,
  shape: { id: "string", serviceName: "string", number: "number", createdAt: "number", message: "string" },
};
