import type { ServiceGiven } from "../service-machine/service-operation.ts";
import type { ServiceStep } from "../service-machine/service-step.ts";
import { type Described, type DescribeRequest, describedPage } from "./described-page.ts";
import { type KnownInterface, knownNetwork } from "./known-network.ts";
import { present } from "./present-members.ts";

const described: Described<KnownInterface> = {
  operation: "DescribeNetworkInterfaces",
  notFound: "InvalidNetworkInterfaceID.NotFound",
  noun: "networkInterface ID",
  filters: {
    "addresses.private-ip-address": ({ privateAddress }) => [privateAddress],
    "attachment.instance-id": ({ instanceId }) => [instanceId],
    "attachment.status": () => ["attached"],
    "availability-zone": ({ zone }) => [zone],
    description: ({ attachmentArn }) => [attachmentArn],
    "group-id": ({ groupIds }) => groupIds,
    "interface-type": () => ["interface"],
    "mac-address": ({ macAddress }) => [macAddress],
    "network-interface-id": ({ id }) => [id],
    "private-dns-name": ({ privateDnsName }) => [privateDnsName],
    "private-ip-address": ({ privateAddress }) => [privateAddress],
    status: () => ["in-use"],
    "subnet-id": ({ subnetId }) => [subnetId],
    "vpc-id": ({ vpcId }) => [vpcId],
  },
};

/** The interfaces of tasks that have one of their own. */
export function describeNetworkInterfaces(
  { place }: ServiceStep<object>,
  request: DescribeRequest & { readonly NetworkInterfaceIds?: readonly string[] },
  { facts }: ServiceGiven,
): object {
  const { interfaces } = knownNetwork(place, facts);
  const { items, ...next } = describedPage(interfaces, request.NetworkInterfaceIds, request, described, facts);
  return { NetworkInterfaces: items.map((each) => interfaceReply(each, place.account)), ...next };
}

/** AWS: the description of a task's interface is the ARN of the attachment. */
export function interfaceReply(known: KnownInterface, account: string): object {
  return {
    ...present({
      NetworkInterfaceId: known.id,
      SubnetId: known.subnetId,
      VpcId: known.vpcId,
      AvailabilityZone: known.zone,
      MacAddress: known.macAddress,
      PrivateIpAddress: known.privateAddress,
      PrivateDnsName: known.privateDnsName,
    }),
    Description: known.attachmentArn,
    InterfaceType: "interface",
    OwnerId: account,
    Status: "in-use",
    Attachment: { Status: "attached", ...present({ InstanceId: known.instanceId }) },
    PrivateIpAddresses:
      known.privateAddress === null
        ? []
        : [
            {
              Primary: true,
              ...present({ PrivateIpAddress: known.privateAddress, PrivateDnsName: known.privateDnsName }),
            },
          ],
    Groups: known.groupIds.map((id) => ({ GroupId: id, GroupName: id })),
    TagSet: [],
  };
}
