import type { Shape } from "./document-shape.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A mandatory rule. AWS: memberOf has an expression of the cluster query language, distinctInstance has none. */
export type PlacementConstraint =
  | { readonly type: "distinctInstance" }
  | { readonly type: "memberOf"; readonly expression: string };

/**
 * A preference that orders the container instances where a task fits. The first of several decides; ties go to the next. The field of
 * spread is `instanceId` or `attribute:<name>`, as the API shows it (`host` means `instanceId`).
 */
export type PlacementStrategy =
  | { readonly type: "random" }
  | { readonly type: "spread"; readonly field: string }
  | { readonly type: "binpack"; readonly field: "CPU" | "MEMORY" };

/** Everything that decides which container instance a task goes to. Equal requests may share cached results. */
export type PlacementRequest = {
  readonly need: Need;
  /** The group whose tasks distinctInstance counts: `service:<name>`, or the group of standalone tasks. */
  readonly group: string;
  /** For a service, the deployment whose tasks spread counts; null or missing counts the whole group. */
  readonly deploymentId?: string | null;
  readonly launchType: "EC2" | "EXTERNAL";
  /** Only instances of this capacity provider; null for any. */
  readonly capacityProvider: string | null;
  /** Those of the task definition and of the call or service together. */
  readonly constraints: readonly PlacementConstraint[];
  readonly strategies: readonly PlacementStrategy[];
};

/** What one task needs from a container instance. */
export type Need = {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tcpPorts: readonly number[];
  readonly udpPorts: readonly number[];
  readonly gpus: number;
  /** Its own ENIs: one in network mode awsvpc. */
  readonly networkInterfaces: number;
  /** Amounts of users' own resources. */
  readonly resources: readonly { readonly name: string; readonly value: number }[];
  readonly requiresAttributes: TaskDefinition["requiresAttributes"];
};

export const constraintsShape: Shape = [{ type: "string" }];
export const strategiesShape: Shape = [{ type: "string" }];
