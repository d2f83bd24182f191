/** Reads of EC2 with a companion that has EC2 as well: each answer has the interfaces of Berth's tasks and what the companion made. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { EC2, paginateDescribeSubnets } from "@aws-sdk/client-ec2";
import { must } from "../../src/lib/assert.ts";
import { type RecordedRequest, RecordingCompanion } from "../../src/server/companion/recording-companion.ts";
import { openLog } from "../../src/server/log/log.ts";
import { logged } from "../logged-events.ts";
import { until } from "../until.ts";
import { account, describeTask, expectRefused, region, startWorld, untilTask, type World } from "./world.ts";

/** An item as the companion has it: the values of its filters by their names, the first of which is its id. */
type Made = { readonly id: string; readonly filters: Readonly<Record<string, string>>; readonly xml: string };

const lists: Readonly<Record<string, readonly [list: string, filter: string]>> = {
  DescribeInstances: ["reservationSet", "instance-id"],
  DescribeNetworkInterfaces: ["networkInterfaceSet", "network-interface-id"],
  DescribeSecurityGroups: ["securityGroupInfo", "group-id"],
  DescribeSubnets: ["subnetSet", "subnet-id"],
  DescribeVpcs: ["vpcSet", "vpc-id"],
};

/** A small EC2: it finds what it has by filters, and gives it in pages. */
class FakeEc2 {
  readonly made: Record<string, Made[]> = {};
  readonly forms: URLSearchParams[] = [];

  answer = ({ body }: RecordedRequest, response: ServerResponse): void => {
    const form = new URLSearchParams(body.toString());
    this.forms.push(form);
    const action = form.get("Action") ?? "";
    const [list, idFilter] = lists[action] ?? ["", ""];
    const wanted = [...form].flatMap(([name, value]) => {
      const [, number] = /^Filter\.(\d+)\.Name$/.exec(name) ?? [];
      const values = [...form].filter(([each]) => each.startsWith(`Filter.${number}.Value.`)).map(([, each]) => each);
      return number === undefined ? [] : [{ name: value, values }];
    });
    const found = (this.made[action] ?? []).filter(({ id, filters }) =>
      wanted.every(({ name, values }) => values.includes(name === idFilter ? id : (filters[name] ?? ""))),
    );
    const start = Number(form.get("NextToken") ?? 0);
    const size = Number(form.get("MaxResults") ?? 1_000);
    const items = found.slice(start, start + size).map(({ xml }) => `<item>${xml}</item>`);
    const token = start + size < found.length ? `<nextToken>${start + size}</nextToken>` : "";
    response.end(
      `<?xml version="1.0"?><${action}Response><${list}>${items.join("")}</${list}>${token}</${action}Response>`,
    );
  };
}

const subnet = (id: string, cidrBlock: string, state = "available"): Made => ({
  id,
  filters: { "cidr-block": cidrBlock, state },
  xml: `<subnetId>${id}</subnetId><cidrBlock>${cidrBlock}</cidrBlock><state>${state}</state><tagSet><item><key>a</key><value>b &amp; c</value></item></tagSet>`,
});

let companion: RecordingCompanion;
let fake: FakeEc2;
let world: World;
let ec2: EC2;
let interfaceId: string;
const lines: string[] = [];

before(async () => {
  companion = await RecordingCompanion.open();
  world = await startWorld({
    instances: 2,
    server: {
      companion: {
        url: companion.url,
        services: new Set(),
        credentials: null,
        limits: { askedMs: 300, askedBytes: 20_000 },
      },
      log: openLog("warn", { write: (line) => lines.push(line) }),
    },
  });
  ec2 = client(world.server.url);
  interfaceId = await startService(world);
});
after(async () => {
  ec2.destroy();
  await world.close();
  await companion.close();
});
beforeEach(() => {
  fake = new FakeEc2();
  companion.answer = fake.answer;
  lines.length = 0;
});

const client = (endpoint: string): EC2 =>
  new EC2({ endpoint, region, credentials: { accessKeyId: account, secretAccessKey: "any" }, maxAttempts: 1 });

/** Starts a service of one task, and gives the id of its interface. */
async function startService({ ecs }: World): Promise<string> {
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: "fargate",
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: "256",
    memory: "512",
    containerDefinitions: [{ name: "app", image: "nginx" }],
  });
  await ecs.createService({
    serviceName: "web",
    taskDefinition: must(taskDefinition?.taskDefinitionArn, "a definition"),
    desiredCount: 1,
    launchType: "FARGATE",
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ["subnet-made", "subnet-named"], securityGroups: ["sg-made", "sg-named"] },
    },
  });
  const look = () => ecs.listTasks({ serviceName: "web" });
  const { taskArns = [] } = await until("a task", look, (found) => found.taskArns?.length === 1);
  const task = must(taskArns[0], "a task");
  await untilTask(ecs, "default", task, "RUNNING");
  const { attachments = [] } = await describeTask(ecs, "default", task);
  return must(attachments[0]?.details?.find(({ name }) => name === "networkInterfaceId")?.value, "an interface");
}

const madeSubnets = async (request: Parameters<EC2["describeSubnets"]>[0] = {}): Promise<string[]> => {
  const { Subnets = [] } = await ec2.describeSubnets(request);
  return Subnets.map(({ SubnetId, CidrBlock }) => `${SubnetId} ${CidrBlock ?? "-"}`).sort();
};

/** The subnets of the simulated instances and of the task. */
async function named(): Promise<readonly string[]> {
  const without = await madeSubnets();
  return without.filter((text) => !/subnet-(?:made|other)/.test(text));
}

describe("with a companion", () => {
  test("interfaces of tasks are found beside the companion's, by id too, and what neither has is named", async () => {
    const own = `<networkInterfaceId>${interfaceId}</networkInterfaceId><description>not ours</description>`;
    fake.made.DescribeNetworkInterfaces = [
      { id: "eni-theirs", filters: {}, xml: "<networkInterfaceId>eni-theirs</networkInterfaceId>" },
      { id: interfaceId, filters: {}, xml: own },
    ];
    const found = async (NetworkInterfaceIds?: string[]) => {
      const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces(
        NetworkInterfaceIds === undefined ? {} : { NetworkInterfaceIds },
      );
      return NetworkInterfaces.map(({ NetworkInterfaceId, Description }) => [
        NetworkInterfaceId,
        Description?.slice(0, 12),
      ]);
    };
    const both = [
      [interfaceId, "arn:aws:ecs:"],
      ["eni-theirs", undefined],
    ];
    assert.deepEqual(await found(), both);
    assert.deepEqual(await found([interfaceId, "eni-theirs"]), both);
    assert.deepEqual(await found([interfaceId]), both.slice(0, 1));
    await expectRefused(
      found([interfaceId, "eni-theirs", "eni-nobodys"]),
      "InvalidNetworkInterfaceID.NotFound",
      "The networkInterface ID 'eni-nobodys' does not exist",
    );
    assert.deepEqual(logged(lines, "companion-part-missing"), []);
  });

  test("a subnet that the companion made is described by the companion, once; Berth describes the others", async () => {
    const names = await named();
    assert.ok(names.includes("subnet-made -") === false && names.includes("subnet-named -"));
    fake.made.DescribeSubnets = [subnet("subnet-made", "10.0.1.0/24"), subnet("subnet-other", "10.0.2.0/24")];
    assert.deepEqual(await madeSubnets(), [...names, "subnet-made 10.0.1.0/24", "subnet-other 10.0.2.0/24"].sort());
    const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: ["subnet-named", "subnet-made"] });
    assert.deepEqual(
      Subnets.map(({ SubnetId, Tags }) => [SubnetId, Tags?.map(({ Value }) => Value)]),
      [
        ["subnet-named", []],
        ["subnet-made", ["b & c"]],
      ],
    );
  });

  test("both apply filters, and a filter that only the companion knows finds its items", async () => {
    fake.made.DescribeSubnets = [
      subnet("subnet-made", "10.0.1.0/24", "pending"),
      subnet("subnet-other", "10.0.2.0/24"),
    ];
    const by = (Name: string, ...Values: string[]) => madeSubnets({ Filters: [{ Name, Values }] });
    assert.deepEqual(await by("cidr-block", "10.0.2.0/24", "10.0.9.0/24"), ["subnet-other 10.0.2.0/24"]);
    assert.deepEqual(await by("subnet-id", "subnet-named", "subnet-other"), [
      "subnet-named -",
      "subnet-other 10.0.2.0/24",
    ]);
    // Berth's own description would match, but the companion's doesn't.
    assert.ok(!(await by("state", "available")).some((text) => text.startsWith("subnet-made")));
    assert.deepEqual(await by("state", "pending"), ["subnet-made 10.0.1.0/24"]);
  });

  test("pages have Berth's items first, then the companion's, each once", async () => {
    const names = await named();
    fake.made.DescribeSubnets = [subnet("subnet-made", "10.0.1.0/24")];
    for (let n = 1; n <= 12; n++) fake.made.DescribeSubnets.push(subnet(`subnet-other-${n}`, `10.1.${n}.0/24`));
    const pages: string[][] = [];
    for await (const { Subnets = [] } of paginateDescribeSubnets({ client: ec2, pageSize: 5 }, {})) {
      pages.push(Subnets.map(({ SubnetId, CidrBlock }) => `${SubnetId} ${CidrBlock ?? "-"}`));
    }
    const made = fake.made.DescribeSubnets.map(({ id, filters }) => `${id} ${filters["cidr-block"]}`);
    assert.deepEqual(pages.flat(), [...[...names].sort(), ...made]);
    assert.ok(pages.length >= 4 && pages.every(({ length }) => length <= 5), JSON.stringify(pages));
    const token = { NextToken: "companion:12", MaxResults: 5 };
    assert.deepEqual(await madeSubnets(token), ["subnet-other-12 10.1.12.0/24"]);
  });

  test("an instance that the companion started and that Berth knows by its id is the companion's", async () => {
    const ids = async (InstanceIds?: string[]) => {
      const { Reservations = [] } = await ec2.describeInstances(InstanceIds === undefined ? {} : { InstanceIds });
      return Reservations.flatMap(({ Instances = [] }) => Instances).map(
        ({ InstanceId, PrivateIpAddress }) => `${InstanceId} ${PrivateIpAddress ?? "-"}`,
      );
    };
    const [first, second] = await ids();
    const [id = ""] = must(first, "an instance").split(" ");
    const instance = (each: string, address: string) =>
      `<instanceId>${each}</instanceId><privateIpAddress>${address}</privateIpAddress>`;
    const items = `<item>${instance(id, "10.0.0.7")}</item><item>${instance("i-other", "10.0.0.8")}</item>`;
    const xml = `<reservationId>r-1</reservationId><instancesSet>${items}</instancesSet>`;
    fake.made.DescribeInstances = [{ id, filters: {}, xml }];
    assert.deepEqual(await ids(), [must(second, "another"), `${id} 10.0.0.7`, "i-other 10.0.0.8"]);
  });

  test("groups are found by their names, and groups of one name are two", async () => {
    const group = (id: string, name: string): Made => ({
      id,
      filters: { "group-name": name },
      xml: `<groupId>${id}</groupId><groupName>${name}</groupName>`,
    });
    fake.made.DescribeSecurityGroups = [group("sg-made", "web"), group("sg-a", "default"), group("sg-b", "default")];
    const found = async (request: Parameters<EC2["describeSecurityGroups"]>[0]) => {
      const { SecurityGroups = [] } = await ec2.describeSecurityGroups(request);
      return SecurityGroups.map(({ GroupId, GroupName }) => `${GroupId} ${GroupName}`);
    };
    assert.deepEqual(await found({ GroupNames: ["default"] }), ["sg-a default", "sg-b default"]);
    assert.deepEqual(await found({ GroupIds: ["sg-named", "sg-made"] }), ["sg-named sg-named", "sg-made web"]);
    await expectRefused(found({ GroupNames: ["nobodys"] }), "InvalidGroup.NotFound");
  });

  test("what is asked unchanged goes on as it came; a dry run doesn't", async () => {
    await ec2.describeVpcs({});
    const [request] = companion.requests.slice(-2);
    assert.match(String(request?.headers.authorization), new RegExp(`Credential=${account}/`));
    assert.deepEqual([...(fake.forms[0] ?? [])].sort(), [
      ["Action", "DescribeVpcs"],
      ["Version", "2016-11-15"],
    ]);
    const count = companion.requests.length;
    await expectRefused(ec2.describeVpcs({ DryRun: true }), "DryRunOperation");
    assert.equal(companion.requests.length, count);
  });

  test("other operations of EC2 are the companion's", async () => {
    companion.answer = ({ body }, response) => {
      assert.match(String(body), /^Action=RunInstances&/);
      response.end("<RunInstancesResponse><reservationId>r-9</reservationId></RunInstancesResponse>");
    };
    const { ReservationId } = await ec2.runInstances({ MinCount: 1, MaxCount: 1, ImageId: "ami-1" });
    assert.equal(ReservationId, "r-9");
  });
});

describe("a companion that", () => {
  const odd: Readonly<Record<string, [RecordingCompanion["answer"], RegExp]>> = {
    "answers something else": [(_, response) => response.end("<html>hello</html>"), /answered with something else/],
    "answers no XML": [(_, response) => response.end("<DescribeSubnetsResponse>"), /answered with something else/],
    "has items without an id": [
      (_, response) =>
        response.end("<DescribeSubnetsResponse><subnetSet><item/></subnetSet></DescribeSubnetsResponse>"),
      /items that have no id/,
    ],
    "refuses the call": [
      (_, response) => {
        response.writeHead(401);
        response.end("<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>");
      },
      /refused the call with 401 AuthFailure\./,
    ],
    "breaks off": [
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("<", () => response.destroy());
      },
      /gave no answer/,
    ],
    "is silent": [() => {}, /did not answer in time/],
    "never ends": [(_, response) => response.end(Buffer.alloc(30_000, 32)), /answered with more than 20000 bytes/],
  };
  for (const [what, [answer, reason]] of Object.entries(odd)) {
    test(`${what} leaves Berth's part, and an event in the log`, async () => {
      companion.answer = answer;
      assert.ok((await madeSubnets()).includes("subnet-named -"));
      const [line] = logged(lines, "companion-part-missing");
      assert.match(String(line?.reason), reason);
      await expectRefused(madeSubnets({ SubnetIds: ["subnet-other"] }), "InvalidSubnetID.NotFound");
      // Berth's own pages came before, and an end here would hide that the rest is missing.
      await expectRefused(madeSubnets({ NextToken: "companion:5" }), "Unavailable", reason);
    });
  }
});

test("with a second Berth as companion the interfaces of both are seen", async () => {
  // It gets the name by which the first one was called.
  const second = await startWorld({ server: { allowHosts: ["127.0.0.1"] } });
  const services: ReadonlySet<string> = new Set();
  const server = { companion: { url: second.server.url, services, credentials: null } };
  const first = await startWorld({ server });
  const both = client(first.server.url);
  try {
    const ids = [await startService(first), await startService(second)];
    const found = async (request: Parameters<EC2["describeNetworkInterfaces"]>[0] = {}) => {
      const { NetworkInterfaces = [], NextToken } = await both.describeNetworkInterfaces(request);
      return [NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId), NextToken];
    };
    assert.deepEqual(await found(), [ids, undefined]);
    assert.deepEqual(await found({ NetworkInterfaceIds: ids.toReversed() }), [ids, undefined]);
    assert.deepEqual(await found({ MaxResults: 5 }), [ids.slice(0, 1), "companion:"]);
    assert.deepEqual(await found({ MaxResults: 5, NextToken: "companion:" }), [ids.slice(1), undefined]);
    // Both know it by its name alone, so it is there once.
    const { Subnets = [] } = await both.describeSubnets({ SubnetIds: ["subnet-named"] });
    assert.equal(Subnets.length, 1);
  } finally {
    both.destroy();
    await first.close();
    await second.close();
  }
});
