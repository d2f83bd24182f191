import { ebsRole, inCluster, overrides, usedProviders } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { describeTasks } from "./describe-tasks.ts";
import { getTaskProtection } from "./get-task-protection.ts";
import { listTasks } from "./list-tasks.ts";
import { runTask } from "./run-task.ts";
import { startTask } from "./start-task.ts";
import { stopTask } from "./stop-task.ts";
import { updateTaskProtection } from "./update-task-protection.ts";

/** Of tasks on the hosts that Berth brings itself. What else is in a task definition runs there. */
const missingOnHosts =
  "No host of Berth's own, whether simulated, with Docker or of Fargate, offers FireLens, App Mesh proxies, fault injection or FSx volumes, and those with Docker offer EFS volumes only with `--efs-dir`: such tasks are refused by the name of the attribute that is missing. The credentials of a task's roles are good for calls to Berth, and with `--assume-roles` for AWS instead.";

/** The operations on tasks. */
export const taskOperations = {
  DescribeTasks: {
    machine: "cluster",
    handler: describeTasks,
    resources: inCluster({ "tasks[]": "task" }),
    level: "read",
    tasks: ["cluster", "task"],
    errors: ["ClusterNotFoundException"],
  },
  GetTaskProtection: {
    machine: "cluster",
    handler: getTaskProtection,
    resources: inCluster({ "tasks[]": "task" }),
    level: "read",
    tasks: ["cluster", "task"],
    errors: ["ClusterNotFoundException", "ResourceNotFoundException", "UnsupportedFeatureException"],
  },
  ListTasks: {
    machine: "cluster",
    handler: listTasks,
    resources: inCluster({ containerInstance: "container-instance", serviceName: "service", family: "outside" }),
    level: "read",
    errors: ["ClusterNotFoundException", "ServiceNotFoundException"],
    missing: "There are no daemons yet: `daemonName` is refused as unknown.",
  },
  RunTask: {
    machine: "cluster",
    handler: runTask,
    given: { taskDefinition: { when: "always", purpose: "task" } },
    resources: inCluster({ taskDefinition: "used-task-definition", ...usedProviders, ...overrides, ...ebsRole }),
    level: "operate",
    errors: [
      "BlockedException",
      "ClusterNotFoundException",
      "ConflictException",
      "PlatformTaskDefinitionIncompatibilityException",
      "PlatformUnknownException",
      "UnsupportedFeatureException",
    ],
    missing: `Windows on Fargate, ECS Exec, EBS and S3 Files volumes, shared GPUs, Neuron devices and inference accelerators are refused. Fargate tasks run on Berth's own hosts: there is no public address, ephemeral storage is shown but not limited, platform versions differ only in their number, and Spot tasks are not interrupted. Subnets and security groups are only names, and \`referenceId\` is ignored. ${missingOnHosts}`,
  },
  StartTask: {
    machine: "cluster",
    handler: startTask,
    given: { taskDefinition: { when: "always", purpose: "task" } },
    resources: inCluster({
      taskDefinition: "used-task-definition",
      "containerInstances[]": "container-instance",
      ...overrides,
      ...ebsRole,
    }),
    level: "operate",
    errors: ["ClusterNotFoundException", "NamespaceNotFoundException", "UnsupportedFeatureException"],
    missing: `ECS Exec, EBS and S3 Files volumes, shared GPUs, Neuron devices and inference accelerators are refused. Subnets and security groups are only names, and \`referenceId\` is ignored. ${missingOnHosts}`,
  },
  StopTask: {
    machine: "cluster",
    handler: stopTask,
    resources: inCluster({ task: "task" }),
    level: "operate",
    errors: ["ClusterNotFoundException"],
  },
  UpdateTaskProtection: {
    machine: "cluster",
    handler: updateTaskProtection,
    resources: inCluster({ "tasks[]": "task" }),
    level: "operate",
    tasks: ["cluster", "task"],
    errors: ["ClusterNotFoundException", "ResourceNotFoundException", "UnsupportedFeatureException"],
  },
} as const satisfies OperationRows;
