import type { Cluster } from "../ecs/clusters/cluster.ts";
import type { DurablePartition } from "./durable-state.ts";
import { place, type World } from "./world.ts";

const rule = "lists and counts say what the documents say";

type Json = Readonly<Record<string, unknown>>;

/** LIMIT: pages of three make several of nearly every list. */
const pageSize = 3;
/** LIMIT: a list that has not ended by then goes round in circles. */
const pagesMax = 10_000;

/** Asks a settled world for its lists and counts, page by page, and compares them with the documents. No time passes. */
export async function checkFinalAnswers(world: World): Promise<void> {
  const account = world.state.partitions.get(`account/${place.account}/${place.region}`);
  for (const cluster of (account?.values("cluster") ?? []) as Iterable<Cluster>) {
    if (cluster.status !== "ACTIVE") continue;
    const partition = world.state.partitions.get(`cluster/${place.account}/${place.region}/${cluster.name}`) ?? null;
    await checkLists(world, cluster.name, partition);
    await checkCounts(world, cluster.name, partition);
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

async function compareList(
  world: World,
  operation: string,
  request: Json,
  member: string,
  documents: readonly string[],
): Promise<void> {
  const listed: string[] = [];
  let nextToken: unknown;
  for (let page = 0; page < pagesMax; page++) {
    const token = typeof nextToken === "string" ? { nextToken } : {};
    const reply = await answer(world, operation, { ...request, maxResults: pageSize, ...token });
    if (reply === null) return;
    listed.push(...(reply[member] as readonly string[]));
    nextToken = reply.nextToken;
    if (typeof nextToken !== "string") break;
  }
  const [said, meant] = [listed.toSorted().join(" "), documents.toSorted().join(" ")];
  if (said !== meant) {
    world.checkers.violate(rule, `${operation} ${JSON.stringify(request)} lists ${said}, the documents say ${meant}`);
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

function compareCounts(
  world: World,
  what: string,
  shown: Json | undefined,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(counts)) {
    if (shown?.[name] === count) continue;
    world.checkers.violate(rule, `${what} is described with ${name} ${shown?.[name]}, the documents say ${count}`);
  }
}

/** The reply, or null (a broken rule) when there is none at once. */
async function answer(world: World, operation: string, request: Json): Promise<Json | null> {
  let reply: Json | null = null;
  world.call(operation, request).then(
    (outcome) => {
      if (outcome.type === "reply") reply = outcome.reply;
      else world.checkers.violate(rule, `${operation} ${JSON.stringify(request)} was not answered: ${outcome.type}`);
    },
    (error: unknown) => world.broken(operation, error),
  );
  await world.clock.settle();
  return reply;
}
