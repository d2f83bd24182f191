/** The life of container instances and tasks through the AWS CLI. Old versions know fewer members, and ignore the rest. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { findTool, runTool, skipReason } from "./foreign-tool.ts";

const tool = findTool("The AWS CLI", ["/usr/bin/aws", "aws"], ["--version"]);
const skip = skipReason(tool);
const prefix = "arn:aws:ecs:eu-west-1:123456789012:";
const definition = JSON.stringify([{ name: "main", image: "nginx", cpu: 64, memory: 64, essential: true }]);
const capacity = JSON.stringify([
  { name: "CPU", type: "INTEGER", integerValue: 1_024 },
  { name: "MEMORY", type: "INTEGER", integerValue: 1_024 },
]);

let berth: BerthProcess;
before(async () => {
  if (skip === false) berth = await startBerth("dev", ["--in-memory", "--instances", "1"]);
});
after(() => berth?.end("SIGKILL"));

// biome-ignore lint/suspicious/noExplicitAny: what the tool prints is read as loosely as JSON
async function aws(...argv: readonly string[]): Promise<any> {
  const command = must(tool.command, tool.missing);
  const { url } = berth.listening;
  const { code, out, err } = await runTool(command, ["--endpoint-url", url, "--output", "json", "ecs", ...argv], url);
  assert.equal(code, 0, `aws ecs ${argv.join(" ")}: ${err}`);
  return out === "" ? null : JSON.parse(out);
}

async function awsRefused(text: RegExp, ...argv: readonly string[]): Promise<void> {
  const command = must(tool.command, tool.missing);
  const { url } = berth.listening;
  const { code, err } = await runTool(command, ["--endpoint-url", url, "ecs", ...argv], url);
  assert.notEqual(code, 0, argv.join(" "));
  assert.match(err, text);
}

test("the AWS CLI: cluster, instance, tasks, drain, deregistration", { skip }, async () => {
  const cluster = ["--cluster", "cli"];
  const created = await aws("create-cluster", "--cluster-name", "cli", "--tags", "key=team,value=a");
  assert.equal(created.cluster.clusterArn, `${prefix}cluster/cli`);

  const registered = await aws("register-container-instance", ...cluster, "--total-resources", capacity);
  const instance: string = registered.containerInstance.containerInstanceArn;
  assert.deepEqual(
    [registered.containerInstance.status, (await aws("list-container-instances", ...cluster)).containerInstanceArns],
    ["ACTIVE", [instance]],
  );
  const attribute = `name=stack,value=blue,targetType=container-instance,targetId=${instance}`;
  await aws("put-attributes", ...cluster, "--attributes", attribute);
  const listed = await aws(
    "list-attributes",
    ...cluster,
    "--target-type",
    "container-instance",
    "--attribute-name",
    "stack",
  );
  assert.deepEqual(listed.attributes, [
    { name: "stack", value: "blue", targetType: "container-instance", targetId: instance },
  ]);

  const web = await aws("register-task-definition", "--family", "web", "--container-definitions", definition);
  assert.equal(web.taskDefinition.taskDefinitionArn, `${prefix}task-definition/web:1`);
  const run = await aws("run-task", ...cluster, "--task-definition", "web", "--count", "2");
  const tasks: string[] = run.tasks.map(({ taskArn }: { taskArn: string }) => taskArn);
  assert.deepEqual([tasks.length, run.failures], [2, []]);
  await aws("wait", "tasks-running", ...cluster, "--tasks", ...tasks);
  const described = await aws("describe-tasks", ...cluster, "--tasks", ...tasks);
  assert.deepEqual(
    described.tasks.map(({ lastStatus }: { lastStatus: string }) => lastStatus),
    ["RUNNING", "RUNNING"],
  );
  assert.deepEqual((await aws("list-tasks", ...cluster, "--family", "web")).taskArns, tasks.toSorted());

  const refusal = /InvalidParameterException.*Found running tasks on the instance\./s;
  await awsRefused(refusal, "deregister-container-instance", ...cluster, "--container-instance", instance);
  const drain = ["--container-instances", instance, "--status", "DRAINING"];
  const drained = await aws("update-container-instances-state", ...cluster, ...drain);
  assert.equal(drained.containerInstances[0].status, "DRAINING");
  const [stoppedTask = ""] = tasks;
  await aws("stop-task", ...cluster, "--task", stoppedTask, "--reason", "enough");
  await aws("wait", "tasks-stopped", ...cluster, "--tasks", stoppedTask);
  const after = await aws("describe-tasks", ...cluster, "--tasks", stoppedTask);
  assert.deepEqual([after.tasks[0].stopCode, after.tasks[0].stoppedReason], ["UserInitiated", "enough"]);
  await aws("deregister-container-instance", ...cluster, "--container-instance", instance, "--force");
  const gone = await aws("describe-container-instances", ...cluster, "--container-instances", instance);
  assert.deepEqual([gone.containerInstances[0].status, gone.failures], ["INACTIVE", []]);
  assert.equal((await aws("delete-cluster", ...cluster)).cluster.status, "INACTIVE");
  await awsRefused(/ClusterNotFoundException.*The referenced cluster was inactive\./s, "list-tasks", ...cluster);
});

test("the AWS CLI: tags, settings, pages, and an operation that is absent", { skip }, async () => {
  const resource = ["--resource-arn", `${prefix}cluster/tagged`];
  await aws("create-cluster", "--cluster-name", "tagged");
  await aws("tag-resource", ...resource, "--tags", "key=a,value=1", "key=b,value=2");
  await aws("untag-resource", ...resource, "--tag-keys", "a");
  assert.deepEqual((await aws("list-tags-for-resource", ...resource)).tags, [{ key: "b", value: "2" }]);
  await aws("put-account-setting", "--name", "containerInsights", "--value", "enabled");
  const settings = await aws("list-account-settings", "--name", "containerInsights");
  assert.equal(settings.settings[0].value, "enabled");
  await aws("create-cluster", "--cluster-name", "tagged-2");
  assert.equal((await aws("list-clusters", "--page-size", "1")).clusterArns.length, 2);
  const absent = ["describe-task-sets", "--cluster", "tagged", "--service", "web"];
  await awsRefused(/ClientException.*DescribeTaskSets/s, ...absent);
});

test("the AWS CLI: a service is created, stable, scaled, and deleted", { skip }, async () => {
  const cluster = ["--cluster", "served"];
  await aws("create-cluster", "--cluster-name", "served");
  await aws("register-container-instance", ...cluster, "--total-resources", capacity);
  await aws("register-task-definition", "--family", "served", "--container-definitions", definition);
  const web = ["--service", "web"];
  const made = ["--service-name", "web", "--task-definition", "served", "--desired-count", "1"];
  const { service } = await aws("create-service", ...cluster, ...made);
  assert.equal(service.serviceArn, `${prefix}service/served/web`);
  const described = async () => (await aws("describe-services", ...cluster, "--services", "web")).services[0];
  const until = async (count: number) => {
    for (let look = 0; look < 20; look++) {
      if ((await described()).runningCount === count) return;
    }
    assert.fail(`${count} tasks did not reach RUNNING`);
  };
  await until(1);
  // The CLI waits for 15 s between two polls: it succeeds if the first of them is enough.
  await aws("wait", "services-stable", ...cluster, "--services", "web");
  assert.deepEqual((await aws("list-services", ...cluster)).serviceArns, [service.serviceArn]);
  const [task] = (await aws("list-tasks", ...cluster, "--service-name", "web")).taskArns;
  assert.match(task, /:task\/served\/[0-9a-f]{32}$/);
  await aws("update-service", ...cluster, ...web, "--desired-count", "2");
  await until(2);
  const refusal = /InvalidParameterException.*The service cannot be stopped while it is scaled above 0\./s;
  await awsRefused(refusal, "delete-service", ...cluster, ...web);
  const deleted = await aws("delete-service", ...cluster, ...web, "--force");
  assert.equal(deleted.service.status, "DRAINING");
  await until(0);
  assert.deepEqual((await aws("list-services", ...cluster)).serviceArns, []);
  await awsRefused(/ServiceNotFoundException.*Service not found\./s, "update-service", ...cluster, "--service", "none");
});
