import type { OperationRows } from "../state/operation-row.ts";

/** The ECS operations that Berth doesn't support yet. When you build one, move its row to the folder of its noun. */
export const absentOperations = {
  AssociateGatewayWithCluster: {
    machine: null,
    errors: ["ClusterNotFoundException", "GatewayNotFoundException", "UnsupportedFeatureException"],
  },
  ContinueServiceDeployment: {
    machine: null,
    errors: ["ServiceDeploymentNotFoundException", "UnsupportedFeatureException"],
  },
  CreateDaemon: {
    machine: null,
    errors: ["ClusterNotFoundException", "PlatformUnknownException", "UnsupportedFeatureException"],
  },
  CreateExpressGatewayService: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "UnsupportedFeatureException",
    ],
  },
  CreateGateway: { machine: null, errors: ["UnsupportedFeatureException"] },
  CreateTaskSet: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "LimitExceededException",
      "NamespaceNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  DeleteDaemon: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "DaemonNotActiveException",
      "DaemonNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  DeleteDaemonTaskDefinition: { machine: null, errors: [] },
  DeleteExpressGatewayService: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  DeleteGateway: { machine: null, errors: ["GatewayNotFoundException", "UnsupportedFeatureException"] },
  DeleteTaskSet: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "LimitExceededException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "TaskSetNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  DescribeDaemon: {
    machine: null,
    errors: ["ClusterNotFoundException", "DaemonNotFoundException", "UnsupportedFeatureException"],
  },
  DescribeDaemonDeployments: { machine: null, errors: ["ClusterNotFoundException", "UnsupportedFeatureException"] },
  DescribeDaemonRevisions: { machine: null, errors: ["ClusterNotFoundException", "UnsupportedFeatureException"] },
  DescribeDaemonTaskDefinition: { machine: null, errors: [] },
  DescribeExpressGatewayService: {
    machine: null,
    errors: ["ClusterNotFoundException", "ResourceNotFoundException", "UnsupportedFeatureException"],
  },
  DescribeGateway: { machine: null, errors: ["GatewayNotFoundException", "UnsupportedFeatureException"] },
  DescribeGatewayResources: { machine: null, errors: ["GatewayNotFoundException", "UnsupportedFeatureException"] },
  DescribeGatewayRoute: { machine: null, errors: ["ResourceNotFoundException", "UnsupportedFeatureException"] },
  DescribeTaskSets: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  DisassociateGatewayFromCluster: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "GatewayNotFoundException",
      "ResourceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  ExecuteCommand: { machine: null, errors: ["ClusterNotFoundException", "TargetNotConnectedException"] },
  ListDaemonDeployments: { machine: null, errors: ["ClusterNotFoundException", "UnsupportedFeatureException"] },
  ListDaemonTaskDefinitions: { machine: null, errors: [] },
  ListDaemons: { machine: null, errors: ["ClusterNotFoundException", "UnsupportedFeatureException"] },
  ListGatewayClusterAssociations: { machine: null, errors: ["UnsupportedFeatureException"] },
  ListGatewayRoutes: { machine: null, errors: ["GatewayNotFoundException", "UnsupportedFeatureException"] },
  ListGateways: { machine: null, errors: ["UnsupportedFeatureException"] },
  RegisterDaemonTaskDefinition: { machine: null, errors: ["LimitExceededException"] },
  UpdateDaemon: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "DaemonNotActiveException",
      "DaemonNotFoundException",
      "PlatformUnknownException",
      "UnsupportedFeatureException",
    ],
  },
  UpdateExpressGatewayService: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  UpdateGateway: { machine: null, errors: ["GatewayNotFoundException", "UnsupportedFeatureException"] },
  UpdateServicePrimaryTaskSet: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "TaskSetNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
  UpdateTaskSet: {
    machine: null,
    errors: [
      "ClusterNotFoundException",
      "LimitExceededException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "TaskSetNotFoundException",
      "UnsupportedFeatureException",
    ],
  },
} as const satisfies OperationRows;
