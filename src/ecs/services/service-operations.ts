import { ebsRole, inAccount, inCluster, overrides, usedProviders } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { createService } from "./create-service.ts";
import { deleteService } from "./delete-service.ts";
import { describeServices } from "./describe-services.ts";
import { explainAnyPlacement } from "./explain-service-placement.ts";
import { listServices } from "./list-services.ts";
import { listServicesByNamespace } from "./list-services-by-namespace.ts";
import { describeLostAgentPolicy, putLostAgentPolicy } from "./put-lost-agent-policy.ts";
import { updateService } from "./update-service.ts";

const missingOfServices =
  "Services have rolling deployments and the deployment controller ECS. Load balancers, service discovery, Service Connect, VPC Lattice, volumes configured at launch, gateway connectors, monitoring, ECS Exec, lifecycle hooks, bake times, early success criteria and every other deployment strategy and controller are refused by name. What RunTask refuses to run is refused here, too. Networks, platform versions and Fargate are those of RunTask: subnets and security groups name nothing. Alarms fail deployments; Berth measures nothing, so that their states come from BerthV1.SetAlarmState.";

const serviceSurroundings = {
  ...usedProviders,
  ...ebsRole,
  "loadBalancers[].targetGroupArn": "outside",
  "loadBalancers[].advancedConfiguration.alternateTargetGroupArn": "outside",
  "loadBalancers[].advancedConfiguration.roleArn": "outside",
  "serviceRegistries[].registryArn": "outside",
  "deploymentConfiguration.lifecycleHooks[].hookTargetArn": "outside",
  "deploymentConfiguration.lifecycleHooks[].roleArn": "outside",
  "serviceConnectConfiguration.namespace": "outside",
  "serviceConnectConfiguration.services[].tls.issuerCertificateAuthority.awsPcaAuthorityArn": "outside",
  "serviceConnectConfiguration.services[].tls.roleArn": "outside",
  "vpcLatticeConfigurations[].roleArn": "outside",
  "vpcLatticeConfigurations[].targetGroupArn": "outside",
  "vpcLatticeConfigurations[].advancedConfiguration.alternateTargetGroupArn": "outside",
} as const;

/** The operations on services. */
export const serviceOperations = {
  CreateService: {
    machine: "cluster",
    handler: createService,
    given: { taskDefinition: { when: "named", purpose: "service" } },
    resources: inCluster({
      role: "outside",
      serviceName: "service",
      taskDefinition: "used-task-definition",
      ...serviceSurroundings,
    }),
    level: "operate",
    errors: [
      "ClusterNotFoundException",
      "NamespaceNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "UnsupportedFeatureException",
    ],
    missing: missingOfServices,
  },
  DeleteService: {
    machine: "cluster",
    handler: deleteService,
    resources: inCluster({ service: "service" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "ServiceNotFoundException"],
  },
  DescribeServices: {
    machine: "cluster",
    handler: describeServices,
    resources: inCluster({ "services[]": "service" }),
    level: "read",
    errors: ["ClusterNotFoundException"],
  },
  ListServices: {
    machine: "cluster",
    handler: listServices,
    resources: inCluster(),
    level: "read",
    errors: ["ClusterNotFoundException"],
  },
  ListServicesByNamespace: {
    machine: "account",
    handler: listServicesByNamespace,
    resources: inAccount({ namespace: "outside" }),
    level: "read",
    errors: ["NamespaceNotFoundException"],
    missing: "There are no Cloud Map namespaces: every one is refused as unknown.",
  },
  UpdateService: {
    machine: "cluster",
    handler: updateService,
    given: { taskDefinition: { when: "named", purpose: "service" } },
    resources: inCluster({ service: "service", taskDefinition: "used-task-definition", ...serviceSurroundings }),
    level: "operate",
    errors: [
      "ClusterNotFoundException",
      "NamespaceNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
    missing: missingOfServices,
  },
} as const satisfies OperationRows;

/** What Berth adds about services, and where tasks would go. */
export const addedServiceOperations = {
  DescribeLostAgentPolicy: {
    machine: "cluster",
    handler: describeLostAgentPolicy,
    resources: inCluster(),
    level: "read",
    errors: ["ClusterNotFoundException"],
    about: "The policy that PutLostAgentPolicy has set.",
  },
  ExplainPlacement: {
    machine: "cluster",
    handler: explainAnyPlacement,
    given: { taskDefinition: { when: "named", purpose: "task" } },
    resources: inCluster({
      taskDefinition: "used-task-definition",
      service: "service",
      ...usedProviders,
      ...overrides,
    }),
    level: "read",
    errors: [
      "BlockedException",
      "ClusterNotFoundException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "ServiceNotActiveException",
      "ServiceNotFoundException",
      "UnsupportedFeatureException",
    ],
    about:
      "Where tasks would go if they were asked for now, and for each container instance that cannot take one, everything that it lacks. Of a service, where more tasks of it would go. Changes nothing.",
  },
  PutLostAgentPolicy: {
    machine: "cluster",
    handler: putLostAgentPolicy,
    resources: inCluster(),
    level: "operate",
    errors: ["ClusterNotFoundException"],
    about:
      "Sets what happens to the tasks of a container instance whose agent is gone. ECS leaves them as they were last known; with a policy, tasks of services are replaced after a time.",
  },
} as const satisfies OperationRows;
