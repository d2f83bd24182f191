/** Services through their lives over HTTP, with the SDK's own waiters and paginators, in a world whose times are shorter than ECS's. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as sdk from "@aws-sdk/client-ecs";
import { scaledTimeline } from "../../src/ecs/timeline.ts";
import { must } from "../../src/lib/assert.ts";
import { until } from "../until.ts";
import { define, expectRefused, register, startWorld, type World } from "./world.ts";

let world: World;
before(async () => {
  // The hold of 40 s takes 400 ms here.
  world = await startWorld({ timeline: scaledTimeline(100) });
});
after(() => world.close());

type Lab = { readonly client: sdk.ECS; readonly wait: { readonly client: sdk.ECS; readonly maxWaitTime: number } };

/** An account of its own with the cluster `default` and container instances. */
async function aLab(accessKeyId: string, instances = 2): Promise<Lab> {
  const client = world.client({ accessKeyId });
  await client.createCluster({});
  for (let i = 0; i < instances; i++) await register(client, "default");
  return { client, wait: { client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 } as Lab["wait"] };
}

async function describe(client: sdk.ECS, service = "web"): Promise<sdk.Service> {
  const { services } = await client.describeServices({ services: [service], include: ["TAGS"] });
  return must(services?.[0], "the service");
}

async function runningTasks(client: sdk.ECS, serviceName = "web"): Promise<sdk.Task[]> {
  const { taskArns = [] } = await client.listTasks({ serviceName });
  if (taskArns.length === 0) return [];
  return (await client.describeTasks({ tasks: taskArns, include: ["TAGS"] })).tasks ?? [];
}

test("created, stable, rolled out, scaled, deleted: the waiters follow", async () => {
  const { client, wait } = await aLab("111111111111");
  const services = { services: ["web"] };
  await client.createService({
    serviceName: "web",
    taskDefinition: await define(client, "web"),
    desiredCount: 3,
    propagateTags: "SERVICE",
    enableECSManagedTags: true,
    tags: [{ key: "team", value: "a" }],
  });
  assert.equal((await sdk.waitUntilServicesStable(wait, services)).state, "SUCCESS");
  const tagged = (await runningTasks(client)).map(({ tags = [] }) => tags.map(({ key }) => key));
  assert.deepEqual(tagged, Array(3).fill(["aws:ecs:clusterName", "aws:ecs:serviceName", "team"]));
  await until(
    "a rollout",
    () => describe(client),
    ({ deployments }) => deployments?.[0]?.rolloutState === "COMPLETED",
  );

  const next = await define(client, "web");
  await client.updateService({ service: "web", taskDefinition: next, desiredCount: 4 });
  assert.equal((await sdk.waitUntilServicesStable(wait, services)).state, "SUCCESS");
  const rolledOut = await runningTasks(client);
  assert.deepEqual(
    rolledOut.filter(({ desiredStatus }) => desiredStatus === "RUNNING").map((task) => task.taskDefinitionArn),
    Array(4).fill(next),
  );
  const { deployments, events = [], runningCount } = await describe(client);
  assert.deepEqual([deployments?.length, deployments?.[0]?.rolloutState, runningCount], [1, "COMPLETED", 4]);
  assert.ok(events.some(({ message }) => message?.endsWith("deployment completed.")));
  const { serviceDeployments = [] } = await client.listServiceDeployments({ service: "web" });
  assert.deepEqual(
    serviceDeployments.map(({ status }) => status),
    ["SUCCESSFUL", "SUCCESSFUL"],
  );

  const above = "The service cannot be stopped while it is scaled above 0.";
  await expectRefused(client.deleteService({ service: "web" }), "InvalidParameterException", above);
  await client.updateService({ service: "web", desiredCount: 0 });
  await sdk.waitUntilServicesStable(wait, services);
  assert.equal((await client.deleteService({ service: "web" })).service?.status, "DRAINING");
  assert.equal((await sdk.waitUntilServicesInactive(wait, services)).state, "SUCCESS");
  await assert.rejects(sdk.waitUntilServicesStable(wait, services), /FAILURE|INACTIVE/);
  await assert.rejects(sdk.waitUntilServicesStable(wait, { services: ["none"] }), /FAILURE|MISSING/);
});

test("a rollout that fails rolls back by itself, and by StopServiceDeployment", async () => {
  const { client, wait } = await aLab("222222222222");
  const services = { services: ["web"] };
  const good = await define(client, "web");
  const bad = await define(client, "web", { image: "berth/cannot-pull" });
  const deploymentCircuitBreaker = { enable: true, rollback: true };
  const request = { serviceName: "web", taskDefinition: good, desiredCount: 2 };
  await client.createService({ ...request, deploymentConfiguration: { deploymentCircuitBreaker } });
  await sdk.waitUntilServicesStable(wait, services);
  const isRolledOut = ({ deployments }: sdk.Service) =>
    deployments?.length === 1 && deployments[0]?.rolloutState === "COMPLETED";
  await until("a rollout", () => describe(client), isRolledOut);

  const deploymentOf = async (arn: string | undefined) => {
    const serviceDeploymentArns = [must(arn, "the ARN of a service deployment")];
    const { serviceDeployments } = await client.describeServiceDeployments({ serviceDeploymentArns });
    return must(serviceDeployments?.[0], "the service deployment");
  };
  const failing = await client.updateService({ service: "web", taskDefinition: bad });
  const failed = await until(
    "a rollback",
    () => deploymentOf(failing.service?.currentServiceDeployment),
    ({ status }) => status === "ROLLBACK_SUCCESSFUL",
  );
  const { status, failureCount = 0, threshold } = failed.deploymentCircuitBreaker ?? {};
  assert.deepEqual([status, threshold], ["TRIGGERED", 3]);
  // Two tasks are started at a time, and fail at about the same time.
  assert.ok(failureCount === 3 || failureCount === 4, String(failureCount));
  assert.equal((await describe(client)).taskDefinition, good);

  const off = { deploymentCircuitBreaker: { enable: false, rollback: false } };
  const stuck = await client.updateService({ service: "web", taskDefinition: bad, deploymentConfiguration: off });
  const serviceDeploymentArn = must(stuck.service?.currentServiceDeployment, "the ARN");
  await client.stopServiceDeployment({ serviceDeploymentArn });
  const look = () => deploymentOf(serviceDeploymentArn);
  await until("a rollback that was requested", look, ({ status }) => status === "ROLLBACK_SUCCESSFUL");
  await until("the former revision", () => describe(client), isRolledOut);
  assert.equal((await describe(client)).taskDefinition, good);
  await expectRefused(client.stopServiceDeployment({ serviceDeploymentArn }), "ConflictException");
});

/**
 * How Terraform's provider waits for a steady state: it takes the number in the PRIMARY deployment's id, lists the service
 * deployments since its call, and follows the one whose target revision's ARN contains that number.
 */
async function terraformsDeployment(client: sdk.ECS, since: Date): Promise<sdk.ServiceDeployment> {
  const { deployments = [] } = await describe(client);
  const primary = must(
    deployments.find(({ status }) => status === "PRIMARY"),
    "the PRIMARY deployment",
  );
  const number = must(/^ecs-svc\/(\d+)$/.exec(primary.id ?? "")?.[1], "the number of a deployment");
  const listed = await client.listServiceDeployments({ service: "web", createdAt: { after: since } });
  const arns = (listed.serviceDeployments ?? []).map(({ serviceDeploymentArn = "" }) => serviceDeploymentArn);
  const described = await client.describeServiceDeployments({ serviceDeploymentArns: arns });
  const found = (described.serviceDeployments ?? []).filter(({ targetServiceRevision }) =>
    targetServiceRevision?.arn?.includes(number),
  );
  assert.equal(found.length, 1, `one service deployment goes to the revision ${number}`);
  return must(found[0], "the service deployment");
}

test("Terraform finds the service deployment of what it created, updated, and saw rolled back", async () => {
  const { client } = await aLab("666666666666");
  const good = await define(client, "web");
  const bad = await define(client, "web", { image: "berth/cannot-pull" });
  const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: true } };
  let since = new Date(Date.now() - 1_000);
  const follow = (what: string, status: sdk.ServiceDeploymentStatus) =>
    until(
      what,
      () => terraformsDeployment(client, since),
      (deployment) => deployment.status === status,
    );
  await client.createService({ serviceName: "web", taskDefinition: good, desiredCount: 2, deploymentConfiguration });
  const created = await follow("what was created", "SUCCESSFUL");
  since = must(created.createdAt, "a time");
  await client.updateService({ service: "web", forceNewDeployment: true });
  const updated = await follow("what was updated", "SUCCESSFUL");
  assert.notEqual(updated.serviceDeploymentArn, created.serviceDeploymentArn);
  const [before] = (await describe(client)).deployments ?? [];
  since = new Date(must(updated.finishedAt, "a time").getTime() + 1);
  const failing = await client.updateService({ service: "web", taskDefinition: bad });
  const failed = must(failing.service?.currentServiceDeployment, "the ARN");
  const rolledBack = await until(
    "a rollback",
    () => client.describeServiceDeployments({ serviceDeploymentArns: [failed] }),
    ({ serviceDeployments }) => serviceDeployments?.[0]?.status === "ROLLBACK_SUCCESSFUL",
  );
  const { rollback } = rolledBack.serviceDeployments?.[0] ?? {};
  await until(
    "the former revision",
    () => describe(client),
    ({ deployments }) => deployments?.length === 1,
  );
  const [primary] = (await describe(client)).deployments ?? [];
  assert.equal(primary?.id, before?.id, "a rollback restores the deployment under its own id");
  assert.ok(rollback?.serviceRevisionArn?.endsWith(`/${primary?.id?.slice("ecs-svc/".length)}`));
});

test("a daemon runs once on each instance, including later ones", async () => {
  const { client, wait } = await aLab("333333333333");
  const taskDefinition = await define(client, "logs");
  await client.createService({ serviceName: "logs", taskDefinition, schedulingStrategy: "DAEMON" });
  const has = (count: number) => async () => {
    const { runningCount, desiredCount } = await describe(client, "logs");
    return runningCount === count && desiredCount === count;
  };
  await until("two daemons", has(2), Boolean);
  await register(client, "default");
  await until("three daemons", has(3), Boolean);
  const instances = (await runningTasks(client, "logs")).map(({ containerInstanceArn }) => containerInstanceArn);
  assert.equal(new Set(instances).size, 3);
  await client.deleteService({ service: "logs" });
  assert.equal((await sdk.waitUntilServicesInactive(wait, { services: ["logs"] })).state, "SUCCESS");
});

test("a protected task stays when its service is scaled in", async () => {
  const { client, wait } = await aLab("444444444444");
  const services = { services: ["web"] };
  await client.createService({ serviceName: "web", taskDefinition: await define(client, "web"), desiredCount: 3 });
  await sdk.waitUntilServicesStable(wait, services);
  const [kept = ""] = (await runningTasks(client)).map(({ taskArn = "" }) => taskArn).sort();
  const { protectedTasks } = await client.updateTaskProtection({
    cluster: "default",
    tasks: [kept],
    protectionEnabled: true,
    expiresInMinutes: 5,
  });
  assert.equal(protectedTasks?.[0]?.protectionEnabled, true);
  await client.updateService({ service: "web", desiredCount: 1 });
  await sdk.waitUntilServicesStable(wait, services);
  const left = (await runningTasks(client)).filter(({ desiredStatus }) => desiredStatus === "RUNNING");
  assert.deepEqual(
    left.map(({ taskArn }) => taskArn),
    [kept],
  );
});

test("ListServices and ListServiceDeployments in pages; tags of a service", async () => {
  const { client } = await aLab("555555555555", 0);
  const taskDefinition = await define(client, "web");
  const arns: (string | undefined)[] = [];
  for (let i = 0; i < 12; i++) {
    const { service } = await client.createService({ serviceName: `web-${i}`, taskDefinition, desiredCount: 0 });
    arns.push(service?.serviceArn);
  }
  const listed: string[] = [];
  for await (const { serviceArns = [] } of sdk.paginateListServices({ client }, {})) {
    assert.ok(serviceArns.length <= 10);
    listed.push(...serviceArns);
  }
  assert.deepEqual(listed.toSorted(), arns.toSorted());
  for (let i = 0; i < 4; i++) await client.updateService({ service: "web-0", forceNewDeployment: true });
  const first = await client.listServiceDeployments({ service: "web-0", maxResults: 3 });
  const request = { service: "web-0", maxResults: 3, nextToken: must(first.nextToken, "a token") };
  const second = await client.listServiceDeployments(request);
  assert.deepEqual([first.serviceDeployments?.length, second.serviceDeployments?.length], [3, 2]);
  assert.equal(second.nextToken, undefined);

  const resourceArn = must(arns[0], "the ARN of a service");
  await client.tagResource({ resourceArn, tags: [{ key: "a", value: "1" }] });
  assert.deepEqual((await describe(client, "web-0")).tags, [{ key: "a", value: "1" }]);
  await client.untagResource({ resourceArn, tagKeys: ["a"] });
  assert.deepEqual((await client.listTagsForResource({ resourceArn })).tags, []);
  const text = "The Cluster cannot be deleted while Services are active.";
  await expectRefused(client.deleteCluster({ cluster: "default" }), "ClusterContainsServicesException", text);
});
