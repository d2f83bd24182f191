import { must } from "../../lib/assert.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Deployment } from "../documents/deployment.ts";
import { type DeploymentProgress, noProgress } from "../documents/deployment-progress.ts";
import { type Rollout, targetOf } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { conditionOf, progressOf, rolloutOf } from "../state/service-documents.ts";
import { isLost } from "./lost-agents.ts";
import type { Sight } from "./sight.ts";
import { strategyOf } from "./strategies.ts";
import { verdictOf } from "./task-checks.ts";
import type { SetCounts, WantedSets } from "./task-sets.ts";

/**
 * Why a task is to go though nobody stopped it: its service is deleted, its agent has been gone for longer than the cluster's
 * policy lets it, its instance drains, its health check fails, or a newer deployment replaces it. The first that applies.
 */
export type LeaveReason = "deleted" | "draining" | "lost" | "unhealthy" | "replaced";

/** A task of a service that is wanted RUNNING. */
export type ServiceTask = {
  readonly task: Task;
  /** Null for one that the service is to keep. */
  readonly leaves: LeaveReason | null;
  readonly isRunning: boolean;
  /** RUNNING, and what is checked of it is healthy. */
  readonly serves: boolean;
  /** Serves, and for long enough that the rollout may count on it. */
  readonly isHealthy: boolean;
  readonly isProtected: boolean;
};

/** A task whose set may have to go; its strategy has yet to say so. */
type SeenTask = { -readonly [Member in keyof ServiceTask]: ServiceTask[Member] };

/** What is stored about a service that is not INACTIVE. */
export type ServiceDocuments = {
  readonly service: Service;
  readonly rollout: Rollout;
  readonly condition: ServiceCondition;
  /** Deployments that begin again with what is planned: what their tasks have shown counts no more. */
  readonly freshIds: readonly string[];
};

/** All that a decision about a service is made from. A minute's look and one for a change see the same. */
export type ServiceView = Omit<ServiceDocuments, "freshIds"> &
  WantedSets & {
    /** The deployment that the service is brought to. */
    readonly target: Deployment;
    /** What its tasks have shown. */
    readonly progress: DeploymentProgress;
    readonly now: number;
    readonly keepers: readonly ServiceTask[];
    readonly leavers: readonly ServiceTask[];
    /** Tasks that are wanted STOPPED and hold their resources still, but for those whose agent is lost. */
    readonly stopping: number;
    /** Tasks of other deployments that are not STOPPED. */
    readonly ofOthers: number;
    /** When time alone changes this view; null when it does not. */
    readonly changesAt: number | null;
  };

/** What is stored about a service that is not INACTIVE. */
export const documentsOf = (state: ClusterState, service: Service): ServiceDocuments => ({
  service,
  rollout: rolloutOf(state, service.name),
  condition: conditionOf(state, service.name),
  freshIds: [],
});

/** The view of a service that is not INACTIVE. */
export const viewService = (sight: Pick<Sight, "state" | "now">, service: Service): ServiceView =>
  viewOf(sight, documentsOf(sight.state, service));

/**
 * The view of a service with these documents, from the tasks and instances of the cluster. A look asks for it several times, and a large
 * service has thousands of tasks: the last one made serves as long as nothing changed that it was made from.
 */
export function viewOf({ state, now }: Pick<Sight, "state" | "now">, documents: ServiceDocuments): ServiceView {
  const { service, rollout, condition, freshIds } = documents;
  const { serviceIndex, tasks, instances, lostAgentPolicies } = state;
  const { targetId } = rollout;
  const progress = freshIds.includes(targetId)
    ? noProgress(service.name, targetId)
    : progressOf(state, service.name, targetId);
  const changes = tasks.changes + instances.changes + lostAgentPolicies.changes;
  const last = lastViews.get(state);
  const isSame = last?.changes === changes && last.view.service === service && last.view.rollout === rollout;
  if (isSame && last.view.now === now) return { ...last.view, progress, condition };
  const viewer = new Viewer(state, service, rollout, now);
  for (const id of serviceIndex.book.taskIdsOf(service.name)) viewer.add(must(tasks.get(id), "a task of a service"));
  const view = viewer.view();
  lastViews.set(state, { view, changes });
  return { ...view, progress, condition };
}

/**
 * How many tasks of the service each capacity provider has, those that are on their way out left aside: the base and the
 * weights are to hold when they are gone.
 */
export function providerCounts({ keepers }: ServiceView): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { task } of keepers) {
    const { capacityProviderName } = task;
    if (capacityProviderName !== null) counts.set(capacityProviderName, (counts.get(capacityProviderName) ?? 0) + 1);
  }
  return counts;
}

/** What follows from the tasks of a service, and what they are seen by. */
type TaskView = Omit<ServiceView, "progress" | "condition">;

/** Of each cluster the last view that was made, and how often the tables had changed that it was made from. */
const lastViews = new WeakMap<ClusterState, { readonly view: TaskView; readonly changes: number }>();

class Viewer {
  readonly #state: ClusterState;
  readonly #service: Service;
  readonly #rollout: Rollout;
  readonly #target: Deployment;
  readonly #deploymentIds: ReadonlySet<string | null>;
  readonly #now: number;
  readonly #seen: SeenTask[] = [];
  /** Those of them that fail a check. */
  readonly #failing = new Set<SeenTask>();
  #stopping = 0;
  #ofOthers = 0;
  #changesAt: number | null = null;

  constructor(state: ClusterState, service: Service, rollout: Rollout, now: number) {
    this.#state = state;
    this.#service = service;
    this.#rollout = rollout;
    this.#target = targetOf(rollout);
    this.#deploymentIds = new Set(rollout.deployments.map(({ id }) => id));
    this.#now = now;
  }

  add(task: Task): void {
    if (!holdsResources(task)) return;
    // Of a deleted service with the same name: they may be with an agent that is away, and are nobody's any more.
    if (task.desiredStatus === "STOPPED" && !this.#deploymentIds.has(task.startedBy)) return;
    const instance = task.instanceId === null ? undefined : this.#state.instances.get(task.instanceId);
    const lost = instance !== undefined && this.#isLost(instance);
    if (task.startedBy !== this.#target.id && !(lost && task.desiredStatus === "STOPPED")) this.#ofOthers += 1;
    if (task.desiredStatus === "STOPPED") {
      if (!lost) this.#stopping += 1;
      return;
    }
    const isRunning = task.lastStatus === "RUNNING";
    const verdict = isRunning ? verdictOf(task) : null;
    // AWS: what is checked must be healthy; of a task that nothing checks RUNNING is enough.
    const serves = isRunning && (verdict === null || verdict === "healthy");
    const leaves = this.#leavesAnyway(instance, lost);
    const isProtected = task.protectedUntil !== null && task.protectedUntil > this.#now;
    const isHealthy = serves && (verdict !== null || this.#isHeldLongEnough(task));
    const seen: SeenTask = { task, leaves, isRunning, serves, isHealthy, isProtected };
    this.#seen.push(seen);
    if (verdict === "unhealthy") this.#failing.add(seen);
  }

  view(): TaskView {
    const [service, rollout, target] = [this.#service, this.#rollout, this.#target];
    const wanted = strategyOf(service)({ service, rollout, target, countsOf: (id) => this.#countsOf(id) });
    const unwanted = new Set(rollout.deployments.map(({ id }) => id));
    for (const set of wanted.sets) if (set.wanted > 0) unwanted.delete(set.deployment.id);
    const [keepers, leavers]: [ServiceTask[], ServiceTask[]] = [[], []];
    for (const seen of this.#seen) {
      seen.leaves ??= this.#leaves(seen, unwanted);
      (seen.leaves === null ? keepers : leavers).push(seen);
    }
    return {
      service,
      rollout,
      target,
      now: this.#now,
      ...wanted,
      keepers,
      leavers,
      stopping: this.#stopping,
      ofOthers: this.#ofOthers,
      changesAt: this.#changesAt,
    };
  }

  /** Why a task is to go, whatever is wanted of its set. */
  #leavesAnyway(instance: ContainerInstance | undefined, lost: boolean): LeaveReason | null {
    if (this.#service.status === "DRAINING") return "deleted";
    if (lost) return "lost";
    return instance?.status === "DRAINING" ? "draining" : null;
  }

  #leaves(seen: SeenTask, unwanted: ReadonlySet<string>): LeaveReason | null {
    const { startedBy } = seen.task;
    const isOfTarget = startedBy === this.#target.id;
    if (!isOfTarget && (startedBy === null || unwanted.has(startedBy) || !this.#deploymentIds.has(startedBy))) {
      return "replaced";
    }
    return this.#failing.size > 0 && this.#failing.has(seen) && this.#isGraceOver(seen.task) ? "unhealthy" : null;
  }

  #countsOf(deploymentId: string): SetCounts {
    const counts = { tasks: 0, serving: 0, healthy: 0 };
    for (const { task, leaves, serves, isHealthy } of this.#seen) {
      if (task.startedBy !== deploymentId || leaves === "lost") continue;
      counts.tasks += 1;
      if (serves) counts.serving += 1;
      if (isHealthy) counts.healthy += 1;
    }
    return counts;
  }

  #isLost(instance: ContainerInstance): boolean {
    if (instance.agentConnected) return false;
    const lostAt = isLost(this.#state, instance);
    if (lostAt === null) return false;
    if (lostAt > this.#now) this.#lookAt(lostAt);
    return lostAt <= this.#now;
  }

  /** AWS: of a deployment that was never COMPLETED a task that nothing checks counts when it has been RUNNING for 40 s. */
  #isHeldLongEnough(task: Task): boolean {
    const deployment = this.#rollout.deployments.find(({ id }) => id === task.startedBy);
    if (deployment === undefined || deployment.rolloutState === "COMPLETED") return true;
    return this.#hasPassed((task.startedAt ?? this.#now) + this.#state.timeline.healthyHoldMs);
  }

  /** AWS: a failed health check does not count within the grace period. */
  #isGraceOver(task: Task): boolean {
    const graceMs = (this.#service.healthCheckGracePeriodSeconds ?? 0) * 1_000;
    return this.#hasPassed((task.startedAt ?? this.#now) + graceMs);
  }

  #hasPassed(at: number): boolean {
    if (at > this.#now) this.#lookAt(at);
    return at <= this.#now;
  }

  #lookAt(at: number): void {
    if (this.#changesAt === null || at < this.#changesAt) this.#changesAt = at;
  }
}
