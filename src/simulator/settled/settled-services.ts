import type { ServiceRevision } from "../../ecs/documents/deployment.ts";
import type { DeploymentProgress } from "../../ecs/documents/deployment-progress.ts";
import { type Rollout, targetOf } from "../../ecs/documents/rollout.ts";
import { type Service, type ServiceEvent, serviceGroup, serviceNameOf } from "../../ecs/documents/service.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";
import { ecsTimeline } from "../../ecs/timeline.ts";
import { must } from "../../lib/assert.ts";
import type { DurablePartition } from "../durable-state.ts";
import { behaviourOf, isRestless } from "../faults/restless-containers.ts";

/** LIMIT: a container is pulled in 20 s, stopped in 60 and reported again and again; a task that takes longer is stuck. */
const movesForMs = 240_000;
/** LIMIT: services whose tasks fail are looked at each minute unless they are held back; after ten they are forgotten. */
const restsForMs = 600_000;
/** LIMIT: the timer that ends a task's wait is a step of its own. */
const waitSlackMs = 10_000;

/**
 * The restless services of one cluster: their tasks end by themselves, do not start or are not healthy, by design of their image.
 * Such a service never settles, so only those of its tasks that have not changed for a while are checked.
 */
export class Restless {
  readonly #partition: DurablePartition;
  readonly #now: number;
  readonly #services = new Set<string>();
  /** The health of hosts goes up and down with the tasks of such a service. */
  impairsHosts = false;

  constructor(partition: DurablePartition, now: number) {
    this.#partition = partition;
    this.#now = now;
    for (const service of partition.values("service") as Iterable<Service>) {
      for (const { revisionId } of partition.rollout(service.name)?.deployments ?? []) {
        const revision = partition.get("service-revision", revisionId) as ServiceRevision | null;
        if (revision !== null) this.#note(service.name, revision.taskDefinitionArn);
      }
    }
    for (const { name } of partition.values("service") as Iterable<Service>) {
      for (const task of partition.tasksIn(serviceGroup(name))) this.#note(name, task.taskDefinitionArn);
    }
  }

  hasService(name: string): boolean {
    return this.#services.has(name);
  }

  /** True for a task that may still change, because its service never settles. */
  moves(task: Task): boolean {
    const name = serviceNameOf(task);
    return name !== null && this.#services.has(name) && task.statusSince > this.#now - movesForMs;
  }

  #note(name: string, taskDefinitionArn: string): void {
    const definition = this.#partition.get("task-definition", taskDefinitionArn) as TaskDefinition | null;
    if (definition === null || !definition.containerDefinitions.some(isRestless)) return;
    this.#services.add(name);
    if (definition.containerDefinitions.some((container) => behaviourOf(container).impairsRuntime)) {
      this.impairsHosts = true;
    }
  }
}

/** What in a cluster's services is neither settled nor explained by a named obstacle. */
export function unsettledServices(
  partition: DurablePartition,
  restless: Restless,
  now: number,
  isOutOfReach: (task: Task) => boolean,
): string[] {
  const problems: string[] = [];
  for (const service of partition.values("service") as Iterable<Service>) {
    if (service.status === "INACTIVE") continue;
    const tasks = partition.tasksIn(serviceGroup(service.name));
    const problem =
      service.status === "DRAINING"
        ? "is DRAINING"
        : (partition.condition(service.name)?.steadySince ?? null) === null
          ? unsteady(partition, service, tasks, restless, now, isOutOfReach)
          : notAsSteady(partition, service, tasks, restless, isOutOfReach);
    if (problem !== null) problems.push(`the service ${service.arn} ${problem}`);
  }
  return problems;
}

/** What a service that claims to be steady lacks. Null for nothing. */
function notAsSteady(
  partition: DurablePartition,
  service: Service,
  tasks: readonly Task[],
  restless: Restless,
  isOutOfReach: (task: Task) => boolean,
): string | null {
  if (restless.hasService(service.name)) return null;
  const { targetId } = rolloutOf(partition, service);
  const running = tasks.filter(
    (task) => task.startedBy === targetId && task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING",
  );
  // Beyond ECS: with a policy for lost agents, tasks that were given up but cannot be ordered to stop no longer belong to the
  // service.
  const others = tasks.filter((task) => !running.includes(task));
  const isGivenUp = (task: Task): boolean => task.desiredStatus === "STOPPED" && isOutOfReach(task);
  if (running.length === service.desiredCount && others.every(isGivenUp)) return null;
  return `is steady with ${running.length} of ${service.desiredCount} tasks, ${tasks.length} in all`;
}

/** Why a service is not steady, if it gives no reason. Null if it gives one. */
function unsteady(
  partition: DurablePartition,
  service: Service,
  tasks: readonly Task[],
  restless: Restless,
  now: number,
  isOutOfReach: (task: Task) => boolean,
): string | null {
  const target = targetOf(rolloutOf(partition, service));
  const progress = partition.get("deployment-progress", target.id) as DeploymentProgress | null;
  const until = progress?.startBackoff.until ?? null;
  if ((partition.condition(service.name)?.impediment ?? null) !== null || target.rolloutState === "FAILED") return null;
  if (until !== null && until > now) return null;
  // We know what these wait for: capacity, an agent that is gone for good, a protection, the last other task.
  const isExcused = (task: Task): boolean =>
    task.waitingFor !== null ||
    isOutOfReach(task) ||
    (task.protectedUntil !== null && task.protectedUntil > now) ||
    (service.schedulingStrategy === "DAEMON" && isOnDraining(partition, task)) ||
    waitsForContainers(partition, task);
  if (tasks.some(isExcused)) return null;
  if (restless.hasService(service.name)) {
    const told = ([...partition.values("service-event")] as ServiceEvent[]).filter(
      ({ serviceName }) => serviceName === service.name,
    );
    const newest = Math.max(
      target.updatedAt,
      ...tasks.map(({ statusSince }) => statusSince),
      ...told.map(({ createdAt }) => createdAt),
    );
    return newest > now - restsForMs || isComplete(service, tasks) ? null : "has stood still for ten minutes";
  }
  const shown = tasks.map(({ id, lastStatus, desiredStatus }) => `${id} ${lastStatus}/${desiredStatus}`);
  return `is not steady: ${service.desiredCount} wanted, ${target.rolloutState}, tasks ${shown.join(", ") || "none"}`;
}

const rolloutOf = (partition: DurablePartition, { name }: Service): Rollout =>
  must(partition.rollout(name), "the rollout of a service that is not INACTIVE");

function isComplete({ desiredCount }: Service, tasks: readonly Task[]): boolean {
  return (
    tasks.filter(({ lastStatus, desiredStatus }) => `${lastStatus}/${desiredStatus}` === "RUNNING/RUNNING").length >=
    desiredCount
  );
}

const isOnDraining = (partition: DurablePartition, { instanceId }: Task): boolean =>
  instanceId !== null && partition.instance(instanceId)?.status === "DRAINING";

/** True for tasks with a container that may wait indefinitely for the end of another one. */
export function waitsForContainers(partition: DurablePartition, task: Task): boolean {
  const definition = partition.get("task-definition", task.taskDefinitionArn) as TaskDefinition | null;
  if (definition === null || task.lastStatus === "RUNNING") return false;
  return definition.containerDefinitions.some((container) =>
    (container.dependsOn ?? []).some(({ condition }) => condition !== "START"),
  );
}

/** True for a task that waits for capacity, no longer than a task may. */
export const waitsForCapacity = ({ waitingFor, statusSince }: Task, now: number): boolean =>
  waitingFor !== null && now < statusSince + ecsTimeline.provisioningTimeoutMs + waitSlackMs;
