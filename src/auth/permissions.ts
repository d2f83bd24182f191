/**
 * Which role may do what: a row for each action, in the order of the API. The table is the only source. A test compares it with
 * the operations that Berth answers, so that a new one cannot come without a decision.
 */
import type { Role } from "./roles.ts";

/**
 * What an action is: `read` changes nothing, `operate` changes what runs, `administer` changes the account as a whole, `speak` reports
 * for a container instance.
 */
export type Level = "read" | "operate" | "administer" | "speak";

/** The types of the resources that a request names. `*` is the account as a whole. */
export type ResourceType =
  | "*"
  | "attachment"
  | "capacity-provider"
  | "cluster"
  | "container-instance"
  | "service"
  | "service-deployment"
  | "service-revision"
  | "task"
  | "task-definition"
  | "unknown";

/** The levels of each role. An agent key has none: {@link agentActions} lists all it may do. */
export const levelsOf: Readonly<Record<Role, readonly Level[]>> = {
  admin: ["read", "operate", "administer", "speak"],
  operator: ["read", "operate"],
  "read-only": ["read"],
  agent: [],
};

export const actionLevels = {
  "ecs:CreateCapacityProvider": "operate",
  "ecs:CreateCluster": "operate",
  "ecs:CreateService": "operate",
  "ecs:DeleteAccountSetting": "administer",
  "ecs:DeleteAttributes": "operate",
  "ecs:DeleteCapacityProvider": "operate",
  // The history of a cluster is deleted with it.
  "ecs:DeleteCluster": "administer",
  "ecs:DeleteService": "operate",
  "ecs:DeleteTaskDefinitions": "operate",
  "ecs:DeregisterContainerInstance": "operate",
  "ecs:DeregisterTaskDefinition": "operate",
  "ecs:DescribeCapacityProviders": "read",
  "ecs:DescribeClusters": "read",
  "ecs:DescribeContainerInstances": "read",
  "ecs:DescribeServiceDeployments": "read",
  "ecs:DescribeServiceRevisions": "read",
  "ecs:DescribeServices": "read",
  "ecs:DescribeTaskDefinition": "read",
  "ecs:DescribeTasks": "read",
  "ecs:DiscoverPollEndpoint": "read",
  "ecs:GetTaskProtection": "read",
  "ecs:ListAccountSettings": "read",
  "ecs:ListAttributes": "read",
  "ecs:ListClusters": "read",
  "ecs:ListContainerInstances": "read",
  "ecs:ListServiceDeployments": "read",
  "ecs:ListServices": "read",
  "ecs:ListServicesByNamespace": "read",
  "ecs:ListTagsForResource": "read",
  "ecs:ListTaskDefinitionFamilies": "read",
  "ecs:ListTaskDefinitions": "read",
  "ecs:ListTasks": "read",
  "ecs:Poll": "speak",
  // The root user's settings apply to the account; and awsvpcTrunking changes what other users' instances do.
  "ecs:PutAccountSetting": "administer",
  "ecs:PutAccountSettingDefault": "administer",
  "ecs:PutAttributes": "operate",
  "ecs:PutClusterCapacityProviders": "operate",
  "ecs:RegisterContainerInstance": "operate",
  "ecs:RegisterTaskDefinition": "operate",
  "ecs:RunTask": "operate",
  "ecs:StartTask": "operate",
  "ecs:StartTelemetrySession": "speak",
  "ecs:StopServiceDeployment": "operate",
  "ecs:StopTask": "operate",
  "ecs:SubmitAttachmentStateChanges": "speak",
  "ecs:SubmitContainerStateChange": "speak",
  "ecs:SubmitTaskStateChange": "speak",
  "ecs:TagResource": "operate",
  "ecs:UntagResource": "operate",
  "ecs:UpdateCapacityProvider": "operate",
  "ecs:UpdateCluster": "operate",
  "ecs:UpdateClusterSettings": "operate",
  "ecs:UpdateContainerAgent": "operate",
  "ecs:UpdateContainerInstancesState": "operate",
  "ecs:UpdateService": "operate",
  "ecs:UpdateTaskProtection": "operate",
  "berth:CancelDrain": "operate",
  "berth:DescribeAlarms": "read",
  "berth:DescribeDrain": "read",
  "berth:DescribeLostAgentPolicy": "read",
  "berth:ExplainPlacement": "read",
  "berth:PlanDrain": "read",
  "berth:PutLostAgentPolicy": "operate",
  // The metrics of the whole process, all accounts together.
  "berth:ReadMetrics": "read",
  "berth:SetAlarmState": "operate",
  "berth:StartDrain": "operate",
} as const satisfies Readonly<Record<`${"ecs" | "berth"}:${string}`, Level>>;

export type Action = keyof typeof actionLevels;

type Granted = ReadonlyMap<string, readonly ResourceType[]>;

/**
 * What an agent key may do, and the types of resources such a call may name. The cluster's rules (`instance-owner.ts`) check that
 * the instance, or the task's instance, is one that this key registered. AWS: the policy AmazonEC2ContainerServiceforEC2Role.
 * DIFFERS: an agent key may not call CreateCluster, which the policy for instances on AWS allows: the cluster must exist before its agents start.
 */
export const agentActions: Granted = new Map<Action, readonly ResourceType[]>([
  ["ecs:DeregisterContainerInstance", ["cluster", "container-instance"]],
  ["ecs:DiscoverPollEndpoint", ["cluster", "container-instance"]],
  ["ecs:ListTagsForResource", ["container-instance", "task"]],
  ["ecs:Poll", ["container-instance"]],
  ["ecs:RegisterContainerInstance", ["cluster", "container-instance"]],
  ["ecs:StartTelemetrySession", ["container-instance"]],
  ["ecs:SubmitAttachmentStateChanges", ["cluster", "attachment"]],
  ["ecs:SubmitContainerStateChange", ["cluster", "task"]],
  ["ecs:SubmitTaskStateChange", ["cluster", "task", "attachment"]],
  ["ecs:UpdateContainerInstancesState", ["cluster", "container-instance"]],
]);

/**
 * What a task may do with the credentials of its roles, about itself only.
 * DIFFERS: there are no policies yet: a task's role allows what a task needs from ECS about itself, and nothing else.
 */
export const taskActions: Granted = new Map<Action, readonly ResourceType[]>([
  ["ecs:DescribeTasks", ["cluster", "task"]],
  ["ecs:GetTaskProtection", ["cluster", "task"]],
  ["ecs:ListTagsForResource", ["task"]],
  ["ecs:UpdateTaskProtection", ["cluster", "task"]],
]);
