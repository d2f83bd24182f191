/** How things are named: ids, short and long ARNs everywhere, the default cluster, and an account and region per request. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  account,
  arnPrefix,
  define,
  describeInstance,
  expectRefused,
  idOf,
  register,
  runOne,
  startWorld,
  untilTask,
  type World,
} from "./world.ts";

let world: World;
before(async () => {
  world = await startWorld({ instances: 1 });
});
after(() => world.close());

/** Id, short ARN and long ARN of an instance or task. */
function references(arn: string, type: "container-instance" | "task"): readonly string[] {
  return [idOf(arn), `${arnPrefix}${type}/${idOf(arn)}`, arn];
}

test("a container instance is known by id, short ARN and long ARN", async () => {
  const { ecs } = world;
  const clusters = ["known", `${arnPrefix}cluster/known`];
  await ecs.createCluster({ clusterName: "known" });
  const arn = await register(ecs, "known");
  const taskDefinition = await define(ecs, "known");
  for (const cluster of clusters) {
    for (const reference of references(arn, "container-instance")) {
      assert.equal((await describeInstance(ecs, cluster, reference)).containerInstanceArn, arn);
      const states = await ecs.updateContainerInstancesState({
        cluster,
        containerInstances: [reference],
        status: "ACTIVE",
      });
      assert.equal(states.containerInstances?.[0]?.containerInstanceArn, arn);
      const target = { targetType: "container-instance", targetId: reference } as const;
      await ecs.putAttributes({ cluster, attributes: [{ name: "a", ...target }] });
      await ecs.deleteAttributes({ cluster, attributes: [{ name: "a", ...target }] });
      await ecs.discoverPollEndpoint({ cluster, containerInstance: reference });
      const { tasks } = await ecs.startTask({ cluster, taskDefinition, containerInstances: [reference] });
      const { taskArns } = await ecs.listTasks({ cluster, containerInstance: reference });
      assert.deepEqual(taskArns, [tasks?.[0]?.taskArn]);
      await ecs.stopTask({ cluster, task: tasks?.[0]?.taskArn });
      await untilTask(ecs, cluster, tasks?.[0]?.taskArn ?? "", "STOPPED");
    }
  }
  for (const reference of references(arn, "container-instance")) {
    const { containerInstance } = await ecs.registerContainerInstance({ cluster: "known" });
    const again = (containerInstance?.containerInstanceArn ?? "").replace(
      idOf(containerInstance?.containerInstanceArn ?? ""),
      "",
    );
    const own = reference.replace(idOf(arn), idOf(containerInstance?.containerInstanceArn ?? ""));
    const gone = await ecs.deregisterContainerInstance({ cluster: "known", containerInstance: own });
    assert.ok(gone.containerInstance?.containerInstanceArn?.startsWith(again));
    assert.equal(gone.containerInstance?.status, "INACTIVE");
  }
});

test("a task is known by id, short ARN and long ARN", async () => {
  const { ecs } = world;
  await ecs.createCluster({ clusterName: "tasks" });
  await register(ecs, "tasks");
  const taskDefinition = await define(ecs, "tasks");
  for (const type of [0, 1, 2]) {
    const arn = await runOne(ecs, "tasks", taskDefinition);
    const task = references(arn, "task")[type] ?? "";
    const { tasks } = await ecs.describeTasks({ cluster: "tasks", tasks: [task] });
    assert.equal(tasks?.[0]?.taskArn, arn);
    const { failures } = await ecs.getTaskProtection({ cluster: "tasks", tasks: [task] });
    assert.deepEqual(
      failures?.map((failure) => [failure.arn, failure.reason]),
      [[arn, "TASK_NOT_VALID"]],
    );
    assert.equal((await ecs.stopTask({ cluster: "tasks", task })).task?.taskArn, arn);
    await untilTask(ecs, "tasks", task, "STOPPED");
  }
});

test("the long ARN of another cluster is refused here", async () => {
  const { ecs } = world;
  await ecs.createCluster({ clusterName: "here" });
  await ecs.createCluster({ clusterName: "there" });
  const arn = await register(ecs, "there");
  const elsewhere = "Invalid identifier: Identifier is for cluster there. Your cluster is here";
  const calls = [
    ecs.describeContainerInstances({ cluster: "here", containerInstances: [arn] }),
    ecs.listTasks({ cluster: "here", containerInstance: arn }),
    ecs.describeTasks({ cluster: "here", tasks: [arn.replace("container-instance", "task")] }),
    ecs.describeServices({ cluster: "here", services: [arn.replace("container-instance", "service")] }),
  ];
  await Promise.all(calls.map((call) => expectRefused(call, "InvalidParameterException", elsewhere)));
  const described = ecs.describeTasks({ cluster: "here", tasks: [arn] });
  await expectRefused(described, "InvalidParameterException", "Unsupported resource type: container-instance");
});

test("without a cluster `default` is meant, and only that", async () => {
  const { ecs } = world;
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
  assert.equal(containerInstanceArns.length, 1);
  assert.match(containerInstanceArns[0] ?? "", /container-instance\/default\//);
  const task = await runOne(ecs, "default", await define(ecs, "default"));
  assert.deepEqual((await ecs.listTasks({})).taskArns, [task]);
  assert.equal((await ecs.describeClusters({})).clusters?.[0]?.clusterName, "default");
  const other = world.client({ accessKeyId: "999999999999" });
  await expectRefused(other.listTasks({}), "ClusterNotFoundException", "Cluster not found.");
  assert.equal((await other.createCluster({})).cluster?.clusterName, "default");
  assert.deepEqual((await other.listTasks({})).taskArns, []);
});

test("each account and each region is a world of its own", async () => {
  const { ecs } = world;
  const frankfurt = world.client({ region: "eu-central-1" });
  const other = world.client({ accessKeyId: "777777777777" });
  const china = world.client({ region: "cn-north-1" });
  const name = "same-name";
  const arns: (string | undefined)[] = [];
  for (const each of [ecs, frankfurt, other, china]) {
    arns.push((await each.createCluster({ clusterName: name })).cluster?.clusterArn);
  }
  assert.deepEqual(arns, [
    `arn:aws:ecs:eu-west-1:${account}:cluster/${name}`,
    `arn:aws:ecs:eu-central-1:${account}:cluster/${name}`,
    `arn:aws:ecs:eu-west-1:777777777777:cluster/${name}`,
    `arn:aws-cn:ecs:cn-north-1:${account}:cluster/${name}`,
  ]);
  await frankfurt.deleteCluster({ cluster: name });
  assert.equal((await ecs.describeClusters({ clusters: [name] })).clusters?.[0]?.status, "ACTIVE");
  await define(other, "their-own");
  await expectRefused(ecs.describeTaskDefinition({ taskDefinition: "their-own" }), "ClientException");
  for (const [arn, text] of [
    [arns[1], "Invalid Region in ARN"],
    [arns[2], `Identifier is for 777777777777. Your accountId is ${account}`],
    [arns[3], "Invalid Partition in ARN"],
  ]) {
    await expectRefused(ecs.describeClusters({ clusters: [arn ?? ""] }), "InvalidParameterException", text);
    await expectRefused(ecs.listServices({ cluster: arn }), "InvalidParameterException", text);
  }
});

test("an access key id that is not an account means the server's own account", async () => {
  const named = world.client({ accessKeyId: "AKIAIOSFODNN7EXAMPLE" });
  const { cluster } = await named.createCluster({ clusterName: "whose" });
  assert.equal(cluster?.clusterArn, `${arnPrefix}cluster/whose`);
});
