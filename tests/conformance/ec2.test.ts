/** Reads of EC2 over HTTP: whoever looks up the address of a task or the instance that it runs on finds it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EC2 } from "@aws-sdk/client-ec2";
import { must } from "../../src/lib/assert.ts";
import { until } from "../until.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";
import { account, describeTask, region, startWorld, untilTask, type World } from "./world.ts";

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
