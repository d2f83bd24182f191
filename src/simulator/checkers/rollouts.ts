import type { LostAgentPolicy } from "../../ecs/documents/lost-agent-policy.ts";
import { type Service, serviceGroup, serviceNameOf } from "../../ecs/documents/service.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { DurablePartition, Kept, KeptDocument } from "../durable-state.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";

const upper = "no task of a service is started above its maximumPercent";
const lower = "the scheduler stops no task of a service that its minimumHealthyPercent needs";

/**
 * The percentages, from the documents of each append. An append may contain several steps, so this checks what must hold in any
 * order: new tasks are counted with those that exist at the end, stopped tasks with those that ended for other reasons, even
 * within the same append.
 */
export class RolloutsChecker implements Checker {
  readonly #violate: Violate;
  /** Updates under way, which may take effect in any step: id of the call -> name of the service. */
  readonly #updates = new Map<number, string>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  callStarted({ id, operation, request }: Call): void {
    if (!/^(Create|Update|Delete)Service$/.test(operation)) return;
    const reference = String(request.service ?? request.serviceName);
    this.#updates.set(id, reference.slice(reference.lastIndexOf("/") + 1));
  }

  callEnded({ id }: Call, _: Outcome): void {
    this.#updates.delete(id);
  }

  kept({ partition, documents }: Kept): void {
    const changes = new Map<string, KeptDocument[]>();
    for (const document of documents) {
      if (document.kind !== "task") continue;
      const name = serviceNameOf((document.after ?? document.before) as Task);
      if (name !== null) changes.set(name, [...(changes.get(name) ?? []), document]);
    }
    if (changes.size === 0) return;
    const updated = new Set(this.#updates.values());
    for (const [name, changed] of changes) {
      const service = partition.get("service", name) as Service | null;
      const before = documents.find(({ kind, key }) => kind === "service" && key === name)?.before as Service | null;
      if (service === null || service.status !== "ACTIVE" || updated.has(name)) continue;
      // An updated service may have been anywhere between its old and new bounds.
      if (before != null && boundsOf(before).join() !== boundsOf(service).join()) continue;
      if (service.schedulingStrategy !== "REPLICA") continue;
      this.#started(partition, service, changed, documents);
      this.#stopped(partition, service, changed);
    }
  }

  #started(
    partition: DurablePartition,
    service: Service,
    changed: readonly KeptDocument[],
    documents: readonly KeptDocument[],
  ): void {
    if (!changed.some(({ before, after }) => before === null && after !== null)) return;
    // Beyond ECS: with a policy, tasks whose agent is lost are replaced and do not count.
    const policy = partition.get("lost-agent-policy", "policy") as LostAgentPolicy | null;
    const isAway = ({ instanceId }: Task): boolean =>
      instanceId !== null &&
      (partition.instance(instanceId)?.agentConnected === false ||
        documents.some(({ kind, key }) => kind === "container-instance" && key === instanceId));
    // Tasks of a deleted service with the same name take up no room.
    const isOwn = ({ desiredStatus, startedBy }: Task): boolean =>
      desiredStatus === "RUNNING" ||
      (partition.rollout(service.name)?.deployments.some(({ id }) => id === startedBy) ?? false);
    const held = tasksOf(partition, service).filter((task) => isOwn(task) && (policy === null || !isAway(task)));
    const [, most] = boundsOf(service);
    if (held.length > most) {
      this.#violate(upper, `${service.arn} started tasks and has ${held.length}, at most ${most} may be there`);
    }
  }

  #stopped(partition: DurablePartition, service: Service, changed: readonly KeptDocument[]): void {
    const byScheduler = changed.filter(({ before, after }) => serves(before) && isScaledIn(after));
    if (byScheduler.length === 0) return;
    const left = tasksOf(partition, service).filter(serves).length;
    const otherwise = changed.filter(
      ({ before, after }) => !serves(after) && !isScaledIn(after) && (serves(before) || mayHaveServed(before, after)),
    ).length;
    const [least] = boundsOf(service);
    if (left + otherwise < least) {
      const names = byScheduler.map(({ key }) => key).join(", ");
      this.#violate(lower, `${service.arn} stopped ${names} and has ${left} left, but at least ${least} must serve`);
    }
  }
}

const tasksOf = (partition: DurablePartition, { name }: Service): Task[] => partition.tasksIn(serviceGroup(name));

function serves(document: object | null): boolean {
  const task = document as Task | null;
  if (task === null || task.lastStatus !== "RUNNING" || task.desiredStatus !== "RUNNING") return false;
  return task.containers.every(
    ({ essential, healthStatus }) => !essential || healthStatus === null || healthStatus === "HEALTHY",
  );
}

/** Stopped because the service has enough others, not because something is wrong with the task. */
function isScaledIn(document: object | null): boolean {
  const task = document as Task | null;
  return task?.stopCode === "ServiceSchedulerInitiated" && /^Scaling|^Avail/.test(task.stoppedReason ?? "");
}

/**
 * True for a task that served neither before the append nor after it but may have done so in between: it became RUNNING or
 * healthy in one step, which let the service stop others, and ended in the next one. No event says when a task becomes healthy.
 */
function mayHaveServed(before: object | null, after: object | null): boolean {
  const [first, last] = [before as Task | null, after as Task | null];
  return (first === null || first.desiredStatus === "RUNNING") && last !== null && last.startedAt !== null;
}

/** AWS: the lower bound is rounded up, the upper one down. */
function boundsOf({ desiredCount, deploymentConfiguration }: Service): readonly [least: number, most: number] {
  const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
  return [Math.ceil((desiredCount * minimumHealthyPercent) / 100), Math.floor((desiredCount * maximumPercent) / 100)];
}
