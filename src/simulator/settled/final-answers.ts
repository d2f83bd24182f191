import type { Cluster } from "../../ecs/documents/cluster.ts";
import type { DurablePartition } from "../durable-state.ts";
import { place, type World } from "../world.ts";
import { answer, compareCounts, compareList, type Json } from "./final-comparison.ts";
import { checkFinalServices } from "./final-services.ts";

/** Reads the lists and counts of a settled world, page by page, and compares them with the documents. No time passes. */
export async function checkFinalAnswers(world: World): Promise<void> {
  const account = world.state.partitions.get(`account/${place.account}/${place.region}`);
  for (const cluster of (account?.values("cluster") ?? []) as Iterable<Cluster>) {
    if (cluster.status !== "ACTIVE") continue;
    const partition = world.state.partitions.get(`cluster/${place.account}/${place.region}/${cluster.name}`) ?? null;
    await checkLists(world, cluster.name, partition);
    await checkCounts(world, cluster.name, partition);
    if (partition !== null) await checkFinalServices(world, cluster.name, partition);
  }
}

async function checkLists(world: World, cluster: string, partition: DurablePartition | null): Promise<void> {
  const instances = [...(partition?.instances() ?? [])];
  const tasks = [...(partition?.tasks() ?? [])];
  for (const status of ["ACTIVE", "DRAINING"]) {
    const documents = instances.filter((instance) => instance.status === status).map(({ arn }) => arn);
    await compareList(world, "ListContainerInstances", { cluster, status }, "containerInstanceArns", documents);
  }
  for (const desiredStatus of ["RUNNING", "STOPPED"]) {
    const documents = tasks.filter((task) => task.desiredStatus === desiredStatus).map(({ arn }) => arn);
    await compareList(world, "ListTasks", { cluster, desiredStatus }, "taskArns", documents);
  }
  for (const instance of instances) {
    if (instance.status === "INACTIVE") continue;
    const documents = tasks
      .filter(({ instanceId, desiredStatus }) => instanceId === instance.id && desiredStatus === "RUNNING")
      .map(({ arn }) => arn);
    await compareList(world, "ListTasks", { cluster, containerInstance: instance.id }, "taskArns", documents);
  }
}

async function checkCounts(world: World, cluster: string, partition: DurablePartition | null): Promise<void> {
  const instances = [...(partition?.instances() ?? [])];
  const tasks = [...(partition?.tasks() ?? [])];
  const reply = await answer(world, "DescribeClusters", { clusters: [cluster] });
  const [shown] = (reply?.clusters ?? []) as readonly Json[];
  const isRegistered = (status: string) => status === "ACTIVE" || status === "DRAINING";
  compareCounts(world, cluster, shown, {
    registeredContainerInstancesCount: instances.filter(({ status }) => isRegistered(status)).length,
    runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === "RUNNING").length,
    pendingTasksCount: tasks.filter(({ lastStatus }) => lastStatus === "PENDING").length,
  });
  for (const { id, arn } of instances) {
    const on = partition?.tasksOn(id) ?? [];
    const described = await answer(world, "DescribeContainerInstances", { cluster, containerInstances: [id] });
    const [instance] = (described?.containerInstances ?? []) as readonly Json[];
    compareCounts(world, arn, instance, {
      runningTasksCount: on.filter(({ desiredStatus }) => desiredStatus === "RUNNING").length,
      pendingTasksCount: on.filter(({ lastStatus }) => lastStatus === "PENDING").length,
    });
  }
}
