/** How the rows of operations say which resources a request names. */

/** The types of the resources of ECS. */
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
 * cluster of the call, or by ARN. `arn`: by an ARN that says all. `task-definition`, `capacity-provider`: by name or ARN, of the
 * account. `used-...`: likewise, but it is only used. `outside`: of another AWS service, or no resource.
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

/** Members by their paths, such as `tasks[]` or `overrides.taskRoleArn`. */
export type NamingMembers = Readonly<Record<string, Naming>>;

/** `otherwise` is what a request is about whose members name no cluster: the cluster `default`, or nothing but its members. */
export type NamedResources = {
  readonly otherwise: "default-cluster" | "members";
  readonly members: NamingMembers;
};

/** The request has a member `cluster`, and is about the cluster `default` without it. */
export const inCluster = (members: NamingMembers = {}): NamedResources =>
  orDefaultCluster({ cluster: "cluster", ...members });

/** The request is about the cluster `default` when `members` name none. */
export const orDefaultCluster = (members: NamingMembers): NamedResources => ({ otherwise: "default-cluster", members });

/** The request is about the account, or what `members` name. */
export const inAccount = (members: NamingMembers = {}): NamedResources => ({ otherwise: "members", members });

export const usedProviders = { "capacityProviderStrategy[].capacityProvider": "used-capacity-provider" } as const;
export const overrides = { "overrides.executionRoleArn": "outside", "overrides.taskRoleArn": "outside" } as const;
export const ebsRole = { "volumeConfigurations[].managedEBSVolume.roleArn": "outside" } as const;
