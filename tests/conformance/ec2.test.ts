/** Reads of EC2 over HTTP: whoever looks up the address of a task or the instance that it runs on finds it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EC2 } from "@aws-sdk/client-ec2";
import { must } from "../../src/lib/assert.ts";
import { ownAddress } from "../../src/server/http/host-address.ts";
import { until } from "../until.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";
import { account, agentUserAgent, describeTask, region, startWorld, untilTask, type World } from "./world.ts";

let world: World;
let ec2: EC2;
let address: string;
let interfaceId: string;
before(async () => {
  world = await startWorld({ instances: 2 });
  const credentials = { accessKeyId: account, secretAccessKey: "any" };
  ec2 = new EC2({ endpoint: world.server.url, region, credentials, maxAttempts: 1 });
  const { ecs } = world;
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: "fargate",
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: "256",
    memory: "512",
    containerDefinitions: [{ name: "app", image: "nginx" }],
  });
  const awsvpcConfiguration = { subnets: ["subnet-of-mine"], securityGroups: ["sg-of-mine"] };
  const arn = must(taskDefinition?.taskDefinitionArn, "a definition");
  await ecs.createService({
    serviceName: "web",
    taskDefinition: arn,
    desiredCount: 1,
    launchType: "FARGATE",
    networkConfiguration: { awsvpcConfiguration },
  });
  const listed = await until(
    "a task",
    () => ecs.listTasks({ serviceName: "web" }),
    ({ taskArns = [] }) => taskArns.length === 1,
  );
  const task = must(listed.taskArns?.[0], "a task");
  await untilTask(ecs, "default", task, "RUNNING");
  const { attachments = [] } = await describeTask(ecs, "default", task);
  const detail = (wanted: string): string =>
    must(attachments[0]?.details?.find(({ name }) => name === wanted)?.value, wanted);
  address = detail("privateIPv4Address");
  interfaceId = detail("networkInterfaceId");
});
after(async () => {
  ec2.destroy();
  await world.close();
});

describe("the SDK", () => {
  test("finds the interface of a task by its id and by its address", async () => {
    const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [interfaceId] });
    const [found] = NetworkInterfaces;
    assert.deepEqual(
      [found?.PrivateIpAddress, found?.SubnetId, found?.Status, found?.OwnerId, found?.Groups?.[0]?.GroupId],
      [address, "subnet-of-mine", "in-use", account, "sg-of-mine"],
    );
    assert.match(found?.Description ?? "", /^arn:aws:ecs:eu-west-1:\d{12}:attachment\//);
    const Filters = [{ Name: "addresses.private-ip-address", Values: [address] }];
    const byAddress = await ec2.describeNetworkInterfaces({ Filters, MaxResults: 5 });
    assert.equal(byAddress.NetworkInterfaces?.[0]?.NetworkInterfaceId, interfaceId);
    assert.equal((await ec2.describeSubnets({ SubnetIds: ["subnet-of-mine"] })).Subnets?.[0]?.State, "available");
    const groups = await ec2.describeSecurityGroups({ GroupIds: ["sg-of-mine"] });
    assert.equal(groups.SecurityGroups?.[0]?.GroupId, "sg-of-mine");
  });

  test("finds container instances by their id of EC2, and their VPC", async () => {
    const { containerInstanceArns = [] } = await world.ecs.listContainerInstances({});
    const { containerInstances = [] } = await world.ecs.describeContainerInstances({
      containerInstances: containerInstanceArns,
    });
    const ids = containerInstances.map(({ ec2InstanceId = "" }) => ec2InstanceId).sort();
    const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: ids });
    const found = Reservations.flatMap(({ Instances = [] }) => Instances);
    assert.deepEqual(
      found.map(({ InstanceId, State }) => [InstanceId, State?.Name]),
      ids.map((id) => [id, "running"]),
    );
    assert.ok(Math.abs(must(found[0]?.LaunchTime, "a time").getTime() - Date.now()) < 120_000);
    const { Vpcs = [] } = await ec2.describeVpcs({});
    assert.equal(Vpcs[0]?.VpcId, found[0]?.VpcId);
  });

  test("reads errors by their codes, and learns of operations that Berth lacks", async () => {
    await assert.rejects(ec2.describeInstances({ InstanceIds: ["i-0123456789abcdef0"] }), {
      name: "InvalidInstanceID.NotFound",
      message: "The instance ID 'i-0123456789abcdef0' does not exist",
    });
    await assert.rejects(ec2.describeVpcs({ DryRun: true }), { name: "DryRunOperation" });
    await assert.rejects(ec2.describeImages({}), {
      message: /does not answer DescribeImages of Amazon EC2\. Start Berth with --companion URL/,
    });
  });

  test("sees nothing of another account", async () => {
    const credentials = { accessKeyId: "444455556666", secretAccessKey: "any" };
    const other = new EC2({ endpoint: world.server.url, region, credentials, maxAttempts: 1 });
    assert.deepEqual((await other.describeNetworkInterfaces({})).NetworkInterfaces ?? [], []);
    other.destroy();
  });
});

/** As Traefik's ECS provider and prometheus-ecs-discovery look up where the tasks of a cluster are, with the ports of container `app`. */
async function lookedUp(): Promise<Map<string, string[]>> {
  const { ecs } = world;
  const { taskArns = [] } = await ecs.listTasks({ desiredStatus: "RUNNING" });
  const { tasks = [] } = await ecs.describeTasks({ tasks: taskArns });
  const containerInstances = [...new Set(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []))];
  const described = await ecs.describeContainerInstances({ containerInstances });
  const known = described.containerInstances ?? [];
  const ids = new Map(known.map((each) => [each.containerInstanceArn, each.ec2InstanceId]));
  const { Reservations = [] } = await ec2.describeInstances({ InstanceIds: [...ids.values()].map(String) });
  const machines = Reservations.flatMap(({ Instances = [] }) => Instances);
  const addresses = new Map(machines.map((each) => [each.InstanceId, each.PrivateIpAddress]));
  const found = tasks.map(
    ({ taskArn, attachments = [], containerInstanceArn, containers = [] }): [string, string[]] => {
      const own = attachments[0]?.details?.find(({ name }) => name === "privateIPv4Address")?.value;
      if (own !== undefined) return [String(taskArn), [own]];
      const ports = containers.flatMap(({ networkBindings = [] }) => networkBindings.map(({ hostPort }) => hostPort));
      return [String(taskArn), ports.map((port) => `${addresses.get(ids.get(containerInstanceArn))}:${port}`)];
    },
  );
  return new Map(found);
}

describe("a proxy that looks up tasks", () => {
  test("finds bridge tasks at their instance's address and host port, and others at their own", async () => {
    const { ecs } = world;
    await ecs.registerTaskDefinition({
      family: "bridged",
      containerDefinitions: [{ name: "app", image: "nginx", memory: 64, portMappings: [{ containerPort: 80 }] }],
    });
    await ecs.registerTaskDefinition({
      family: "own",
      networkMode: "awsvpc",
      containerDefinitions: [{ name: "app", image: "nginx", memory: 64 }],
    });
    const awsvpcConfiguration = { subnets: ["subnet-of-mine"] };
    const bridged = await ecs.runTask({ taskDefinition: "bridged", count: 3 });
    const own = await ecs.runTask({ taskDefinition: "own", networkConfiguration: { awsvpcConfiguration } });
    const arnsOf = ({ tasks = [] }: typeof own): string[] => tasks.map(({ taskArn }) => String(taskArn));
    for (const arn of [...arnsOf(bridged), ...arnsOf(own)]) await untilTask(ecs, "default", arn, "RUNNING");
    const found = await lookedUp();
    const targets = arnsOf(bridged).flatMap((arn) => found.get(arn) ?? []);
    assert.equal(new Set(targets).size, 3, targets.join());
    for (const target of targets) assert.match(target, /^10\.8[0-7]\.\d+\.\d+:\d+$/);
    const hosts = new Set(targets.map((target) => target.split(":")[0]));
    assert.equal(hosts.size, 2, "two instances, which have an address each");
    assert.match(
      arnsOf(own)
        .flatMap((arn) => found.get(arn) ?? [])
        .join(),
      /^10\.(6[4-9]|7\d)\.\d+\.\d+$/,
    );
  });

  test("finds an agent on this machine at the machine's address, and one elsewhere where its attribute says", async () => {
    const agent = world.client({ userAgent: agentUserAgent });
    const addressOf = async (attributes: { name: string; value: string }[]): Promise<string | undefined> => {
      const { containerInstance } = await agent.registerContainerInstance({ cluster: "default", attributes });
      const InstanceIds = [String(containerInstance?.ec2InstanceId)];
      const { Reservations = [] } = await ec2.describeInstances({ InstanceIds });
      return Reservations[0]?.Instances?.[0]?.PrivateIpAddress;
    };
    assert.equal(await addressOf([]), ownAddress());
    assert.equal(await addressOf([{ name: "berth.private-address", value: "192.0.2.7" }]), "192.0.2.7");
    const Filters = [{ Name: "private-ip-address", Values: [ownAddress()] }];
    assert.equal((await ec2.describeInstances({ Filters })).Reservations?.length, 1);
  });
});

describe("the AWS CLI", () => {
  const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
  test("aws ec2 describe-network-interfaces", { skip: skipReason(tool) }, async () => {
    const { url } = world.server;
    const command = must(tool.command, tool.missing);
    const words = ["ec2", "describe-network-interfaces", "--filters", `Name=private-ip-address,Values=${address}`];
    const { code, out, err } = await runTool(command, ["--endpoint-url", url, "--output", "json", ...words], url);
    assert.equal(code, 0, err);
    assert.equal(JSON.parse(out).NetworkInterfaces[0].NetworkInterfaceId, interfaceId);
  });
});
