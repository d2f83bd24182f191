/** What EC2 shows of an account in a region, as far as it follows from the tasks, services and container instances of ECS. */
import type { Place } from "../ecs/arn.ts";
import { isAddress, privateDnsName } from "../ecs/documents/network-address.ts";
import type { EcsFacts, FactsOfInstance, FactsOfService, FactsOfTask } from "../service-machine/ecs-facts.ts";

/** An interface of a task. */
export type KnownInterface = {
  readonly id: string;
  readonly attachmentArn: string;
  readonly subnetId: string | null;
  readonly vpcId: string | null;
  readonly zone: string | null;
  readonly macAddress: string | null;
  readonly privateAddress: string | null;
  readonly privateDnsName: string | null;
  readonly groupIds: readonly string[];
  /** Of a task that runs on a container instance with an id of EC2. */
  readonly instanceId: string | null;
};

export type KnownInstance = {
  readonly id: string;
  readonly type: string | null;
  readonly imageId: string | null;
  readonly zone: string | null;
  readonly subnetId: string | null;
  readonly vpcId: string | null;
  readonly registeredAt: number;
  readonly privateAddress: string | null;
  readonly privateDnsName: string | null;
  readonly interfaces: readonly KnownInterface[];
};

export type KnownSubnet = { readonly id: string; readonly vpcId: string | null; readonly zone: string | null };
export type KnownGroup = { readonly id: string; readonly vpcId: string | null };
export type KnownVpc = { readonly id: string };

export type KnownNetwork = {
  readonly interfaces: readonly KnownInterface[];
  readonly instances: readonly KnownInstance[];
  readonly subnets: readonly KnownSubnet[];
  readonly groups: readonly KnownGroup[];
  readonly vpcs: readonly KnownVpc[];
};

/** Everything, each by id. */
export function knownNetwork(place: Place, facts: EcsFacts): KnownNetwork {
  const vpcOfSubnet = new Map<string, string>();
  for (const { attributes } of facts.instances) {
    const [subnet, vpc] = [textOf(attributes, "ecs.subnet-id"), textOf(attributes, "ecs.vpc-id")];
    if (subnet !== null && vpc !== null) vpcOfSubnet.set(subnet, vpc);
  }
  const instanceIds = new Map(facts.instances.map((each) => [each.containerInstanceArn, each.ec2InstanceId]));
  const groupsOf = new Map(facts.services.map((service) => [serviceKey(service), configurationOf(service)]));
  const interfaces = byId(
    facts.tasks.flatMap((task) => {
      const configured = groupsOf.get(`${task.clusterArn} ${task.group ?? ""}`)?.securityGroups ?? [];
      return interfacesOf(place, task, configured, vpcOfSubnet, instanceIds);
    }),
  );
  const instances = byId(facts.instances.flatMap((each) => instanceOf(place, each, interfaces)));
  const subnets = new Map<string, KnownSubnet>();
  for (const { subnetId: id, vpcId, zone } of [...instances, ...interfaces]) {
    if (id !== null && !subnets.has(id)) subnets.set(id, { id, vpcId, zone });
  }
  for (const { subnets: ids = [] } of groupsOf.values()) {
    for (const id of ids) if (!subnets.has(id)) subnets.set(id, { id, vpcId: vpcOfSubnet.get(id) ?? null, zone: null });
  }
  const groups = new Map<string, KnownGroup>();
  for (const { securityGroups = [], subnets: ids = [] } of groupsOf.values()) {
    const vpcId = ids.map((id) => vpcOfSubnet.get(id) ?? null).find((id) => id !== null) ?? null;
    for (const id of securityGroups) groups.set(id, { id, vpcId });
  }
  const vpcs = new Set([...instances, ...subnets.values()].flatMap(({ vpcId }) => (vpcId === null ? [] : [vpcId])));
  return {
    interfaces,
    instances,
    subnets: byId([...subnets.values()]),
    groups: byId([...groups.values()]),
    vpcs: byId([...vpcs].map((id) => ({ id }))),
  };
}

const serviceKey = ({ clusterArn, serviceName }: FactsOfService): string => `${clusterArn} service:${serviceName}`;

const configurationOf = ({ networkConfiguration }: FactsOfService) => networkConfiguration?.awsvpcConfiguration ?? {};

/** AWS: the interface of a task is there until the task is gone. */
function interfacesOf(
  { account, region }: Place,
  task: FactsOfTask,
  groupIds: readonly string[],
  vpcOfSubnet: ReadonlyMap<string, string>,
  instanceIds: ReadonlyMap<string, string | null>,
): KnownInterface[] {
  if (task.lastStatus === "STOPPED") return [];
  return task.attachments.flatMap(({ id: attachmentId, details }) => {
    const id = textOf(details, "networkInterfaceId");
    if (id === null) return [];
    const subnetId = textOf(details, "subnetId");
    const [, partition = "aws"] = task.taskArn.split(":");
    return {
      id,
      attachmentArn: `arn:${partition}:ecs:${region}:${account}:attachment/${attachmentId}`,
      subnetId,
      vpcId: subnetId === null ? null : (vpcOfSubnet.get(subnetId) ?? null),
      zone: task.availabilityZone,
      macAddress: textOf(details, "macAddress"),
      privateAddress: textOf(details, "privateIPv4Address"),
      privateDnsName: textOf(details, "privateDnsName"),
      groupIds,
      instanceId: task.containerInstanceArn === null ? null : (instanceIds.get(task.containerInstanceArn) ?? null),
    };
  });
}

function instanceOf(
  { region }: Place,
  { ec2InstanceId, attributes, registeredAt, privateAddress }: FactsOfInstance,
  interfaces: readonly KnownInterface[],
): KnownInstance[] {
  if (ec2InstanceId === null || ec2InstanceId === "") return [];
  const address = saidAddress(attributes) ?? privateAddress;
  return [
    {
      id: ec2InstanceId,
      type: textOf(attributes, "ecs.instance-type"),
      imageId: textOf(attributes, "ecs.ami-id"),
      zone: textOf(attributes, "ecs.availability-zone"),
      subnetId: textOf(attributes, "ecs.subnet-id"),
      vpcId: textOf(attributes, "ecs.vpc-id"),
      registeredAt,
      privateAddress: address,
      privateDnsName: address === null ? null : privateDnsName(address, region),
      interfaces: interfaces.filter(({ instanceId }) => instanceId === ec2InstanceId),
    },
  ];
}

/** Where the server sees only a proxy or a gateway, users give the instance its address with an attribute. Text that is no address is not one. */
function saidAddress(attributes: FactsOfInstance["attributes"]): string | null {
  const said = textOf(attributes, "berth.private-address");
  return said !== null && isAddress(said) ? said : null;
}

const textOf = (
  pairs: readonly { readonly name: string; readonly value?: string | null }[],
  wanted: string,
): string | null => pairs.find(({ name }) => name === wanted)?.value ?? null;

/** Each id once, in order. A machine that registered with two clusters is one instance. */
function byId<T extends { readonly id: string }>(items: readonly T[]): T[] {
  const found = new Map(items.map((item) => [item.id, item]));
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
