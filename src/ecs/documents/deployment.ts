import type { Timeline } from "../timeline.ts";
import type { CapacityProviderStrategy } from "./capacity-provider.ts";
import { strategyShape } from "./capacity-provider.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { Shape } from "./document-shape.ts";
import { orNull } from "./document-shape.ts";

export type RolloutState = "IN_PROGRESS" | "COMPLETED" | "FAILED";

/**
 * One of the deployments of a service: the tasks of one service revision, whose startedBy is its id. What its tasks have shown so far is
 * in a document of its own, `DeploymentProgress`.
 */
export type Deployment = {
  /** `ecs-svc/` and the 19 digits of its service revision. */
  readonly id: string;
  /** The key of its service revision. */
  readonly revisionId: string;
  readonly rolloutState: RolloutState;
  readonly rolloutStateReason: string;
  /** The alarms of its service that were in ALARM when it began. */
  readonly alarmsAtStart: readonly string[];
  /** When a rollout that has all its tasks, and that alarms watch, is over; null before. */
  readonly bakesUntil: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** AWS: what a deployment starts tasks of does not change (kind `service-revision`, key: its id, 19 digits). */
export type ServiceRevision = {
  readonly id: string;
  readonly arn: string;
  readonly serviceName: string;
  readonly taskDefinitionArn: string;
  /** Null when the service has a capacity provider strategy. */
  readonly launchType: "EC2" | "FARGATE" | "EXTERNAL" | null;
  /** Empty when the service has a launch type. */
  readonly capacityProviderStrategy: CapacityProviderStrategy;
  /** Null but on Fargate. */
  readonly platformVersion: string | null;
  /** As the request gave it, in API shape; null for network modes but awsvpc. */
  readonly networkConfiguration: NetworkConfiguration | null;
  readonly containerImages: readonly { readonly containerName: string; readonly image: string }[];
  readonly createdAt: number;
};

export type NetworkConfiguration = {
  readonly awsvpcConfiguration: {
    readonly subnets: readonly string[];
    readonly securityGroups: readonly string[];
    readonly assignPublicIp: "ENABLED" | "DISABLED";
  };
};

/** AWS: the states of a service deployment. */
export const serviceDeploymentStatuses = [
  "PENDING",
  "IN_PROGRESS",
  "STOP_REQUESTED",
  "STOPPED",
  "SUCCESSFUL",
  "ROLLBACK_REQUESTED",
  "ROLLBACK_IN_PROGRESS",
  "ROLLBACK_SUCCESSFUL",
  "ROLLBACK_FAILED",
] as const;
export type ServiceDeploymentStatus = (typeof serviceDeploymentStatuses)[number];

/** The history of one attempt to bring a service to a revision (kind `service-deployment`, key: its id). */
export type ServiceDeployment = {
  /** 21 characters that go into a URL as they are. */
  readonly id: string;
  readonly arn: string;
  readonly serviceName: string;
  /** The deployment whose tasks it starts. */
  readonly deploymentId: string;
  readonly status: ServiceDeploymentStatus;
  readonly statusReason: string | null;
  /** The revisions that had tasks when it began. */
  readonly sourceRevisionIds: readonly string[];
  readonly targetRevisionId: string;
  readonly deploymentConfiguration: DeploymentConfiguration;
  /** What the circuit breaker counted by the end; while it runs the deployment knows. */
  readonly failureCount: number;
  /** What tripped the circuit breaker then; null while it is counted. The desired count, which it comes from, may change later. */
  readonly failureThreshold: number | null;
  /** The alarms that it failed for. */
  readonly triggeredAlarms: readonly string[];
  readonly rollback: { readonly reason: string; readonly startedAt: number; readonly revisionId: string } | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly stoppedAt: number | null;
  readonly updatedAt: number;
};

/** AWS: percentages are of the desired count. */
export type DeploymentConfiguration = {
  /** The name of a row in service-plan/strategies.ts. */
  readonly strategy: string;
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  readonly deploymentCircuitBreaker: CircuitBreaker;
  readonly alarms: DeploymentAlarms;
};

export type DeploymentAlarms = {
  readonly alarmNames: readonly string[];
  readonly enable: boolean;
  readonly rollback: boolean;
};

export type CircuitBreaker = {
  readonly enable: boolean;
  readonly rollback: boolean;
  readonly resetOnHealthyTask: boolean;
  readonly thresholdConfiguration: {
    readonly type: "BOUNDED_PERCENT" | "UNBOUNDED_PERCENT" | "COUNT";
    readonly value: number;
  };
};

export const deploymentConfigurationShape: Shape = {
  strategy: "string",
  minimumHealthyPercent: "number",
  maximumPercent: "number",
  deploymentCircuitBreaker: {
    enable: "boolean",
    rollback: "boolean",
    thresholdConfiguration: { type: "string", value: "number" },
  },
  alarms: { alarmNames: ["string"], enable: "boolean", rollback: "boolean" },
};

export const serviceRevisionKind: DocumentKind<ServiceRevision> = {
  name: "service-revision",
  keyMember: "id",
  version: 1,
  shape: {
    id: "string",
    arn: "string",
    serviceName: "string",
    taskDefinitionArn: "string",
    launchType: "string?",
    capacityProviderStrategy: strategyShape,
    networkConfiguration: orNull({ awsvpcConfiguration: { subnets: ["string"], securityGroups: ["string"] } }),
    containerImages: ["object"],
    createdAt: "number",
  },
};

/** AWS: the history of a service is kept for 90 days. */
export const serviceDeploymentDueAt = ({ finishedAt }: ServiceDeployment, timeline: Timeline): number | null =>
  finishedAt === null ? null : finishedAt + timeline.serviceHistoryMs;

export const serviceDeploymentKind: DocumentKind<ServiceDeployment> = {
  name: "service-deployment",
  keyMember: "id",
  version: 1,
  shape: {
    id: "string",
    arn: "string",
    serviceName: "string",
    deploymentId: "string",
    status: "string",
    sourceRevisionIds: ["string"],
    targetRevisionId: "string",
    deploymentConfiguration: deploymentConfigurationShape,
    triggeredAlarms: ["string"],
    createdAt: "number",
    startedAt: "number?",
    finishedAt: "number?",
    updatedAt: "number",
  },
  /** It is forgotten. */
  dueAt: serviceDeploymentDueAt,
};
