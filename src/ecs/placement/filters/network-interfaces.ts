import type { ContainerInstance } from "../../documents/container-instance.ts";
import type { Need } from "../../documents/placement-request.ts";
import type { Candidate, PlacementFilter } from "../candidate.ts";

/** AWS: how many tasks with their own ENI an EC2 instance of a size takes, without and with a trunk. */
const interfacesBySize: Readonly<Record<string, readonly [plain: number, trunked: number]>> = {
  nano: [1, 1],
  micro: [1, 1],
  small: [2, 2],
  medium: [1, 4],
  large: [2, 10],
  xlarge: [3, 20],
  "2xlarge": [3, 40],
  "3xlarge": [7, 60],
  "4xlarge": [7, 60],
  "6xlarge": [7, 60],
  "8xlarge": [7, 60],
  "9xlarge": [7, 60],
  "10xlarge": [7, 60],
  "12xlarge": [7, 60],
};
const largestSizes = [14, 120] as const;

/**
 * How many tasks of network mode awsvpc `instance` takes: its type's ENIs except the first, which is the instance's own, or the branches of
 * its trunk. Unlimited on hosts outside EC2.
 * DIFFERS: AWS has a number for each instance type; Berth goes by the size, which gives the same for all but a few types.
 */
export function taskInterfacesOf(instance: ContainerInstance): number {
  const [, family, size = ""] = /^([a-z][a-z0-9-]*)\.(\w+)/.exec(instance.instanceType ?? "") ?? [];
  if (family === undefined) return Number.POSITIVE_INFINITY;
  // AWS: burstable types have one more than others of this size.
  if (size === "medium" && family.startsWith("t")) return 2;
  const [plain, trunked] = interfacesBySize[size] ?? largestSizes;
  return isTrunked(instance) ? trunked : plain;
}

const isTrunked = ({ platformAttributes }: ContainerInstance): boolean =>
  platformAttributes.some(({ name }) => name === "ecs.awsvpc-trunk-id");

const left = ({ instance, usage }: Candidate): number => taskInterfacesOf(instance) - usage.networkInterfaces;

/** AWS: a task of network mode awsvpc takes one of the instance's network interfaces. */
export const networkInterfacesFit = (need: Need): PlacementFilter => ({
  reason: "RESOURCE:ENI",
  looksAt: "tasks",
  lacks: (candidate) => Math.max(0, need.networkInterfaces - left(candidate)),
  explain: ({ instance }) =>
    `Needs a network interface; all ${taskInterfacesOf(instance)} for tasks are taken.${isTrunked(instance) ? "" : advice}`,
});

/** AWS: a trunk gives an instance many more, and is created when it registers. */
const advice = " With the account setting awsvpcTrunking instances that register have room for more.";
