import type { ClosedMark } from "../../ecs/documents/closed-mark.ts";
import type { Cluster } from "../../ecs/documents/cluster.ts";
import type { ContainerInstance } from "../../ecs/documents/container-instance.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";
import type { Host } from "../host.ts";
import { place, type World } from "../world.ts";
import { unsettledContainers, unsettledInstance, unsettledReports } from "./settled-details.ts";
import { Restless, unsettledServices, waitsForCapacity } from "./settled-services.ts";

/**
 * What is not yet settled once the faults have stopped. Empty if the world has converged: running hosts are connected, what
 * should stop has stopped, what should run runs, and hosts run nothing else; services are steady, or say what blocks them, or
 * never settle by nature.
 */
export function unsettled(world: World): string[] {
  if (!world.isListening) return ["the control plane is down"];
  const halted = world.halted();
  if (halted.length > 0) return [...halted];
  const problems: string[] = [];
  const hostOf = new Map<string, Host>();
  for (const host of world.hosts) {
    if (host.lost) continue;
    const arn = host.containerInstanceArn;
    const instance = arn === null ? null : world.state.instance(arn);
    if (instance === null) problems.push(`${host.name} has no container instance`);
    else {
      hostOf.set(instance.arn, host);
      if (isWanted(instance) && !instance.agentConnected)
        problems.push(`${instance.arn} of ${host.name} is disconnected`);
    }
  }
  for (const instance of world.state.instances()) {
    if (instance.agentConnected && !hostOf.has(instance.arn))
      problems.push(`${instance.arn} is connected, but its host does not exist`);
    if (instance.status === "REGISTERING" || instance.status === "DEREGISTERING") {
      problems.push(`${instance.arn} is ${instance.status}`);
    }
  }
  const now = world.clock.now();
  const movingTasks = new Set<string>();
  for (const partition of world.state.partitions.values()) {
    const restless = new Restless(partition, now);
    const reachedOn = (task: Task): Host | null => {
      const instance = task.instanceId === null ? null : partition.instance(task.instanceId);
      const managed = task.launchType === "FARGATE" ? managedHostOf(world, task) : null;
      return managed ?? (instance === null ? null : (hostOf.get(instance.arn) ?? null));
    };
    const isOutOfReach = (task: Task): boolean => task.instanceId !== null && reachedOn(task) === null;
    problems.push(...unsettledServices(partition, restless, now, isOutOfReach));
    for (const task of partition.tasks()) {
      if (waitsForCapacity(task, now)) continue;
      if (restless.moves(task)) {
        movingTasks.add(task.arn);
        continue;
      }
      const definition = partition.get("task-definition", task.taskDefinitionArn) as TaskDefinition | null;
      const instance = task.instanceId === null ? null : partition.instance(task.instanceId);
      const host = reachedOn(task);
      if (task.launchType === "FARGATE" && task.lastStatus !== "STOPPED" && host === null) {
        problems.push(`the host of ${task.arn} does not run`);
      }
      if (task.lastStatus !== "STOPPED") problems.push(...unsettledTask(task, definition, host));
      if (task.lastStatus === "RUNNING" && host !== null) problems.push(...unsettledReports(task));
      if (host !== null && instance !== null && isWanted(instance)) problems.push(...unsettledContainers(task, host));
    }
    for (const instance of partition.instances()) {
      const host = hostOf.get(instance.arn);
      if (host === undefined || !instance.agentConnected) continue;
      if (!restless.impairsHosts) problems.push(...unsettledInstance(partition, instance, host, now));
    }
  }
  problems.push(...halfDeletedClusters(world));
  for (const [arn, host] of world.managedHosts) problems.push(...foreignContainers(world, arn, host, movingTasks));
  for (const [arn, host] of hostOf) problems.push(...foreignContainers(world, arn, host, movingTasks));
  return problems;
}

/** The host of a Fargate task, if it is up. */
function managedHostOf(world: World, { arn, instanceId }: Task): Host | null {
  const host = world.managedHosts.get(arn.replace(/:task\/([^/]+)\/.*$/, `:container-instance/$1/${instanceId}`));
  return host?.isUp === true ? host : null;
}

/** Clusters that accept no more calls, though their account does not know of their end. */
function halfDeletedClusters(world: World): string[] {
  return [...world.state.partitions.values()].flatMap((partition) => {
    const closed = partition.get("closed", "closed") as ClosedMark | null;
    const arn = `arn:aws:ecs:${place.region}:${place.account}:cluster/${partition.name.split("/").at(-1)}`;
    const cluster = closed === null ? null : (world.state.document(arn) as Cluster | null);
    const isHalf = cluster?.status === "ACTIVE" && cluster.incarnation === closed?.incarnation;
    return isHalf ? [`${arn} is closed and ACTIVE`] : [];
  });
}

const isWanted = ({ status }: ContainerInstance): boolean => status !== "INACTIVE" && status !== "DEREGISTERING";

function unsettledTask(task: Task, definition: TaskDefinition | null, host: Host | null): string[] {
  const { arn, lastStatus, desiredStatus, containers } = task;
  if (lastStatus === "PROVISIONING" || lastStatus === "DEPROVISIONING") return [`${arn} is ${lastStatus}`];
  // AWS: what was on a lost host stays as it was last known.
  if (host === null) return [];
  if (desiredStatus === "STOPPED") return [`${arn} on ${host.name} is ${lastStatus} and wanted STOPPED`];
  const running = new Set(
    host
      .running()
      .filter(({ taskArn }) => taskArn === arn)
      .map(({ name }) => name),
  );
  if (lastStatus !== "RUNNING" && !waitsForContainers(definition)) return [`${arn} on ${host.name} is ${lastStatus}`];
  return containers
    .filter(({ name, lastStatus: status }) => (status === "RUNNING") !== running.has(name))
    .map(({ name, lastStatus: status }) => `${name} of ${arn} is ${status}, ${running.has(name) ? "" : "not "}running`);
}

/** True for tasks with a container that may wait indefinitely for another one to end. */
function waitsForContainers(definition: TaskDefinition | null): boolean {
  if (definition === null) return false;
  return definition.containerDefinitions.some((container) =>
    (container.dependsOn ?? []).some(({ condition }) => condition !== "START"),
  );
}

function foreignContainers(world: World, instanceArn: string, host: Host, movingTasks: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const { taskArn, name } of host.running()) {
    if (movingTasks.has(taskArn)) continue;
    const task = world.state.task(taskArn);
    const isHere = task !== null && task.instanceId !== null && instanceArn.endsWith(`/${task.instanceId}`);
    if (!isHere || task.desiredStatus === "STOPPED")
      problems.push(`${host.name} runs ${name} of ${taskArn}, which it should not`);
  }
  return problems;
}
