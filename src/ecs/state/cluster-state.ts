import type { Place } from "../arn.ts";
import { agentSequenceKind } from "../documents/agent-sequence.ts";
import { alarmKind } from "../documents/alarm.ts";
import { closedMarkKind } from "../documents/closed-mark.ts";
import { type ContainerInstance, containerInstanceKind, instanceHealthKind } from "../documents/container-instance.ts";
import { serviceDeploymentKind, serviceRevisionKind } from "../documents/deployment.ts";
import { type DeploymentProgress, deploymentProgressKind } from "../documents/deployment-progress.ts";
import { drainKind } from "../documents/drain.ts";
import type { FargateUse } from "../documents/fargate-use.ts";
import { lostAgentPolicyKind } from "../documents/lost-agent-policy.ts";
import { managedHostKind } from "../documents/managed-host.ts";
import { addressHeldBy } from "../documents/network-address.ts";
import { registrationTokenKind } from "../documents/registration-token.ts";
import { rolloutKind } from "../documents/rollout.ts";
import { runTaskTokenKind } from "../documents/run-task-token.ts";
import { serviceEventKind, serviceKind } from "../documents/service.ts";
import { serviceConditionKind } from "../documents/service-condition.ts";
import { type Task, taskKind } from "../documents/task.ts";
import { taskDefinitionKind } from "../documents/task-definition.ts";
import { FargateBook } from "../indexes/fargate-book.ts";
import { ProviderUses } from "../indexes/provider-uses.ts";
import { ResourceBook } from "../indexes/resource-book.ts";
import { ServiceIndex } from "../indexes/service-index.ts";
import { WaitingTasks } from "../indexes/waiting-tasks.ts";
import { limits } from "../limits.ts";
import { OldestFirst } from "../oldest-first.ts";
import { PlacementIndex } from "../placement/placement-index.ts";
import { staysFilled } from "../placement/stays-filled.ts";
import { SortedKeys } from "../sorted-keys.ts";
import { DueDocuments } from "../tables/due-documents.ts";
import { type DocumentChange, Journal } from "../tables/journal.ts";
import { JournaledMap, JournaledQueue, JournaledValue } from "../tables/journaled.ts";
import { Tables } from "../tables/tables.ts";
import { ecsTimeline, type Timeline } from "../timeline.ts";
import type { MachineConfiguration } from "./call.ts";

/** Everything inside one cluster: documents in tables, and their indexes. */
export class ClusterState {
  readonly journal = new Journal();
  readonly tables = new Tables(this.journal);
  readonly instances = this.tables.of(containerInstanceKind);
  readonly health = this.tables.of(instanceHealthKind);
  readonly tasks = this.tables.of(taskKind);
  /** The revisions of tasks here, so an agent can get its tasks at any time. */
  readonly revisions = this.tables.of(taskDefinitionKind);
  readonly runTaskTokens = this.tables.of(runTaskTokenKind);
  readonly registrationTokens = this.tables.of(registrationTokenKind);
  readonly agentSequences = this.tables.of(agentSequenceKind);
  readonly managedHosts = this.tables.of(managedHostKind);
  readonly services = this.tables.of(serviceKind);
  readonly rollouts = this.tables.of(rolloutKind);
  readonly deploymentProgress = this.tables.of(deploymentProgressKind);
  readonly serviceConditions = this.tables.of(serviceConditionKind);
  readonly serviceRevisions = this.tables.of(serviceRevisionKind);
  readonly serviceDeployments = this.tables.of(serviceDeploymentKind);
  readonly serviceEvents = this.tables.of(serviceEventKind);
  readonly drains = this.tables.of(drainKind);
  readonly lostAgentPolicies = this.tables.of(lostAgentPolicyKind);
  readonly alarms = this.tables.of(alarmKind);
  readonly closed = this.tables.of(closedMarkKind);

  readonly book = new ResourceBook();
  readonly placement = new PlacementIndex(this.instances, this.book, (instance) => staysFilled(this, instance));
  readonly fargateBook = new FargateBook();
  readonly providerUses = new ProviderUses();
  readonly waitingTasks = new WaitingTasks(this.journal);
  readonly serviceIndex: ServiceIndex;
  readonly instanceIds = new SortedKeys();
  readonly taskIds = new SortedKeys();
  /** Finished things that are kept for a while, oldest first. */
  readonly stoppedTasks = new OldestFirst();
  readonly inactiveInstances = new OldestFirst();
  readonly inactiveServices = new OldestFirst();
  /** The addresses of the interfaces of tasks that are not STOPPED. */
  readonly taskAddresses = new Set<string>();
  /** Revision ARN -> number of documents of tasks and service revisions that name it. */
  readonly revisionUses = new Map<string, number>();
  /** Task id -> the RunTask token that started it. */
  readonly #tokenOfTask = new Map<string, string>();
  readonly runningByLaunchType = new Map<string, number>();
  readonly pendingByLaunchType = new Map<string, number>();
  readonly due: DueDocuments;

  readonly place: Place;
  readonly name: string;
  readonly configuration: MachineConfiguration;
  readonly timeline: Timeline;
  /** What the account has reserved for the cluster on Fargate; null until it was asked. Not durable: the account's document is. */
  readonly fargateReservation = new JournaledValue<{ readonly revision: number; readonly reserved: FargateUse } | null>(
    this.journal,
    null,
  );
  /** True while services wait for the account's answer; not durable. */
  readonly isFargateAsked = new JournaledValue(this.journal, false);
  /** For each instance, the newest event with its attributes, and the attributes; not durable. */
  readonly attributesAnnounced = new JournaledMap<
    Pick<ContainerInstance, "platformAttributes" | "customAttributes"> & { readonly sequence: number }
  >(this.journal);
  /** Instances that were connected before this process started and have yet to come back; not durable. */
  readonly awaitingReconnect = new JournaledQueue(this.journal);
  readonly awaitingReconnectUntil = new JournaledValue<number | null>(this.journal, null);

  constructor(place: Place, name: string, configuration: MachineConfiguration) {
    this.place = place;
    this.name = name;
    this.configuration = configuration;
    this.timeline = configuration.timeline ?? ecsTimeline;
    this.serviceIndex = new ServiceIndex(this.timeline, this.book, this.journal);
    this.due = new DueDocuments(this.tables.all, this.journal, this.timeline);
    this.tasks.onChange((key, before, after) => {
      this.stoppedTasks.onChange(key, stoppedAt(before), stoppedAt(after));
      this.book.onTaskChange(before, after);
      this.placement.onTaskChange(before, after);
      this.fargateBook.onTaskChange(before, after);
      this.providerUses.onTaskChange(before, after);
      this.waitingTasks.onTaskChange(key, before, after);
      this.serviceIndex.onTaskChange(before, after);
      this.#indexTask(key, before, after);
    });
    this.services.onChange((key, before, after) => {
      this.inactiveServices.onChange(key, before?.inactiveAt ?? null, after?.inactiveAt ?? null);
      this.serviceIndex.onServiceChange(key, before, after);
    });
    this.rollouts.onChange((name) => this.serviceIndex.onStandingChange(name));
    this.serviceConditions.onChange((name) => this.serviceIndex.onStandingChange(name));
    this.deploymentProgress.onChange((_, before, after) => {
      this.serviceIndex.onStandingChange(((after ?? before) as DeploymentProgress).serviceName);
    });
    this.serviceEvents.onChange((key, before, after) => this.serviceIndex.onEventChange(key, before, after));
    this.serviceDeployments.onChange((_, before, after) => this.serviceIndex.onDeploymentChange(before, after));
    this.serviceRevisions.onChange((_, before, after) => {
      if (before !== undefined) count(this.revisionUses, before.taskDefinitionArn, -1);
      if (after !== undefined) count(this.revisionUses, after.taskDefinitionArn, 1);
    });
    this.instances.onChange((key, before, after) => {
      this.inactiveInstances.onChange(key, inactiveSince(before), inactiveSince(after));
      this.placement.onInstanceChange(key, before, after);
      this.serviceIndex.onInstanceChange(key, before, after);
      this.waitingTasks.onInstanceChange(before, after);
      if (before === undefined && after !== undefined) this.instanceIds.add(key);
      if (before !== undefined && after === undefined) {
        this.instanceIds.remove(key);
        this.attributesAnnounced.delete(key);
      }
    });
    this.lostAgentPolicies.onChange(() => {
      this.placement.onStayingChange();
      this.serviceIndex.lookAtAll();
    });
    this.alarms.onChange((name, before, after) => {
      if (before?.state !== after?.state) this.#alarmChanged(name);
    });
    this.runTaskTokens.onChange((key, before, after) => {
      for (const id of before?.taskIds ?? []) this.#tokenOfTask.delete(id);
      for (const id of after?.taskIds ?? []) this.#tokenOfTask.set(id, key);
    });
  }

  /** True if there are no documents. */
  get isEmpty(): boolean {
    return this.tables.all.every(({ size }) => size === 0);
  }

  /** The earliest time at which something is due, or null. */
  nextDueAt(): number | null {
    const moments = [
      this.due.nextAt(),
      this.awaitingReconnectUntil.get(),
      // Dropping stale entries isn't part of any step.
      this.journal.betweenSteps(() => this.serviceIndex.looks.nextAt()),
      this.waitingTasks.lookAt(this.timeline),
    ];
    return moments.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
  }

  /**
   * When the cluster must be in memory although nobody calls it: always while something lives in it, and until the account knows that it
   * was deleted; a deleted one when it may be forgotten; an empty one when something is due.
   */
  neededAt(): number | null {
    const mark = this.closed.get("closed");
    if (mark?.phase === "closing") return 0;
    if (mark?.phase === "closed") {
      return (mark.closedAt ?? 0) + this.timeline.inactiveClusterRetentionMs + limits.closedClusterMarginMs;
    }
    const { instances, tasks, services, managedHosts, drains, revisionUses } = this;
    const isEmpty = [instances, tasks, services, managedHosts, drains, revisionUses].every(({ size }) => size === 0);
    return isEmpty ? this.nextDueAt() : 0;
  }

  /**
   * Forgets a task, a revision that only it needed, and its RunTask token if this was the token's last task. AWS: a token is valid until an
   * hour after its last task stopped, which is when that task is forgotten.
   */
  removeTask(id: string): void {
    const arn = this.tasks.get(id)?.taskDefinitionArn;
    this.tasks.delete(id);
    this.#removeUnusedRevision(arn);
    const token = this.runTaskTokens.get(this.#tokenOfTask.get(id) ?? "");
    if (token?.taskIds.every((other) => !this.tasks.has(other)) === true) this.runTaskTokens.delete(token.token);
  }

  /** Forgets a service revision, and a task definition that only it needed. */
  removeServiceRevision(id: string): void {
    const arn = this.serviceRevisions.get(id)?.taskDefinitionArn;
    this.serviceRevisions.delete(id);
    this.#removeUnusedRevision(arn);
  }

  #removeUnusedRevision(arn: string | undefined): void {
    if (arn !== undefined && !this.revisionUses.has(arn)) this.revisions.delete(arn);
  }

  commit(): DocumentChange[] {
    return this.journal.commit();
  }

  /**
   * A copy of the current state for a rehearsal. Documents are shared; indexes are rebuilt, slice by slice. What is due without being in a
   * document, such as looks at services, is left out.
   */
  copy(): Generator<undefined, ClusterState> {
    const copy = new ClusterState(this.place, this.name, this.configuration);
    for (const id of this.awaitingReconnect.keys()) copy.awaitingReconnect.add(id);
    copy.awaitingReconnectUntil.set(this.awaitingReconnectUntil.get());
    return filled(
      copy,
      this.tables.all.map((table) => [...table.entries()]),
    );
  }

  /** Starts with nothing due, however the documents were loaded. */
  forgetDue(): void {
    this.due.clear();
    this.serviceIndex.looks.takeDue(Number.POSITIVE_INFINITY);
    this.commit();
  }

  rollback(): void {
    this.journal.rollback();
  }

  /** Services watched by the alarm look at once: a second later the alarm may be over. */
  #alarmChanged(name: string): void {
    for (const service of this.services.values()) {
      const { enable, alarmNames } = service.deploymentConfiguration.alarms;
      if (service.status === "ACTIVE" && enable && alarmNames.includes(name)) {
        this.serviceIndex.looks.at(service.name, 0);
      }
    }
  }

  #indexTask(key: string, before: Task | undefined, after: Task | undefined): void {
    if (before === undefined && after !== undefined) this.taskIds.add(key);
    if (before !== undefined && after === undefined) this.taskIds.remove(key);
    const [heldAddress, address] = [addressHeldBy(before), addressHeldBy(after)];
    if (heldAddress !== address) {
      if (heldAddress !== null) this.taskAddresses.delete(heldAddress);
      if (address !== null) this.taskAddresses.add(address);
    }
    if (before?.taskDefinitionArn !== after?.taskDefinitionArn) {
      if (before !== undefined) count(this.revisionUses, before.taskDefinitionArn, -1);
      if (after !== undefined) count(this.revisionUses, after.taskDefinitionArn, 1);
    }
    if (before?.lastStatus !== after?.lastStatus) {
      if (before?.lastStatus === "RUNNING") count(this.runningByLaunchType, before.launchType, -1);
      if (after?.lastStatus === "RUNNING") count(this.runningByLaunchType, after.launchType, 1);
      if (before?.lastStatus === "PENDING") count(this.pendingByLaunchType, before.launchType, -1);
      if (after?.lastStatus === "PENDING") count(this.pendingByLaunchType, after.launchType, 1);
    }
  }
}

// LIMIT: documents loaded between two readings of the stopwatch, a few microseconds each.
const documentsPerSlice = 64;

/** Fills the empty `copy` with the documents of every table. */
function* filled(
  copy: ClusterState,
  documents: readonly (readonly [string, object])[][],
): Generator<undefined, ClusterState> {
  let loaded = 0;
  for (const [at, table] of copy.tables.all.entries()) {
    for (const [key, document] of documents[at] ?? []) {
      table.load(key, document);
      loaded += 1;
      if (loaded % documentsPerSlice === 0) yield;
    }
  }
  copy.forgetDue();
  return copy;
}
const stoppedAt = (task: Task | undefined): number | null =>
  task?.lastStatus === "STOPPED" ? (task.stoppedAt ?? task.createdAt) : null;

const inactiveSince = (instance: ContainerInstance | undefined): number | null =>
  instance?.status === "INACTIVE" ? instance.statusSince : null;

function count(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
