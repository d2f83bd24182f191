import type { Draw } from "../draw.ts";
import type { CallPlanner } from "./planned-call.ts";

/** Hosts belong to the first two, and nothing to the third. */
const own = ["mine", "yours", "nobodys"] as const;

const group = (name: string): string =>
  `arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:9c5d:autoScalingGroupName/${name}`;

export const createCapacityProvider: CallPlanner = (draw) => {
  const name = draw.weighted([
    [6, "mine"],
    [4, "yours"],
    [2, "nobodys"],
    [1, "aws-mine"],
  ]);
  return {
    operation: "CreateCapacityProvider",
    request: {
      name,
      autoScalingGroupProvider: {
        autoScalingGroupArn: group(draw.chance(0.95) ? name : "mine"),
        ...draw.maybe(0.2, () => ({
          managedScaling: { status: draw.pick(["DISABLED", "ENABLED"]), targetCapacity: 80 },
        })),
      },
    },
  };
};

export const updateCapacityProvider: CallPlanner = (draw) => ({
  operation: "UpdateCapacityProvider",
  request: {
    name: draw.pick(own),
    autoScalingGroupProvider: { managedScaling: { status: "DISABLED", targetCapacity: draw.pick([1, 100, 101]) } },
  },
});

export const deleteCapacityProvider: CallPlanner = (draw) => ({
  operation: "DeleteCapacityProvider",
  request: { capacityProvider: draw.chance(0.05) ? "FARGATE" : draw.pick(own) },
});

export const describeCapacityProviders: CallPlanner = (draw) => ({
  operation: "DescribeCapacityProviders",
  request: { ...draw.maybe(0.5, () => ({ capacityProviders: draw.some(["FARGATE", "FARGATE_SPOT", ...own], 2) })) },
});

export const putClusterCapacityProviders: CallPlanner = (draw, known) => ({
  operation: "PutClusterCapacityProviders",
  request: { cluster: draw.pick(known.clusters), defaultCapacityProviderStrategy: [], ...clusterProviders(draw) },
});

/** Many kinds, a few or none; rarely a default strategy, so tasks needn't say where they run. */
export function clusterProviders(draw: Draw): { readonly capacityProviders: readonly string[] } {
  const capacityProviders = draw.weighted<readonly string[]>([
    [6, ["FARGATE", "FARGATE_SPOT", "mine", "yours"]],
    [6, ["FARGATE", "FARGATE_SPOT"]],
    [2, ["FARGATE_SPOT", "mine"]],
    [1, []],
    [1, ["nobodys", "mine"]],
  ]);
  const defaultCapacityProviderStrategy = draw.pick([
    [{ capacityProvider: "FARGATE_SPOT", weight: 1 }],
    [{ capacityProvider: "mine", weight: 1 }],
  ]);
  return { capacityProviders, ...draw.maybe(0.2, () => ({ defaultCapacityProviderStrategy })) };
}
