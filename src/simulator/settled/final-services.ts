import { type Service, serviceGroup } from "../../ecs/documents/service.ts";
import { holdsResources, type Task } from "../../ecs/documents/task.ts";
import type { DurablePartition } from "../durable-state.ts";
import type { World } from "../world.ts";
import { answer, compareCounts, compareList, type Json } from "./final-comparison.ts";
import { Restless, waitsForContainers } from "./settled-services.ts";

const drained = "a drained instance is empty, or something is said to be in its way";

/** Reads a settled world's services and drains of a cluster, and compares them with the documents. */
export async function checkFinalServices(world: World, cluster: string, partition: DurablePartition): Promise<void> {
  const services = [...partition.values("service")] as Service[];
  const live = services.filter(({ status }) => status !== "INACTIVE").map(({ arn }) => arn);
  await compareList(world, "ListServices", { cluster }, "serviceArns", live);
  for (const service of services) await checkService(world, cluster, partition, service);
  await checkDrains(world, cluster, partition);
}

async function checkService(
  world: World,
  cluster: string,
  partition: DurablePartition,
  service: Service,
): Promise<void> {
  const tasks = [...partition.tasks()].filter(({ group }) => group === serviceGroup(service.name));
  for (const desiredStatus of ["RUNNING", "STOPPED"]) {
    const documents = tasks.filter((task) => task.desiredStatus === desiredStatus).map(({ arn }) => arn);
    if (service.status === "INACTIVE") continue;
    await compareList(world, "ListTasks", { cluster, serviceName: service.name, desiredStatus }, "taskArns", documents);
  }
  const described = await answer(world, "DescribeServices", { cluster, services: [service.name] });
  const [shown] = (described?.services ?? []) as readonly Json[];
  compareCounts(world, service.arn, shown, { ...counts(tasks), desiredCount: service.desiredCount });
  for (const deployment of (shown?.deployments ?? []) as readonly Json[]) {
    compareCounts(world, `${service.arn} ${deployment.id}`, deployment, counts(tasks, deployment.id));
  }
}

const pending: readonly string[] = ["PROVISIONING", "PENDING", "ACTIVATING"];

function counts(tasks: readonly Task[], deploymentId: unknown = null) {
  const counted = tasks.filter(
    ({ startedBy, desiredStatus }) =>
      desiredStatus === "RUNNING" && (deploymentId === null || startedBy === deploymentId),
  );
  return {
    runningCount: counted.filter(({ lastStatus }) => lastStatus === "RUNNING").length,
    pendingCount: counted.filter(({ lastStatus }) => pending.includes(lastStatus)).length,
  };
}

type Drain = {
  readonly containerInstanceArn: string;
  readonly remaining: readonly { readonly taskArn: string; readonly service: string | null; readonly reason: string }[];
  readonly blockers: readonly object[];
  readonly finished: boolean;
};

async function checkDrains(world: World, cluster: string, partition: DurablePartition): Promise<void> {
  const draining = [...partition.instances()].filter(({ status }) => status === "DRAINING");
  const reply = await answer(world, "DescribeDrain", { cluster });
  const drains = (reply?.drains ?? []) as readonly Drain[];
  const restless = new Restless(partition, world.clock.now());
  for (const { id, arn } of draining) {
    const drain = drains.find(({ containerInstanceArn }) => containerInstanceArn === arn);
    const on = partition.tasksOn(id).filter(holdsResources);
    if (drain === undefined || drain.remaining.length !== on.length || drain.finished !== (on.length === 0)) {
      world.checkers.violate(drained, `${arn} has ${on.length} tasks and is described as ${JSON.stringify(drain)}`);
    } else if (on.length > 0 && drain.blockers.length === 0) {
      const waits = (service: string): boolean =>
        [...partition.tasksIn(serviceGroup(service))].some((task) => waitsForContainers(partition, task));
      const isMoving = drain.remaining.some(
        ({ service }) => service !== null && (restless.hasService(service) || waits(service)),
      );
      if (!isMoving) world.checkers.violate(drained, `${arn} is held by nothing: ${JSON.stringify(drain.remaining)}`);
    }
  }
}
