/** The operations of EC2 that Berth answers: reads of what ECS knows. */
import type { ServiceRow } from "../service-machine/service-operation.ts";
import { describeInstances } from "./describe-instances.ts";
import { describeSecurityGroups, describeSubnets, describeVpcs } from "./describe-network.ts";
import { describeNetworkInterfaces } from "./describe-network-interfaces.ts";

const row = { machine: "service", access: "read", tasks: true, needsEcs: true, errors: [] } as const;

export const ec2Operations = {
  DescribeInstances: {
    ...row,
    handler: describeInstances,
    missing:
      "Container instances with an id of EC2, each as `running`: what ECS knows of them, and the address that they registered from. No key or security group.",
  },
  DescribeNetworkInterfaces: {
    ...row,
    handler: describeNetworkInterfaces,
    missing: "The interfaces of tasks, without public addresses. Security groups are those of the task's service.",
  },
  DescribeSecurityGroups: {
    ...row,
    handler: describeSecurityGroups,
    missing: "The ids that services name, without rules.",
  },
  DescribeSubnets: {
    ...row,
    handler: describeSubnets,
    missing: "Those of tasks, services and container instances, without address ranges.",
  },
  DescribeVpcs: { ...row, handler: describeVpcs, missing: "Those of container instances, without address ranges." },
} as const satisfies Readonly<Record<string, ServiceRow>>;
