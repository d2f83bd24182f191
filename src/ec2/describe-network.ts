/** Subnets, VPCs and security groups, as far as tasks, services and container instances name them. */
import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { type Described, type DescribeRequest, describedPage } from "./described-page.ts";
import { type KnownGroup, type KnownSubnet, type KnownVpc, knownNetwork } from "./known-network.ts";
import { present } from "./present-members.ts";

const subnets: Described<KnownSubnet> = {
  operation: "DescribeSubnets",
  notFound: "InvalidSubnetID.NotFound",
  noun: "subnet ID",
  filters: {
    "availability-zone": ({ zone }) => [zone],
    availabilityZone: ({ zone }) => [zone],
    state: () => ["available"],
    "subnet-id": ({ id }) => [id],
    "vpc-id": ({ vpcId }) => [vpcId],
  },
};

export function describeSubnets(
  { place }: ServiceStep<object>,
  request: DescribeRequest & { readonly SubnetIds?: readonly string[] },
  { facts }: ServiceGiven,
): object {
  const known = knownNetwork(place, facts).subnets;
  const { items, ...next } = describedPage(known, request.SubnetIds, request, subnets, facts);
  const Subnets = items.map(({ id, vpcId, zone }) => ({
    ...present({ SubnetId: id, VpcId: vpcId, AvailabilityZone: zone }),
    OwnerId: place.account,
    State: "available",
    Tags: [],
  }));
  return { Subnets, ...next };
}

const vpcs: Described<KnownVpc> = {
  operation: "DescribeVpcs",
  notFound: "InvalidVpcID.NotFound",
  noun: "vpc ID",
  filters: {
    "is-default": () => ["false"],
    isDefault: () => ["false"],
    state: () => ["available"],
    "vpc-id": ({ id }) => [id],
  },
};

export function describeVpcs(
  { place }: ServiceStep<object>,
  request: DescribeRequest & { readonly VpcIds?: readonly string[] },
  { facts }: ServiceGiven,
): object {
  const { items, ...next } = describedPage(knownNetwork(place, facts).vpcs, request.VpcIds, request, vpcs, facts);
  const Vpcs = items.map(({ id }) => ({
    VpcId: id,
    OwnerId: place.account,
    State: "available",
    IsDefault: false,
    Tags: [],
  }));
  return { Vpcs, ...next };
}

const groups: Described<KnownGroup> = {
  operation: "DescribeSecurityGroups",
  notFound: "InvalidGroup.NotFound",
  noun: "security group",
  filters: {
    "group-id": ({ id }) => [id],
    "group-name": ({ id }) => [id],
    "vpc-id": ({ vpcId }) => [vpcId],
  },
};

export function describeSecurityGroups(
  { place }: ServiceStep<object>,
  request: DescribeRequest & { readonly GroupIds?: readonly string[]; readonly GroupNames?: readonly string[] },
  { facts }: ServiceGiven,
): object {
  const known = knownNetwork(place, facts).groups;
  // A group is called what its id is.
  const ids = [...(request.GroupIds ?? []), ...(request.GroupNames ?? [])];
  const { items, ...next } = describedPage(known, ids, request, groups, facts);
  const SecurityGroups = items.map(({ id, vpcId }) => ({
    GroupId: id,
    GroupName: id,
    ...present({ VpcId: vpcId }),
    OwnerId: place.account,
    IpPermissions: [],
    IpPermissionsEgress: [],
    Tags: [],
  }));
  return { SecurityGroups, ...next };
}
