import type { AnsweredName, BerthOperationName } from "../../src/ecs/machine/operations.ts";
import type { References } from "./fuzzed-server.ts";

type Request = Readonly<Record<string, unknown>>;

/** One of each operation that is answered; one of Berth's own may be there before it is answered. */
export type LikelyRequests = Readonly<Record<AnsweredName, Request>> &
  Readonly<Partial<Record<BerthOperationName, Request>>>;

/** A request of each operation that the server would accept, so that a mutation of it gets far. */
export function likelyRequests({ cluster, instance, task, taskDefinition }: References): LikelyRequests {
  const tags = [{ key: "team", value: "fuzz" }];
  const target = { targetType: "container-instance", targetId: instance };
  const serviceHistory = (what: string): string =>
    instance.replace(/:container-instance.*/, `:service-${what}/${cluster}/web`);
  const attributes = [
    { name: "stack", value: "blue", ...target },
    { name: "rack", value: "7", ...target },
  ];
  return {
    ...berthRequests(cluster, instance, taskDefinition),
    CreateCapacityProvider: {
      name: "racks",
      autoScalingGroupProvider: {
        autoScalingGroupArn: "racks",
        managedScaling: { status: "DISABLED", targetCapacity: 90, instanceWarmupPeriod: 60 },
        managedTerminationProtection: "DISABLED",
        managedDraining: "DISABLED",
      },
      tags,
    },
    CreateCluster: { clusterName: "other", tags, settings: [{ name: "containerInsights", value: "enabled" }] },
    CreateService: serviceRequest(cluster, taskDefinition, tags),
    DeleteAccountSetting: { name: "containerInsights" },
    DeleteAttributes: { cluster, attributes },
    DeleteCapacityProvider: { capacityProvider: "racks" },
    DeleteCluster: { cluster: "other" },
    DeleteService: { cluster, service: "web", force: true },
    DeleteTaskDefinitions: { taskDefinitions: ["fuzz:2", "fuzz:3"] },
    DeregisterContainerInstance: { cluster, containerInstance: instance, force: false },
    DeregisterTaskDefinition: { taskDefinition: "fuzz:2" },
    DescribeCapacityProviders: { capacityProviders: ["FARGATE"], include: ["TAGS"], maxResults: 2 },
    DescribeClusters: { clusters: [cluster], include: ["TAGS", "STATISTICS", "SETTINGS"] },
    DescribeContainerInstances: { cluster, containerInstances: [instance], include: ["TAGS"] },
    DescribeServiceDeployments: { serviceDeploymentArns: [`${serviceHistory("deployment")}/NCWGC2ZR-taawPAYrIaU5`] },
    DescribeServiceRevisions: { serviceRevisionArns: [`${serviceHistory("revision")}/4815162342108150042`] },
    DescribeServices: { cluster, services: ["web"], include: ["TAGS"] },
    DescribeTaskDefinition: { taskDefinition, include: ["TAGS"] },
    DescribeTasks: { cluster, tasks: [task], include: ["TAGS"] },
    DiscoverPollEndpoint: { cluster, containerInstance: instance },
    GetTaskProtection: { cluster, tasks: [task] },
    ListAccountSettings: { name: "containerInsights", value: "enabled", effectiveSettings: true, maxResults: 5 },
    ListAttributes: { cluster, targetType: "container-instance", attributeName: "stack", attributeValue: "blue" },
    ListClusters: { maxResults: 2 },
    ListContainerInstances: { cluster, status: "ACTIVE", maxResults: 2 },
    ListServiceDeployments: {
      cluster,
      service: "web",
      status: ["IN_PROGRESS"],
      createdAt: { before: 1534810936.284, after: 1534810930.5 },
      maxResults: 2,
    },
    ListServices: { cluster, schedulingStrategy: "REPLICA", launchType: "EC2", maxResults: 2 },
    ListServicesByNamespace: { namespace: "internal", maxResults: 2 },
    ListTagsForResource: { resourceArn: instance },
    ListTaskDefinitionFamilies: { familyPrefix: "f", status: "ALL", maxResults: 2 },
    ListTaskDefinitions: { familyPrefix: "fuzz", status: "ACTIVE", sort: "DESC", maxResults: 2 },
    ListTasks: { cluster, family: "fuzz", desiredStatus: "RUNNING", containerInstance: instance, maxResults: 2 },
    PutAccountSetting: { name: "containerInsights", value: "enabled" },
    PutAccountSettingDefault: { name: "containerInsights", value: "enabled" },
    PutAttributes: { cluster, attributes },
    PutClusterCapacityProviders: {
      cluster,
      capacityProviders: ["FARGATE", "FARGATE_SPOT"],
      defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1, base: 1 }],
    },
    RegisterContainerInstance: {
      cluster,
      totalResources: [
        { name: "CPU", type: "INTEGER", integerValue: 1024 },
        { name: "PORTS", type: "STRINGSET", stringSetValue: ["22"] },
      ],
      attributes: [{ name: "stack", value: "green" }],
      platformDevices: [{ id: "gpu-1", type: "GPU" }],
      tags,
      clientToken: "one",
    },
    RegisterTaskDefinition: taskDefinitionRequest(tags),
    RunTask: {
      cluster,
      taskDefinition,
      count: 2,
      clientToken: "token",
      group: "batch",
      startedBy: "fuzz",
      overrides: { containerOverrides: [{ name: "main", command: ["x"], cpu: 1, memory: 16, environment: [] }] },
      placementConstraints: [{ type: "memberOf", expression: "not(task:group == batch) or agentConnected == true" }],
      placementStrategy: [
        { type: "spread", field: "attribute:ecs.availability-zone" },
        { type: "binpack", field: "memory" },
      ],
      tags,
    },
    StartTask: { cluster, taskDefinition, containerInstances: [instance], startedBy: "fuzz" },
    StopServiceDeployment: {
      serviceDeploymentArn: `${serviceHistory("deployment")}/NCWGC2ZR-taawPAYrIaU5`,
      stopType: "ROLLBACK",
    },
    StopTask: { cluster, task, reason: "fuzz" },
    SubmitAttachmentStateChanges: { cluster, attachments: [{ attachmentArn: "arn:aws:x", status: "ATTACHED" }] },
    SubmitContainerStateChange: { cluster, task, containerName: "main", status: "RUNNING", exitCode: 0 },
    SubmitTaskStateChange: {
      cluster,
      task,
      status: "RUNNING",
      pullStartedAt: 1534810936.284,
      containers: [
        {
          containerName: "main",
          status: "RUNNING",
          runtimeId: "abc",
          networkBindings: [{ bindIP: "0.0.0.0", containerPort: 80, hostPort: 32768, protocol: "tcp" }],
        },
      ],
    },
    TagResource: { resourceArn: task, tags },
    UntagResource: { resourceArn: task, tagKeys: ["team"] },
    UpdateCapacityProvider: {
      name: "racks",
      autoScalingGroupProvider: { managedScaling: { status: "DISABLED", targetCapacity: 80 } },
    },
    UpdateCluster: { cluster, settings: [{ name: "containerInsights", value: "disabled" }] },
    UpdateClusterSettings: { cluster, settings: [{ name: "containerInsights", value: "disabled" }] },
    UpdateContainerAgent: { cluster, containerInstance: instance },
    UpdateContainerInstancesState: { cluster, containerInstances: [instance], status: "ACTIVE" },
    UpdateService: { cluster, service: "web", desiredCount: 2, taskDefinition, forceNewDeployment: true },
    UpdateTaskProtection: { cluster, tasks: [task], protectionEnabled: true, expiresInMinutes: 5 },
  };
}

function berthRequests(cluster: string, instance: string, taskDefinition: string): Record<BerthOperationName, Request> {
  const containerInstances = [instance];
  return {
    CancelDrain: { cluster, containerInstances },
    DescribeAlarms: { cluster },
    DescribeDrain: { cluster, containerInstances },
    DescribeLostAgentPolicy: { cluster },
    ExplainPlacement: {
      cluster,
      taskDefinition,
      count: 3,
      launchType: "EC2",
      placementConstraints: [{ type: "memberOf", expression: "attribute:stack == blue" }],
      placementStrategy: [{ type: "spread", field: "attribute:ecs.availability-zone" }],
      group: "batch",
      overrides: { containerOverrides: [{ name: "main", memory: 16 }] },
    },
    PlanDrain: { cluster, containerInstances },
    PutLostAgentPolicy: { cluster, replaceAfterSeconds: 300 },
    SetAlarmState: { cluster, alarmName: "errors", stateValue: "ALARM", stateReason: "too many" },
    StartDrain: { cluster, containerInstances, deadlineSeconds: 600 },
  };
}

function serviceRequest(cluster: string, taskDefinition: string, tags: readonly object[]): Request {
  return {
    cluster,
    serviceName: "web",
    taskDefinition,
    desiredCount: 1,
    schedulingStrategy: "REPLICA",
    launchType: "EC2",
    deploymentController: { type: "ECS" },
    deploymentConfiguration: {
      minimumHealthyPercent: 50,
      maximumPercent: 200,
      deploymentCircuitBreaker: {
        enable: true,
        rollback: true,
        resetOnHealthyTask: false,
        thresholdConfiguration: { type: "COUNT", value: 2 },
      },
    },
    placementConstraints: [{ type: "memberOf", expression: "attribute:stack == blue" }],
    placementStrategy: [{ type: "spread", field: "attribute:ecs.availability-zone" }],
    availabilityZoneRebalancing: "DISABLED",
    healthCheckGracePeriodSeconds: 1,
    enableECSManagedTags: true,
    propagateTags: "SERVICE",
    clientToken: "one",
    tags,
  };
}

function taskDefinitionRequest(tags: readonly object[]): Record<string, unknown> {
  return {
    family: "fuzz",
    networkMode: "bridge",
    cpu: "256",
    memory: "512",
    volumes: [{ name: "data", host: { sourcePath: "/data" } }],
    placementConstraints: [{ type: "memberOf", expression: "attribute:stack == blue" }],
    requiresCompatibilities: ["EC2"],
    containerDefinitions: [
      {
        name: "main",
        image: "nginx",
        cpu: 10,
        memory: 128,
        memoryReservation: 64,
        essential: true,
        portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp", containerPortRange: "8000-8003" }],
        mountPoints: [{ sourceVolume: "data", containerPath: "/data", readOnly: true }],
        environment: [{ name: "A", value: "b" }],
        dependsOn: [],
        healthCheck: { command: ["CMD-SHELL", "true"], interval: 5, timeout: 2, retries: 1, startPeriod: 0 },
        ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 2 }],
        logConfiguration: { logDriver: "json-file", options: { "max-size": "1m" } },
        resourceRequirements: [{ type: "GPU", value: "1" }],
        linuxParameters: { capabilities: { add: ["ALL"] }, tmpfs: [{ containerPath: "/t", size: 1 }] },
      },
      { name: "side", image: "busybox", memory: 16, dependsOn: [{ containerName: "main", condition: "START" }] },
    ],
    tags,
  };
}
