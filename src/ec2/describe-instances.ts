import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { interfaceReply } from "./describe-network-interfaces.ts";
import { type Described, type DescribeRequest, describedPage } from "./described-page.ts";
import { type KnownInstance, knownNetwork } from "./known-network.ts";
import { present } from "./present-members.ts";

const described: Described<KnownInstance> = {
  operation: "DescribeInstances",
  notFound: "InvalidInstanceID.NotFound",
  noun: "instance ID",
  filters: {
    "availability-zone": ({ zone }) => [zone],
    "image-id": ({ imageId }) => [imageId],
    "instance-id": ({ id }) => [id],
    "instance-state-code": () => ["16"],
    "instance-state-name": () => ["running"],
    "instance-type": ({ type }) => [type],
    "network-interface.addresses.private-ip-address": ({ interfaces }) =>
      interfaces.map(({ privateAddress }) => privateAddress),
    "network-interface.network-interface-id": ({ interfaces }) => interfaces.map(({ id }) => id),
    "private-dns-name": ({ privateDnsName }) => [privateDnsName],
    "private-ip-address": ({ privateAddress }) => [privateAddress],
    "subnet-id": ({ subnetId }) => [subnetId],
    "vpc-id": ({ vpcId }) => [vpcId],
  },
};

/** The container instances that have an id of EC2. */
export function describeInstances(
  { place }: ServiceStep<object>,
  request: DescribeRequest & { readonly InstanceIds?: readonly string[] },
  { facts }: ServiceGiven,
): object {
  const { items, ...next } = describedPage(
    knownNetwork(place, facts).instances,
    request.InstanceIds,
    request,
    described,
    facts,
  );
  const { account } = place;
  // Who started which together isn't known, so each is a reservation of its own.
  const Reservations = items.map((instance) => ({
    ReservationId: instance.id.replace(/^i-/, "r-"),
    OwnerId: account,
    Groups: [],
    Instances: [instanceReply(instance, account)],
  }));
  return { Reservations, ...next };
}

function instanceReply(instance: KnownInstance, account: string): object {
  return {
    ...present({
      InstanceId: instance.id,
      ImageId: instance.imageId,
      InstanceType: instance.type,
      SubnetId: instance.subnetId,
      VpcId: instance.vpcId,
      PrivateIpAddress: instance.privateAddress,
      PrivateDnsName: instance.privateDnsName,
    }),
    LaunchTime: instance.registeredAt,
    Placement: present({ AvailabilityZone: instance.zone }),
    State: { Code: 16, Name: "running" },
    NetworkInterfaces: instance.interfaces.map((each) => interfaceReply(each, account)),
    SecurityGroups: [],
    Tags: [],
  };
}
