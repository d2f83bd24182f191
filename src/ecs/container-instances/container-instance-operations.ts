import { inCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { listContainerInstances } from "./list-container-instances.ts";
import { registerContainerInstance } from "./register-container-instance.ts";
import { updateContainerAgent } from "./update-container-agent.ts";
import { updateContainerInstancesState } from "./update-container-instances-state.ts";

/** The operations on container instances. */
export const containerInstanceOperations = {
  DeregisterContainerInstance: {
    machine: "cluster",
    handler: deregisterContainerInstance,
    resources: inCluster({ containerInstance: "container-instance" }),
    level: "operate",
    agents: ["cluster", "container-instance"],
    errors: ["ClusterNotFoundException"],
  },
  DescribeContainerInstances: {
    machine: "cluster",
    handler: describeContainerInstances,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "read",
    errors: ["ClusterNotFoundException"],
  },
  ListContainerInstances: {
    machine: "cluster",
    handler: listContainerInstances,
    resources: inCluster(),
    level: "read",
    errors: ["ClusterNotFoundException"],
  },
  RegisterContainerInstance: {
    machine: "cluster",
    handler: registerContainerInstance,
    given: { settings: true },
    resources: inCluster({ containerInstanceArn: "container-instance", "attributes[].targetId": "container-instance" }),
    level: "operate",
    agents: ["cluster", "container-instance"],
    errors: ["ClusterNotFoundException"],
    undocumented: {
      clientToken:
        "The container agent sends one token per registration, so that a repeated call registers nothing twice.",
    },
    registersInstance: true,
  },
  UpdateContainerAgent: {
    machine: "cluster",
    handler: updateContainerAgent,
    resources: inCluster({ containerInstance: "container-instance" }),
    level: "operate",
    errors: [
      "ClusterNotFoundException",
      "MissingVersionException",
      "NoUpdateAvailableException",
      "UpdateInProgressException",
    ],
  },
  UpdateContainerInstancesState: {
    machine: "cluster",
    handler: updateContainerInstancesState,
    resources: inCluster({ "containerInstances[]": "container-instance" }),
    level: "operate",
    agents: ["cluster", "container-instance"],
    errors: ["ClusterNotFoundException"],
  },
} as const satisfies OperationRows;
