import { inAccount } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { deleteTaskDefinitions } from "./delete-task-definitions.ts";
import { deregisterTaskDefinition } from "./deregister-task-definition.ts";
import { describeTaskDefinition } from "./describe-task-definition.ts";
import { listTaskDefinitionFamilies } from "./list-task-definition-families.ts";
import { listTaskDefinitions } from "./list-task-definitions.ts";
import { registerTaskDefinition } from "./register-task-definition.ts";

/** The operations on task definitions. */
export const taskDefinitionOperations = {
  DeleteTaskDefinitions: {
    machine: "account",
    handler: deleteTaskDefinitions,
    resources: inAccount({ "taskDefinitions[]": "task-definition" }),
    level: "operate",
    errors: [],
  },
  DeregisterTaskDefinition: {
    machine: "account",
    handler: deregisterTaskDefinition,
    resources: inAccount({ taskDefinition: "task-definition" }),
    level: "operate",
    errors: [],
  },
  DescribeTaskDefinition: {
    machine: "account",
    handler: describeTaskDefinition,
    resources: inAccount({ taskDefinition: "task-definition" }),
    level: "read",
    errors: [],
  },
  ListTaskDefinitionFamilies: {
    machine: "account",
    handler: listTaskDefinitionFamilies,
    resources: inAccount({ familyPrefix: "outside" }),
    level: "read",
    errors: [],
  },
  ListTaskDefinitions: {
    machine: "account",
    handler: listTaskDefinitions,
    resources: inAccount({ familyPrefix: "outside" }),
    level: "read",
    errors: [],
  },
  RegisterTaskDefinition: {
    machine: "account",
    handler: registerTaskDefinition,
    resources: inAccount({
      family: "task-definition",
      taskRoleArn: "outside",
      "containerDefinitions[].systemControls[].namespace": "outside",
      executionRoleArn: "outside",
      "volumes[].s3filesVolumeConfiguration.fileSystemArn": "outside",
      "volumes[].s3filesVolumeConfiguration.accessPointArn": "outside",
    }),
    level: "operate",
    errors: ["LimitExceededException"],
    beyondLimits: "ClientException",
    missing:
      "Neuron devices, shared GPUs, S3 Files volumes and volumes configured at launch are checked and stored, but RunTask and StartTask refuse to run them. FireLens, App Mesh proxies, fault injection and FSx volumes run only on container instances that offer them, which Berth's own hosts don't.",
  },
} as const satisfies OperationRows;
