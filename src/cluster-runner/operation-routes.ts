import type { ResolvePurpose } from "../ecs/state/account-input.ts";

/**
 * Who answers an operation: the account machine; the machine of the cluster that the request names; the machine that
 * owns the ARN in the request; the machines that own the ARNs of service deployments and revisions in it; or the control
 * plane itself, out of several machines.
 */
export type OperationRoute =
  | { readonly scope: "account" }
  | {
      readonly scope: "cluster";
      readonly resolvesTaskDefinition?: true | "if-named";
      /** What the definition is for; "task" when it is missing. */
      readonly purpose?: ResolvePurpose;
    }
  | { readonly scope: "by-arn" }
  | { readonly scope: "by-history-arns" }
  | { readonly scope: "own" };

/** Every operation of ECS that Berth answers. */
export const operationRoutes = {
  CreateCapacityProvider: { scope: "account" },
  CreateCluster: { scope: "account" },
  CreateService: { scope: "cluster", resolvesTaskDefinition: "if-named", purpose: "service" },
  DeleteAccountSetting: { scope: "account" },
  DeleteAttributes: { scope: "cluster" },
  DeleteCapacityProvider: { scope: "account" },
  DeleteCluster: { scope: "own" },
  DeleteService: { scope: "cluster" },
  DeleteTaskDefinitions: { scope: "account" },
  DeregisterContainerInstance: { scope: "cluster" },
  DeregisterTaskDefinition: { scope: "account" },
  DescribeCapacityProviders: { scope: "account" },
  DescribeClusters: { scope: "account" },
  DescribeContainerInstances: { scope: "cluster" },
  DescribeServiceDeployments: { scope: "by-history-arns" },
  DescribeServiceRevisions: { scope: "by-history-arns" },
  DescribeServices: { scope: "cluster" },
  DescribeTaskDefinition: { scope: "account" },
  DescribeTasks: { scope: "cluster" },
  DiscoverPollEndpoint: { scope: "own" },
  GetTaskProtection: { scope: "cluster" },
  ListAccountSettings: { scope: "account" },
  ListAttributes: { scope: "cluster" },
  ListClusters: { scope: "account" },
  ListContainerInstances: { scope: "cluster" },
  ListServiceDeployments: { scope: "cluster" },
  ListServices: { scope: "cluster" },
  ListServicesByNamespace: { scope: "account" },
  ListTagsForResource: { scope: "by-arn" },
  ListTaskDefinitionFamilies: { scope: "account" },
  ListTaskDefinitions: { scope: "account" },
  ListTasks: { scope: "cluster" },
  PutAccountSetting: { scope: "account" },
  PutAccountSettingDefault: { scope: "account" },
  PutAttributes: { scope: "cluster" },
  PutClusterCapacityProviders: { scope: "account" },
  RegisterContainerInstance: { scope: "cluster" },
  RegisterTaskDefinition: { scope: "account" },
  RunTask: { scope: "cluster", resolvesTaskDefinition: true },
  StartTask: { scope: "cluster", resolvesTaskDefinition: true },
  StopServiceDeployment: { scope: "by-history-arns" },
  StopTask: { scope: "cluster" },
  SubmitAttachmentStateChanges: { scope: "cluster" },
  SubmitContainerStateChange: { scope: "cluster" },
  SubmitTaskStateChange: { scope: "cluster" },
  TagResource: { scope: "by-arn" },
  UntagResource: { scope: "by-arn" },
  UpdateCapacityProvider: { scope: "account" },
  UpdateCluster: { scope: "account" },
  UpdateClusterSettings: { scope: "account" },
  UpdateContainerAgent: { scope: "cluster" },
  UpdateContainerInstancesState: { scope: "cluster" },
  UpdateService: { scope: "cluster", resolvesTaskDefinition: "if-named", purpose: "service" },
  UpdateTaskProtection: { scope: "cluster" },
} as const satisfies Record<string, OperationRoute>;

export type RoutedOperation = keyof typeof operationRoutes;

/** Every operation that Berth answers and ECS does not have. */
export const berthRoutes = {
  CancelDrain: { scope: "cluster" },
  DescribeAlarms: { scope: "cluster" },
  DescribeDrain: { scope: "cluster" },
  DescribeLostAgentPolicy: { scope: "cluster" },
  ExplainPlacement: { scope: "cluster", resolvesTaskDefinition: "if-named" },
  PlanDrain: { scope: "cluster" },
  PutLostAgentPolicy: { scope: "cluster" },
  SetAlarmState: { scope: "cluster" },
  StartDrain: { scope: "cluster" },
} as const satisfies Record<string, OperationRoute>;

/** Any operation that Berth answers. */
export type AnyRoutedOperation = RoutedOperation | keyof typeof berthRoutes;

const routes: Readonly<Record<AnyRoutedOperation, OperationRoute>> = { ...operationRoutes, ...berthRoutes };

export const routeOf = (operation: AnyRoutedOperation): OperationRoute => routes[operation];
