import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../lib/assert.ts";
import { seededRandom } from "../lib/random.ts";
import type { EcsFacts } from "../service-machine/ecs-facts.ts";
import { ServiceMachine } from "../service-machine/service-machine.ts";
import { noPorts } from "../service-machine/small-service.ts";
import { isLike } from "./described-page.ts";
import { ec2 } from "./ec2.ts";
import { knownNetwork } from "./known-network.ts";
import { filtersFor, mergedReads } from "./merged-reads.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const arn = (rest: string): string => `arn:aws:ecs:eu-west-1:123456789012:${rest}`;

const task = (n: number, more: Partial<EcsFacts["tasks"][number]> = {}): EcsFacts["tasks"][number] => ({
  taskArn: arn(`task/c/${n}`),
  clusterArn: arn("cluster/c"),
  group: "family:web",
  lastStatus: "RUNNING",
  availabilityZone: "eu-west-1a",
  containerInstanceArn: null,
  attachments: [
    {
      id: `attachment-${n}`,
      details: [
        { name: "subnetId", value: "subnet-a" },
        { name: "networkInterfaceId", value: `eni-${n}` },
        { name: "macAddress", value: `0a:00:00:00:00:0${n}` },
        { name: "privateDnsName", value: `ip-10-64-0-${n}` },
        { name: "privateIPv4Address", value: `10.64.0.${n}` },
      ],
    },
  ],
  ...more,
});

const facts: EcsFacts = {
  tasks: [
    task(2, { group: "service:web" }),
    task(1, { containerInstanceArn: arn("container-instance/c/1") }),
    task(3, { lastStatus: "STOPPED" }),
    task(4, { attachments: [] }),
    // Its address isn't there yet.
    task(5, { attachments: [{ id: "new", details: [{ name: "subnetId", value: "subnet-a" }] }] }),
  ],
  instances: [
    {
      containerInstanceArn: arn("container-instance/c/1"),
      ec2InstanceId: "i-0a",
      registeredAt: 1_700_000_000_000,
      privateAddress: "10.0.0.7",
      attributes: [
        { name: "ecs.instance-type", value: "m5.large" },
        { name: "ecs.availability-zone", value: "eu-west-1a" },
        { name: "ecs.subnet-id", value: "subnet-a" },
        { name: "ecs.vpc-id", value: "vpc-1" },
        { name: "ecs.capability.task-eni" },
      ],
    },
    {
      containerInstanceArn: arn("container-instance/c/2"),
      ec2InstanceId: null,
      registeredAt: 1,
      attributes: [],
      privateAddress: null,
    },
  ],
  services: [
    {
      clusterArn: arn("cluster/c"),
      serviceName: "web",
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-a", "subnet-b"], securityGroups: ["sg-1"] } },
    },
    { clusterArn: arn("cluster/c"), serviceName: "bridge", networkConfiguration: null },
  ],
};

// biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
function call(operation: string, request: object = {}, elsewhere?: ReadonlySet<string>): any {
  const machine = new ServiceMachine(ec2, place, noPorts);
  const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false };
  const given = elsewhere === undefined ? facts : { ...facts, elsewhere };
  const input = { type: "call", operation, request, caller, facts: given } as const;
  const { reply, documents } = machine.step(input, 0, seededRandom("ec2"));
  assert.deepEqual(documents, [], "EC2 keeps nothing");
  return reply.ok ? reply.value : `${reply.refusal.code}: ${reply.refusal.message}`;
}

const interfaces = (request: object = {}): string[] =>
  call("DescribeNetworkInterfaces", request).NetworkInterfaces.map(
    ({ NetworkInterfaceId }: { NetworkInterfaceId: string }) => NetworkInterfaceId,
  );
const filtered = (Name: string, ...Values: string[]): string[] => interfaces({ Filters: [{ Name, Values }] });

describe("network interfaces", () => {
  test("are those of tasks that have an address and aren't stopped", () => {
    const [first, second] = call("DescribeNetworkInterfaces").NetworkInterfaces;
    assert.deepEqual(interfaces(), ["eni-1", "eni-2"]);
    assert.deepEqual(first, {
      NetworkInterfaceId: "eni-1",
      SubnetId: "subnet-a",
      VpcId: "vpc-1",
      AvailabilityZone: "eu-west-1a",
      MacAddress: "0a:00:00:00:00:01",
      PrivateIpAddress: "10.64.0.1",
      PrivateDnsName: "ip-10-64-0-1",
      Description: arn("attachment/attachment-1"),
      InterfaceType: "interface",
      OwnerId: "123456789012",
      Status: "in-use",
      Attachment: { Status: "attached", InstanceId: "i-0a" },
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: "10.64.0.1", PrivateDnsName: "ip-10-64-0-1" }],
      Groups: [],
      TagSet: [],
    });
    assert.deepEqual(second.Groups, [{ GroupId: "sg-1", GroupName: "sg-1" }]);
    assert.deepEqual(second.Attachment, { Status: "attached" });
  });

  test("are found by id and by filters", () => {
    assert.deepEqual(interfaces({ NetworkInterfaceIds: ["eni-2"] }), ["eni-2"]);
    assert.equal(
      call("DescribeNetworkInterfaces", { NetworkInterfaceIds: ["eni-2", "eni-9"] }),
      "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-9' does not exist",
    );
    assert.deepEqual(filtered("private-ip-address", "10.64.0.2", "10.64.0.9"), ["eni-2"]);
    assert.deepEqual(filtered("addresses.private-ip-address", "10.64.*"), ["eni-1", "eni-2"]);
    assert.deepEqual(filtered("group-id", "sg-1"), ["eni-2"]);
    assert.deepEqual(filtered("attachment.instance-id", "i-0a"), ["eni-1"]);
    assert.deepEqual(filtered("vpc-id", "vpc-2"), []);
    assert.deepEqual(filtered("tag:team", "blue"), []);
    assert.deepEqual(filtered("subnet-id"), []);
    const two = [
      { Name: "subnet-id", Values: ["subnet-a"] },
      { Name: "group-id", Values: ["sg-1"] },
    ];
    assert.deepEqual(interfaces({ Filters: two }), ["eni-2"]);
    const unknown = call("DescribeNetworkInterfaces", { Filters: [{ Name: "colour", Values: ["red"] }] });
    assert.equal(unknown, "InvalidParameterValue: The filter 'colour' is invalid");
  });

  test("that another server has aren't missing, and a filter that only it knows finds nothing here", () => {
    const elsewhere = new Set(["eni-9"]);
    const named = { NetworkInterfaceIds: ["eni-9", "eni-2"] };
    assert.equal(call("DescribeNetworkInterfaces", named, elsewhere).NetworkInterfaces.length, 1);
    const missing = { NetworkInterfaceIds: ["eni-9", "eni-8"] };
    assert.match(
      call("DescribeNetworkInterfaces", missing, elsewhere),
      /^InvalidNetworkInterfaceID\.NotFound: .*'eni-8'/,
    );
    const Filters = [{ Name: "colour", Values: ["red"] }];
    assert.deepEqual(call("DescribeNetworkInterfaces", { Filters }, elsewhere).NetworkInterfaces, []);
  });

  test("answer a dry run as a dry run, and refuse pages of other sizes", () => {
    assert.match(call("DescribeNetworkInterfaces", { DryRun: true }), /^DryRunOperation: Request would have succeeded/);
    assert.match(call("DescribeNetworkInterfaces", { MaxResults: 4 }), /^InvalidParameterValue: Value \( 4 \)/);
    assert.match(call("DescribeNetworkInterfaces", { NextToken: "x" }), /^InvalidParameterValue/);
  });
});

test("instances are container instances with an id of EC2, with the interfaces of their tasks", () => {
  const { Reservations } = call("DescribeInstances");
  assert.equal(Reservations.length, 1);
  const [{ Instances, ReservationId }] = Reservations;
  const [{ NetworkInterfaces, ...instance }] = Instances;
  assert.equal(ReservationId, "r-0a");
  assert.deepEqual(
    NetworkInterfaces.map(({ NetworkInterfaceId }: { NetworkInterfaceId: string }) => NetworkInterfaceId),
    ["eni-1"],
  );
  assert.deepEqual(instance, {
    InstanceId: "i-0a",
    InstanceType: "m5.large",
    SubnetId: "subnet-a",
    VpcId: "vpc-1",
    PrivateIpAddress: "10.0.0.7",
    PrivateDnsName: "ip-10-0-0-7.eu-west-1.compute.internal",
    LaunchTime: 1_700_000_000_000,
    Placement: { AvailabilityZone: "eu-west-1a" },
    State: { Code: 16, Name: "running" },
    SecurityGroups: [],
    Tags: [],
  });
  for (const [Name, value] of [
    ["private-ip-address", "10.0.0.7"],
    ["private-dns-name", "ip-10-0-0-7.*"],
  ] as const) {
    assert.equal(call("DescribeInstances", { Filters: [{ Name, Values: [value] }] }).Reservations.length, 1);
    assert.equal(call("DescribeInstances", { Filters: [{ Name, Values: ["10.0.0.8"] }] }).Reservations.length, 0);
  }
  const byAddress = [{ Name: "network-interface.addresses.private-ip-address", Values: ["10.64.0.1"] }];
  assert.equal(call("DescribeInstances", { Filters: byAddress }).Reservations.length, 1);
  assert.match(
    call("DescribeInstances", { InstanceIds: ["i-1"] }),
    /^InvalidInstanceID\.NotFound: The instance ID 'i-1'/,
  );
});

test("an instance's address is what its attribute says, if that is an address", () => {
  for (const [value, expected] of [
    ["10.1.2.3", "10.1.2.3"],
    ["10.1.2.256", "10.0.0.7"],
    ["web-1", "10.0.0.7"],
    ["", "10.0.0.7"],
  ] as const) {
    const instances = facts.instances.map((each) => ({
      ...each,
      attributes: [...each.attributes, { name: "berth.private-address", value }],
    }));
    assert.equal(knownNetwork(place, { ...facts, instances }).instances[0]?.privateAddress, expected, value);
  }
});

test("subnets, VPCs and security groups are those that something names", () => {
  assert.deepEqual(
    call("DescribeSubnets").Subnets.map((subnet: { SubnetId: string; VpcId?: string; AvailabilityZone?: string }) => [
      subnet.SubnetId,
      subnet.VpcId,
      subnet.AvailabilityZone,
    ]),
    [
      ["subnet-a", "vpc-1", "eu-west-1a"],
      ["subnet-b", undefined, undefined],
    ],
  );
  assert.deepEqual(
    call("DescribeVpcs").Vpcs.map(({ VpcId }: { VpcId: string }) => VpcId),
    ["vpc-1"],
  );
  const [group, ...others] = call("DescribeSecurityGroups", { GroupIds: ["sg-1"] }).SecurityGroups;
  assert.deepEqual([group.GroupId, group.VpcId, others], ["sg-1", "vpc-1", []]);
  assert.match(call("DescribeSubnets", { SubnetIds: ["subnet-x"] }), /^InvalidSubnetID\.NotFound/);
  assert.match(call("DescribeVpcs", { VpcIds: ["vpc-x"] }), /^InvalidVpcID\.NotFound/);
  assert.match(call("DescribeSecurityGroups", { GroupIds: ["sg-x"] }), /^InvalidGroup\.NotFound/);
});

test("a filter's star and question mark stand for characters, unless a backslash is before them", () => {
  for (const [text, pattern, expected] of [
    ["10.64.0.1", "10.*.1", true],
    ["10.64.0.1", "10.*.2", false],
    ["abc", "a?c", true],
    ["abc", "a?", false],
    ["abc", "*", true],
    ["abc", "abc*", true],
    ["", "", true],
    ["", "?", false],
    ["a*c", "a\\*c", true],
    ["abc", "a\\*c", false],
    ["aXbXc", "a*X*c", true],
    ["ABC", "abc", false],
  ] as const) {
    assert.equal(isLike(text, pattern), expected, `${text} ${pattern}`);
  }
});

test("ids become filters of at most 200 values", () => {
  const { namedBy } = must(mergedReads.get("DescribeVpcs"), "a read");
  const ids = Array.from({ length: 401 }, (_, n) => `vpc-${n}`);
  const filters = filtersFor(namedBy[0], ids);
  assert.deepEqual(
    filters.map(({ Name, Values = [] }) => [Name, Values.length]),
    [
      ["vpc-id", 200],
      ["vpc-id", 200],
      ["vpc-id", 1],
    ],
  );
  assert.deepEqual(
    filters.flatMap(({ Values = [] }) => Values),
    ids,
  );
});

test("groups are found by their names, which are their ids", () => {
  const [group] = call("DescribeSecurityGroups", { GroupNames: ["sg-1"] }).SecurityGroups;
  assert.equal(group.GroupId, "sg-1");
  assert.match(call("DescribeSecurityGroups", { GroupNames: ["web"] }), /^InvalidGroup\.NotFound/);
});
