/** How operations' rows say which resources a request names. */

/** ECS's types of resources. */
export type ResourceType =
  | "attachment"
  | "capacity-provider"
  | "cluster"
  | "container-instance"
  | "service"
  | "service-deployment"
  | "service-revision"
  | "task"
  | "task-definition";

/**
 * How a member names something. `cluster`: by name or ARN. `container-instance`, `task`, `service`, `attachment`: by id or name in the
 * call's cluster, or by ARN. `arn`: by a complete ARN. `task-definition`, `capacity-provider`: by name or ARN, in the account. `used-...`:
 * the same, but the resource is only used. `outside`: in another AWS service, or not a resource.
 */
export type Naming =
  | "arn"
  | "attachment"
  | "capacity-provider"
  | "cluster"
  | "container-instance"
  | "outside"
  | "service"
  | "task"
  | "task-definition"
  | "used-capacity-provider"
  | "used-task-definition";

/** Members by path, such as `tasks[]` or `overrides.taskRoleArn`. */
export type NamingMembers = Readonly<Record<string, Naming>>;

/** `otherwise` is what a request is about if no member names a cluster: the cluster `default`, or only its members. */
export type NamedResources = {
  readonly otherwise: "default-cluster" | "members";
  readonly members: NamingMembers;
};

/** The request has a member `cluster`; without it, it is about the cluster `default`. */
export const inCluster = (members: NamingMembers = {}): NamedResources =>
  orDefaultCluster({ cluster: "cluster", ...members });

/** The request is about the cluster `default` if `members` name none. */
export const orDefaultCluster = (members: NamingMembers): NamedResources => ({ otherwise: "default-cluster", members });

/** The request is about the account, or what `members` name. */
export const inAccount = (members: NamingMembers = {}): NamedResources => ({ otherwise: "members", members });

export const usedProviders = { "capacityProviderStrategy[].capacityProvider": "used-capacity-provider" } as const;
export const overrides = { "overrides.executionRoleArn": "outside", "overrides.taskRoleArn": "outside" } as const;
export const ebsRole = { "volumeConfigurations[].managedEBSVolume.roleArn": "outside" } as const;
