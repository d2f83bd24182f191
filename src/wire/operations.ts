import { Refusal } from "../ecs/refusals.ts";
import { must } from "../lib/assert.ts";

/** How far Berth answers an operation: everything, all but what `missing` says, or with an error that says so. */
export type OperationStatus =
  | { readonly status: "full" }
  | { readonly status: "partial"; readonly missing: string }
  | { readonly status: "absent" };

/**
 * Every operation of the ECS API and how far Berth answers it. A test compares the names with those of the official SDK, and
 * `docs/compatibility.md` is made from this table.
 */
export const operations = [
  { name: "AssociateGatewayWithCluster", status: "absent" },
  { name: "ContinueServiceDeployment", status: "absent" },
  {
    name: "CreateCapacityProvider",
    status: "partial",
    missing:
      "Berth starts and ends no machines: managed scaling, termination protection and draining cannot be enabled, and Managed Instances are refused. A container instance belongs to a provider by its attribute berth.capacity-provider.",
  },
  {
    name: "CreateCluster",
    status: "partial",
    missing:
      "A Service Connect namespace is refused; Container Insights and the configuration of managed storage and of execute-command are stored and described, with no effect.",
  },
  { name: "CreateDaemon", status: "absent" },
  { name: "CreateExpressGatewayService", status: "absent" },
  { name: "CreateGateway", status: "absent" },
  {
    name: "CreateService",
    status: "partial",
    missing:
      "Services have rolling deployments and the deployment controller ECS. Load balancers, service discovery, Service Connect, VPC Lattice, volumes configured at launch, gateway connectors, monitoring, ECS Exec, lifecycle hooks, bake times, early success criteria and every other deployment strategy and controller are refused by name. What RunTask refuses to run is refused here, too. Networks, platform versions and Fargate are those of RunTask: subnets and security groups name nothing. Alarms fail deployments; Berth measures nothing, so that their states come from BerthV1.SetAlarmState.",
  },
  { name: "CreateTaskSet", status: "absent" },
  { name: "DeleteAccountSetting", status: "full" },
  { name: "DeleteAttributes", status: "full" },
  { name: "DeleteCapacityProvider", status: "full" },
  { name: "DeleteCluster", status: "full" },
  { name: "DeleteDaemon", status: "absent" },
  { name: "DeleteDaemonTaskDefinition", status: "absent" },
  { name: "DeleteExpressGatewayService", status: "absent" },
  { name: "DeleteGateway", status: "absent" },
  { name: "DeleteService", status: "full" },
  { name: "DeleteTaskDefinitions", status: "full" },
  { name: "DeleteTaskSet", status: "absent" },
  { name: "DeregisterContainerInstance", status: "full" },
  { name: "DeregisterTaskDefinition", status: "full" },
  {
    name: "DescribeCapacityProviders",
    status: "partial",
    missing: "FARGATE and FARGATE_SPOT cannot be tagged.",
  },
  { name: "DescribeClusters", status: "full" },
  { name: "DescribeContainerInstances", status: "full" },
  { name: "DescribeDaemon", status: "absent" },
  { name: "DescribeDaemonDeployments", status: "absent" },
  { name: "DescribeDaemonRevisions", status: "absent" },
  { name: "DescribeDaemonTaskDefinition", status: "absent" },
  { name: "DescribeExpressGatewayService", status: "absent" },
  { name: "DescribeGateway", status: "absent" },
  { name: "DescribeGatewayResources", status: "absent" },
  { name: "DescribeGatewayRoute", status: "absent" },
  {
    name: "DescribeServiceDeployments",
    status: "partial",
    missing: "Deployments are rolling ones: there are no lifecycle stages, hooks and traffic weights.",
  },
  {
    name: "DescribeServiceRevisions",
    status: "partial",
    missing: "Images are shown without their digests; each task shows its own.",
  },
  { name: "DescribeServices", status: "full" },
  { name: "DescribeTaskDefinition", status: "full" },
  { name: "DescribeTaskSets", status: "absent" },
  { name: "DescribeTasks", status: "full" },
  { name: "DisassociateGatewayFromCluster", status: "absent" },
  {
    name: "DiscoverPollEndpoint",
    status: "partial",
    missing: "Gives the agent and telemetry endpoints; there is no Service Connect endpoint.",
  },
  { name: "ExecuteCommand", status: "absent" },
  { name: "GetTaskProtection", status: "full" },
  { name: "ListAccountSettings", status: "full" },
  { name: "ListAttributes", status: "full" },
  { name: "ListClusters", status: "full" },
  { name: "ListContainerInstances", status: "full" },
  { name: "ListDaemonDeployments", status: "absent" },
  { name: "ListDaemonTaskDefinitions", status: "absent" },
  { name: "ListDaemons", status: "absent" },
  { name: "ListGatewayClusterAssociations", status: "absent" },
  { name: "ListGatewayRoutes", status: "absent" },
  { name: "ListGateways", status: "absent" },
  { name: "ListServiceDeployments", status: "full" },
  { name: "ListServices", status: "full" },
  {
    name: "ListServicesByNamespace",
    status: "partial",
    missing: "There are no Cloud Map namespaces: every one is refused as unknown.",
  },
  {
    name: "ListTagsForResource",
    status: "partial",
    missing: "Task sets have no tags, as they do not exist yet.",
  },
  { name: "ListTaskDefinitionFamilies", status: "full" },
  { name: "ListTaskDefinitions", status: "full" },
  {
    name: "ListTasks",
    status: "partial",
    missing: "There are no daemons yet: `daemonName` is refused as unknown.",
  },
  {
    name: "PutAccountSetting",
    status: "partial",
    missing:
      "`awsvpcTrunking` and `containerInsights` (for new clusters) have their effect; the other settings are stored and listed, with none.",
  },
  {
    name: "PutAccountSettingDefault",
    status: "partial",
    missing:
      "`awsvpcTrunking` and `containerInsights` (for new clusters) have their effect; the other settings are stored and listed, with none.",
  },
  { name: "PutAttributes", status: "full" },
  { name: "PutClusterCapacityProviders", status: "full" },
  { name: "RegisterContainerInstance", status: "full" },
  { name: "RegisterDaemonTaskDefinition", status: "absent" },
  {
    name: "RegisterTaskDefinition",
    status: "partial",
    missing:
      "What RunTask and StartTask refuse to run (Neuron devices, shared GPUs, S3 Files volumes and those configured at launch) is checked and stored.",
  },
  {
    name: "RunTask",
    status: "partial",
    missing:
      "Windows on Fargate, ECS Exec, EBS and S3 Files volumes, shared GPUs, Neuron devices and inference accelerators are refused. Tasks on Fargate run on hosts that Berth keeps: there is no public address, ephemeral storage is shown and not bounded, platform versions differ in their number only, and Spot tasks are not interrupted. Subnets and security groups name nothing, and `referenceId` is ignored. Berth's own agents run no tasks with secrets, environment files, credentials for a registry, FireLens, the log driver awslogs, EFS or FSx volumes: these are refused by the name of the attribute that is missing. The credentials of a task's roles are good for calls to Berth and nowhere else.",
  },
  {
    name: "StartTask",
    status: "partial",
    missing:
      "ECS Exec, EBS and S3 Files volumes, shared GPUs, Neuron devices and inference accelerators are refused. Subnets and security groups name nothing, and `referenceId` is ignored. Berth's own agents run no tasks with secrets, environment files, credentials for a registry, FireLens, the log driver awslogs, EFS or FSx volumes: these are refused by the name of the attribute that is missing. The credentials of a task's roles are good for calls to Berth and nowhere else.",
  },
  { name: "StopServiceDeployment", status: "full" },
  { name: "StopTask", status: "full" },
  { name: "SubmitAttachmentStateChanges", status: "full" },
  { name: "SubmitContainerStateChange", status: "full" },
  {
    name: "SubmitTaskStateChange",
    status: "partial",
    missing: "`managedAgents` are ignored, as ECS Exec is absent.",
  },
  {
    name: "TagResource",
    status: "partial",
    missing: "Task sets cannot be tagged, as they do not exist yet.",
  },
  {
    name: "UntagResource",
    status: "partial",
    missing: "Task sets cannot be untagged, as they do not exist yet.",
  },
  {
    name: "UpdateCapacityProvider",
    status: "partial",
    missing: "What CreateCapacityProvider cannot enable, this cannot either.",
  },
  {
    name: "UpdateCluster",
    status: "partial",
    missing:
      "A Service Connect namespace is refused; Container Insights and the configuration of managed storage and of execute-command are stored and described, with no effect.",
  },
  {
    name: "UpdateClusterSettings",
    status: "partial",
    missing: "Container Insights is stored and described; nothing is collected.",
  },
  { name: "UpdateContainerAgent", status: "full" },
  { name: "UpdateContainerInstancesState", status: "full" },
  { name: "UpdateDaemon", status: "absent" },
  { name: "UpdateExpressGatewayService", status: "absent" },
  { name: "UpdateGateway", status: "absent" },
  {
    name: "UpdateService",
    status: "partial",
    missing:
      "Services have rolling deployments and the deployment controller ECS. Load balancers, service discovery, Service Connect, VPC Lattice, volumes configured at launch, gateway connectors, monitoring, ECS Exec, lifecycle hooks, bake times, early success criteria and every other deployment strategy and controller are refused by name. What RunTask refuses to run is refused here, too. Networks, platform versions and Fargate are those of RunTask: subnets and security groups name nothing. Alarms fail deployments; Berth measures nothing, so that their states come from BerthV1.SetAlarmState.",
  },
  { name: "UpdateServicePrimaryTaskSet", status: "absent" },
  { name: "UpdateTaskProtection", status: "full" },
  { name: "UpdateTaskSet", status: "absent" },
] as const satisfies readonly (OperationStatus & { readonly name: string })[];

/** The name of one of the operations of the ECS API. */
export type OperationName = (typeof operations)[number]["name"];

/** The name of an operation that Berth answers, in full or in part. */
export type BuiltOperationName = Exclude<(typeof operations)[number], { readonly status: "absent" }>["name"];

const statuses: ReadonlyMap<string, OperationStatus> = new Map(operations.map((entry) => [entry.name, entry]));

/** True when the ECS API has an operation with exactly this name. */
export function isOperation(name: string): name is OperationName {
  return statuses.has(name);
}

/** True when Berth answers the operation, in full or in part. */
export function isBuilt(operation: OperationName): operation is BuiltOperationName {
  return must(statuses.get(operation), operation).status !== "absent";
}

/** The error that a call of an absent operation is answered with. Every operation of the API declares ClientException. */
export function notBuilt(operation: OperationName): Refusal {
  const text = `Berth does not answer ${operation} yet. docs/compatibility.md lists the operations that it answers.`;
  return new Refusal("ClientException", text);
}
