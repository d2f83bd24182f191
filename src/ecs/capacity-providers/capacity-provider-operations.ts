import { inAccount } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { createCapacityProvider } from "./create-capacity-provider.ts";
import { deleteCapacityProvider } from "./delete-capacity-provider.ts";
import { describeCapacityProviders } from "./describe-capacity-providers.ts";
import { updateCapacityProvider } from "./update-capacity-provider.ts";

const managedInstances = {
  "managedInstancesProvider.infrastructureRoleArn": "outside",
  "managedInstancesProvider.instanceLaunchTemplate.ec2InstanceProfileArn": "outside",
  "managedInstancesProvider.instanceLaunchTemplate.capacityReservations.reservationGroupArn": "outside",
} as const;

/** The operations on capacity providers. */
export const capacityProviderOperations = {
  CreateCapacityProvider: {
    machine: "account",
    handler: createCapacityProvider,
    resources: inAccount({
      name: "capacity-provider",
      cluster: "cluster",
      "autoScalingGroupProvider.autoScalingGroupArn": "outside",
      ...managedInstances,
    }),
    level: "operate",
    errors: [
      "ClusterNotFoundException",
      "LimitExceededException",
      "UnsupportedFeatureException",
      "UpdateInProgressException",
    ],
    missing:
      "Berth starts and stops no machines: managed scaling, termination protection and draining can't be enabled, and Managed Instances are refused. A container instance's attribute berth.capacity-provider names its provider.",
  },
  DeleteCapacityProvider: {
    machine: "account",
    handler: deleteCapacityProvider,
    resources: inAccount({ capacityProvider: "capacity-provider", cluster: "cluster" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "UnsupportedFeatureException", "UpdateInProgressException"],
  },
  DescribeCapacityProviders: {
    machine: "account",
    handler: describeCapacityProviders,
    resources: inAccount({ "capacityProviders[]": "capacity-provider", cluster: "cluster" }),
    level: "read",
    errors: ["ClusterNotFoundException", "UnsupportedFeatureException"],
    missing: "FARGATE and FARGATE_SPOT can't be tagged.",
  },
  UpdateCapacityProvider: {
    machine: "account",
    handler: updateCapacityProvider,
    resources: inAccount({ name: "capacity-provider", cluster: "cluster", ...managedInstances }),
    level: "operate",
    errors: ["ClusterNotFoundException", "UnsupportedFeatureException"],
    missing: "It can't enable what CreateCapacityProvider can't enable.",
  },
} as const satisfies OperationRows;
