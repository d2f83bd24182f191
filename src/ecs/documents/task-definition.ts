import type { DocumentKind } from "./document-kind.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

export type NetworkMode = "bridge" | "host" | "awsvpc" | "none";

export type PortMapping = {
  readonly containerPort?: number;
  readonly containerPortRange?: string;
  readonly hostPort?: number;
  readonly protocol?: string;
  readonly name?: string;
  readonly appProtocol?: string;
};

/**
 * A container definition as registered, in API shape with defaults. Names the members that the rulebook reads; the others go to the agent
 * unchanged.
 */
export type ContainerDefinition = {
  readonly name: string;
  readonly image: string;
  readonly essential: boolean;
  readonly cpu: number;
  readonly memory?: number;
  readonly memoryReservation?: number;
  readonly portMappings: readonly PortMapping[];
  readonly command?: readonly string[];
  readonly entryPoint?: readonly string[];
  readonly environment: readonly { readonly name?: string; readonly value?: string }[];
  readonly healthCheck?: {
    readonly command: readonly string[];
    readonly interval?: number;
    readonly timeout?: number;
    readonly retries?: number;
    readonly startPeriod?: number;
  };
  readonly resourceRequirements?: readonly { readonly type: string; readonly value: string }[];
  readonly dependsOn?: readonly { readonly containerName: string; readonly condition: string }[];
  readonly links?: readonly string[];
  readonly startTimeout?: number;
  readonly stopTimeout?: number;
  readonly privileged?: boolean;
  readonly [member: string]: unknown;
};

export type TaskDefinitionStatus = "ACTIVE" | "INACTIVE" | "DELETE_IN_PROGRESS";

/** The document of a task definition revision (kind `task-definition`, key: `family:revision`). */
export type TaskDefinition = {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  readonly status: TaskDefinitionStatus;
  readonly networkMode: NetworkMode | null;
  readonly cpu: string | null;
  readonly memory: string | null;
  readonly containerDefinitions: readonly ContainerDefinition[];
  readonly requiresCompatibilities: readonly string[];
  readonly compatibilities: readonly string[];
  /** Names of attributes that a container instance must have, with this value if one is given. */
  readonly requiresAttributes: readonly { readonly name: string; readonly value?: string }[];
  readonly placementConstraints: readonly { readonly type?: string; readonly expression?: string }[];
  readonly taskRoleArn: string | null;
  readonly executionRoleArn: string | null;
  readonly ephemeralStorageGiB: number | null;
  readonly registeredAt: number;
  readonly deregisteredAt: number | null;
  readonly deleteRequestedAt: number | null;
  readonly registeredBy: string;
  readonly tags: readonly Tag[];
  /** The remaining members of the registration in API shape (volumes, pidMode, ipcMode, proxyConfiguration, runtimePlatform, ...). */
  readonly more: Readonly<Record<string, unknown>>;
};

export const taskDefinitionKind: DocumentKind<TaskDefinition> = {
  name: "task-definition",
  keyMember: null,
  version: 1,
  shape: {
    arn: "string",
    family: "string",
    revision: "number",
    status: new Set(["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"]),
    networkMode: "string?",
    cpu: "string?",
    memory: "string?",
    containerDefinitions: [
      { name: "string", image: "string", essential: "boolean", cpu: "number", portMappings: ["object"] },
    ],
    requiresCompatibilities: ["string"],
    compatibilities: ["string"],
    requiresAttributes: [{ name: "string" }],
    placementConstraints: ["object"],
    registeredAt: "number",
    deregisteredAt: "number?",
    deleteRequestedAt: "number?",
    tags: tagsShape,
    more: "object",
  },
};
