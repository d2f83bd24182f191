import type { ContainerInstance, ECS, Task } from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import { expectEqual, expectRefused, expectThat, type Steps, until } from "./tour-steps.ts";

/** What the first steps created and the later ones use. */
export type TourWorld = {
  readonly cluster: string;
  /** The two container instances of the cluster. */
  readonly first: string;
  readonly second: string;
  /** A task definition of 256 CPU units and 256 MiB that runs until it is stopped. */
  readonly web: string;
  /** Runs on the first instance from beginning to end. */
  readonly lasting: string;
};

export const cluster = "tour";
const capacity = { cpu: 1024, memory: 2048 };

export async function describeInstance(ecs: ECS, arn: string): Promise<ContainerInstance> {
  const { containerInstances } = await ecs.describeContainerInstances({
    cluster,
    containerInstances: [arn],
    include: ["CONTAINER_INSTANCE_HEALTH", "TAGS"],
  });
  return must(containerInstances?.[0], `the container instance ${arn}`);
}

export async function describeTasks(ecs: ECS, arns: readonly string[]): Promise<Task[]> {
  const { tasks = [], failures = [] } = await ecs.describeTasks({ cluster, tasks: [...arns] });
  expectEqual("failures of DescribeTasks", failures, []);
  return tasks;
}

/** Polls until all tasks have this lastStatus. */
export function untilStatus(ecs: ECS, arns: readonly string[], status: string): Promise<Task[]> {
  return until(
    `tasks ${status}`,
    () => describeTasks(ecs, arns),
    (tasks) => tasks.every((task) => task.lastStatus === status),
  );
}

export const arnsOf = (tasks: readonly Task[] | undefined): string[] =>
  (tasks ?? []).map((task) => must(task.taskArn, "the ARN of a task"));

/** Registers a task definition of one container and returns its ARN. */
export async function define(
  ecs: ECS,
  family: string,
  image: string,
  size: { cpu: number; memory: number },
): Promise<string> {
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family,
    containerDefinitions: [
      { name: "main", image, ...size, essential: true, portMappings: [{ containerPort: 80, hostPort: 0 }] },
    ],
  });
  return must(taskDefinition?.taskDefinitionArn, "the ARN of a task definition");
}

const remaining = (instance: ContainerInstance, name: string): number | undefined =>
  instance.remainingResources?.find((resource) => resource.name === name)?.integerValue;

async function register(ecs: ECS): Promise<string> {
  const { containerInstance } = await ecs.registerContainerInstance({
    cluster,
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: capacity.cpu },
      { name: "MEMORY", type: "INTEGER", integerValue: capacity.memory },
      { name: "PORTS", type: "STRINGSET", stringSetValue: ["22"] },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
  });
  return must(containerInstance?.containerInstanceArn, "the ARN of a container instance");
}

export async function registerAndRun(steps: Steps, ecs: ECS): Promise<TourWorld> {
  let [first, second, web, lasting] = ["", "", "", ""];
  await steps.step(
    "the cluster `default` has three connected container instances in three availability zones",
    async () => {
      const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
      expectEqual("container instances", containerInstanceArns.length, 3);
      const { containerInstances = [] } = await ecs.describeContainerInstances({
        containerInstances: containerInstanceArns,
      });
      const states = containerInstances.map(({ status, agentConnected }) => ({ status, agentConnected }));
      expectEqual("states", states, Array(3).fill({ status: "ACTIVE", agentConnected: true }));
      const zones = containerInstances.map(
        ({ attributes }) => attributes?.find(({ name }) => name === "ecs.availability-zone")?.value,
      );
      expectEqual("distinct zones", new Set(zones).size, 3);
      return zones.sort().join(", ");
    },
  );
  await steps.step(
    "container instances registered through the API get a simulated host and are connected",
    async () => {
      await ecs.createCluster({ clusterName: cluster });
      first = await register(ecs);
      second = await register(ecs);
      for (const arn of [first, second]) {
        const { status, agentConnected } = await describeInstance(ecs, arn);
        expectEqual("instance", { status, agentConnected }, { status: "ACTIVE", agentConnected: true });
      }
      return `${capacity.cpu} CPU units and ${capacity.memory} MiB each`;
    },
  );
  await steps.step("a task definition is registered as revision 1", async () => {
    web = await define(ecs, "tour-web", "nginx", { cpu: 256, memory: 256 });
    expectThat("ARN", web.endsWith("task-definition/tour-web:1"), web);
    return undefined;
  });
  await steps.step("StartTask puts a task on the named instance, which reaches RUNNING with a host port", async () => {
    const { tasks, failures } = await ecs.startTask({ cluster, taskDefinition: web, containerInstances: [first] });
    expectEqual("failures", failures, []);
    lasting = must(arnsOf(tasks)[0], "a task");
    const [task] = await untilStatus(ecs, [lasting], "RUNNING");
    expectEqual("instance", task?.containerInstanceArn, first);
    const port = task?.containers?.[0]?.networkBindings?.[0]?.hostPort;
    expectThat("a dynamic host port", port !== undefined && port >= 32_768, port);
    return `port ${port}`;
  });
  await steps.step("its instance has exactly that much less remaining, and counts the task", async () => {
    const instance = await describeInstance(ecs, first);
    expectEqual("CPU", remaining(instance, "CPU"), capacity.cpu - 256);
    expectEqual("MEMORY", remaining(instance, "MEMORY"), capacity.memory - 256);
    expectEqual("running tasks", instance.runningTasksCount, 1);
    return undefined;
  });
  return { cluster, first, second, web, lasting };
}

export async function placeAndFill(steps: Steps, ecs: ECS, world: TourWorld): Promise<void> {
  const { first, second, web } = world;
  let filling: string[] = [];
  steps.heading("Placement");
  await steps.step("RunTask of 10 places the seven that fit, and all reach RUNNING", async () => {
    const { tasks } = await ecs.runTask({ cluster, taskDefinition: web, count: 10 });
    filling = arnsOf(tasks);
    expectEqual("tasks placed", filling.length, 7);
    await untilStatus(ecs, filling, "RUNNING");
    return undefined;
  });
  await steps.step("one more fails with RESOURCE:CPU, naming an instance of the full cluster", async () => {
    const { tasks, failures = [] } = await ecs.runTask({ cluster, taskDefinition: web });
    expectEqual("tasks", tasks, []);
    const reasons = failures.map(({ reason }) => reason);
    expectEqual("reasons", reasons, ["RESOURCE:CPU"]);
    expectThat(
      "an instance",
      failures.every(({ arn = "" }) => [first, second].includes(arn)),
      failures,
    );
    return undefined;
  });
  await steps.step("StartTask on both gives a reason for each", async () => {
    const both = [first, second];
    const { tasks, failures = [] } = await ecs.startTask({ cluster, taskDefinition: web, containerInstances: both });
    expectEqual("tasks", tasks, []);
    const got = failures.map(({ arn, reason }) => `${arn} ${reason}`).sort();
    expectEqual("failures", got, [`${first} RESOURCE:CPU`, `${second} RESOURCE:CPU`].sort());
    return undefined;
  });
  await steps.step("a small one that needs much memory fails with RESOURCE:MEMORY", async () => {
    await ecs.stopTask({ cluster, task: must(filling[0], "a task") });
    await untilStatus(ecs, filling.slice(0, 1), "STOPPED");
    const large = await define(ecs, "tour-large", "nginx", { cpu: 64, memory: 4096 });
    const { failures = [] } = await ecs.runTask({ cluster, taskDefinition: large });
    const reasons = new Set(failures.map(({ reason }) => reason));
    expectThat("reasons", reasons.has("RESOURCE:MEMORY"), failures);
    return undefined;
  });
  await steps.step("stopped tasks release their resources", async () => {
    await Promise.all(filling.slice(1).map((task) => ecs.stopTask({ cluster, task, reason: "tour" })));
    await untilStatus(ecs, filling, "STOPPED");
    expectEqual("CPU of the first", remaining(await describeInstance(ecs, first), "CPU"), capacity.cpu - 256);
    expectEqual("CPU of the second", remaining(await describeInstance(ecs, second), "CPU"), capacity.cpu);
    return undefined;
  });
}

export async function tagAndAttribute(steps: Steps, ecs: ECS, { first, second }: TourWorld): Promise<void> {
  steps.heading("Attributes and tags");
  const list = async () => {
    const { attributes = [] } = await ecs.listAttributes({
      cluster,
      targetType: "container-instance",
      attributeName: "stack",
    });
    return attributes.map(({ targetId, value }) => `${targetId} ${value}`).sort();
  };
  await steps.step("attributes are put, listed and deleted", async () => {
    await ecs.putAttributes({
      cluster,
      attributes: [
        { name: "stack", value: "blue", targetType: "container-instance", targetId: first },
        { name: "stack", value: "green", targetType: "container-instance", targetId: second },
      ],
    });
    expectEqual("attributes", await list(), [`${first} blue`, `${second} green`].sort());
    await ecs.deleteAttributes({
      cluster,
      attributes: [{ name: "stack", targetId: second, targetType: "container-instance" }],
    });
    expectEqual("attributes", await list(), [`${first} blue`]);
    return undefined;
  });
  await steps.step("an instance accepts tags, shows them, and loses one", async () => {
    await ecs.tagResource({
      resourceArn: first,
      tags: [
        { key: "team", value: "tour" },
        { key: "stage", value: "test" },
      ],
    });
    await ecs.untagResource({ resourceArn: first, tagKeys: ["stage"] });
    const { tags } = await ecs.listTagsForResource({ resourceArn: first });
    expectEqual("tags", tags, [{ key: "team", value: "tour" }]);
    return undefined;
  });
  await steps.step("a tag key of AWS's own is refused", async () => {
    const call = ecs.tagResource({ resourceArn: first, tags: [{ key: "aws:owner", value: "tour" }] });
    await expectRefused(call, "InvalidParameterException");
    return undefined;
  });
}
