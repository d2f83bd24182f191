import type { Shape } from "./document-shape.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A rule that binds. AWS: memberOf has an expression of the cluster query language, distinctInstance has none. */
export type PlacementConstraint =
  | { readonly type: "distinctInstance" }
  | { readonly type: "memberOf"; readonly expression: string };

/**
 * A wish that orders the container instances where a task fits; of several the first partitions, ties go to the next. The field
 * of spread is `instanceId` or `attribute:<name>`, as the API shows it (`host` means `instanceId`).
 */
export type PlacementStrategy =
  | { readonly type: "random" }
  | { readonly type: "spread"; readonly field: string }
  | { readonly type: "binpack"; readonly field: "CPU" | "MEMORY" };

/** What decides where a task on container instances goes. Equal requests may share what was worked out for one of them. */
export type PlacementRequest = {
  readonly need: Need;
  /** The group whose tasks distinctInstance counts: `service:<name>`, or that of standalone tasks. */
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

/** What one task asks of a container instance. */
export type Need = {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tcpPorts: readonly number[];
  readonly udpPorts: readonly number[];
  readonly gpus: number;
  /** ENIs of its own: one in network mode awsvpc. */
  readonly networkInterfaces: number;
  /** Amounts of resources that users registered on instances under names of their own. */
  readonly resources: readonly { readonly name: string; readonly value: number }[];
  readonly requiresAttributes: TaskDefinition["requiresAttributes"];
};

export const constraintsShape: Shape = [{ type: "string" }];
export const strategiesShape: Shape = [{ type: "string" }];
