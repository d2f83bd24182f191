import { must } from "../../lib/assert.ts";
import { Heap } from "../../lib/heap.ts";
import type { Place } from "../arn.ts";
import type { Alarm } from "../documents/alarm.ts";
import type { ClosedMark } from "../documents/closed-mark.ts";
import type { ContainerInstance, InstanceHealth } from "../documents/container-instance.ts";
import type { ServiceDeployment, ServiceRevision } from "../documents/deployment.ts";
import { serviceDeploymentDueAt } from "../documents/deployment.ts";
import { type Drain, drainDueAt } from "../documents/drain.ts";
import { type FargateUse, nothingOnFargate } from "../documents/fargate-use.ts";
import { instanceDueAt } from "../documents/instance-due-at.ts";
import type { LostAgentPolicy } from "../documents/lost-agent-policy.ts";
import { type ManagedHost, managedHostDueAt } from "../documents/managed-host.ts";
import { addressHeldBy } from "../documents/network-address.ts";
import type { RunTaskToken } from "../documents/run-task-token.ts";
import type { Service, ServiceEvent } from "../documents/service.ts";
import { serviceDueAt } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { taskDueAt } from "../documents/task-due-at.ts";
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
import { type DocumentChange, Journal, Table } from "../table.ts";
import { ecsTimeline, type Timeline } from "../timeline.ts";
import type { MachineConfiguration } from "./call.ts";

/** RegisterContainerInstance's client token (kind `registration-token`). */
export type RegistrationToken = { readonly token: string; readonly instanceId: string; readonly expiresAt: number };

/**
 * The newest number that an instance's agent was sent (kind `agent-sequence`, key the instance's id). It changes with every
 * payload and manifest, and is nothing that the instance's version or events should move for.
 */
export type AgentSequence = { readonly last: number };

/** A document that wants to be looked at when its time has come. */
export type Due = { readonly kind: string; readonly key: string };

/** Everything inside one cluster: plain documents in tables, and indexes that follow from them. */
export class ClusterState {
  readonly journal = new Journal();
  readonly instances = new Table<ContainerInstance>("container-instance", this.journal);
  readonly health = new Table<InstanceHealth>("instance-health", this.journal);
  readonly tasks = new Table<Task>("task", this.journal);
  /** Revisions that tasks here were made from, so that an agent can be told of its tasks at any time. */
  readonly revisions = new Table<TaskDefinition>("task-definition", this.journal);
  readonly runTaskTokens = new Table<RunTaskToken>("run-task-token", this.journal);
  readonly registrationTokens = new Table<RegistrationToken>("registration-token", this.journal);
  readonly agentSequences = new Table<AgentSequence>("agent-sequence", this.journal);
  readonly managedHosts = new Table<ManagedHost>("managed-host", this.journal);
  readonly services = new Table<Service>("service", this.journal);
  readonly serviceRevisions = new Table<ServiceRevision>("service-revision", this.journal);
  readonly serviceDeployments = new Table<ServiceDeployment>("service-deployment", this.journal);
  readonly serviceEvents = new Table<ServiceEvent>("service-event", this.journal);
  readonly drains = new Table<Drain>("drain", this.journal);
  readonly lostAgentPolicies = new Table<LostAgentPolicy>("lost-agent-policy", this.journal);
  readonly alarms = new Table<Alarm>("alarm", this.journal);
  readonly closed = new Table<ClosedMark>("closed", this.journal);

  readonly book = new ResourceBook();
  readonly placement = new PlacementIndex(this.instances, this.book, (instance) => staysFilled(this, instance));
  readonly fargateBook = new FargateBook();
  readonly providerUses = new ProviderUses();
  readonly waitingTasks = new WaitingTasks();
  readonly serviceIndex: ServiceIndex;
  readonly instanceIds = new SortedKeys();
  readonly taskIds = new SortedKeys();
  /** What is kept for a while though it is over, the oldest first. */
  readonly stoppedTasks = new OldestFirst();
  readonly inactiveInstances = new OldestFirst();
  readonly inactiveServices = new OldestFirst();
  /** The addresses of the interfaces of tasks that are not STOPPED. */
  readonly taskAddresses = new Set<string>();
  /** Revision ARN -> how many documents of tasks and service revisions name it. */
  readonly revisionUses = new Map<string, number>();
  /** Task id -> the token of RunTask that it came of. */
  readonly #tokenOfTask = new Map<string, string>();
  readonly runningByLaunchType = new Map<string, number>();
  readonly pendingByLaunchType = new Map<string, number>();
  #due = new Heap<Due>();
  /** Entries that the step under way has taken: without it they are due still. */
  #taken: { readonly at: number; readonly due: Due }[] = [];

  readonly place: Place;
  readonly name: string;
  readonly configuration: MachineConfiguration;
  readonly timeline: Timeline;
  /** What the account's other clusters hold of its quota for Fargate at this moment; null when that is not known yet. */
  readonly fargateElsewhere: () => FargateUse | null;
  /** The newest event of each instance that carries its attributes, and which those are; not durable. */
  readonly attributesAnnounced = new Map<
    string,
    Pick<ContainerInstance, "platformAttributes" | "customAttributes"> & { readonly sequence: number }
  >();
  /** Instances that were connected before this process began and have yet to come back; not durable. */
  readonly awaitingReconnect = new Set<string>();
  awaitingReconnectUntil: number | null = null;

  constructor(
    place: Place,
    name: string,
    configuration: MachineConfiguration,
    fargateElsewhere: () => FargateUse | null = () => nothingOnFargate,
  ) {
    this.place = place;
    this.name = name;
    this.configuration = configuration;
    this.fargateElsewhere = fargateElsewhere;
    this.timeline = configuration.timeline ?? ecsTimeline;
    this.serviceIndex = new ServiceIndex(this.timeline, this.book);
    this.tasks.onChange((key, before, after) => {
      this.stoppedTasks.onChange(key, stoppedAt(before), stoppedAt(after));
      this.book.onTaskChange(before, after);
      this.placement.onTaskChange(before, after);
      this.fargateBook.onTaskChange(before, after);
      this.providerUses.onTaskChange(before, after);
      this.waitingTasks.onTaskChange(key, before, after);
      this.serviceIndex.onTaskChange(before, after);
      this.#indexTask(key, before, after);
      this.#schedule("task", key, after === undefined ? null : taskDueAt(after, this.timeline));
    });
    this.services.onChange((key, before, after) => {
      this.inactiveServices.onChange(key, before?.inactiveAt ?? null, after?.inactiveAt ?? null);
      this.serviceIndex.onServiceChange(key, before, after);
      this.#schedule("service", key, after === undefined ? null : serviceDueAt(after, this.timeline));
    });
    this.serviceEvents.onChange((key, before, after) => this.serviceIndex.onEventChange(key, before, after));
    this.serviceDeployments.onChange((key, before, after) => {
      this.serviceIndex.onDeploymentChange(before, after);
      const dueAt = after === undefined ? null : serviceDeploymentDueAt(after, this.timeline);
      this.#schedule("service-deployment", key, dueAt);
    });
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
      this.#schedule("container-instance", key, after === undefined ? null : instanceDueAt(after, this.timeline));
    });
    this.drains.onChange((key, _, after) =>
      this.#schedule("drain", key, after === undefined ? null : drainDueAt(after)),
    );
    this.lostAgentPolicies.onChange(() => {
      this.placement.onStayingChange();
      this.serviceIndex.lookAtAll();
    });
    this.alarms.onChange((name, before, after) => {
      if (before?.state !== after?.state) this.#alarmChanged(name);
    });
    this.managedHosts.onChange((key, _, after) =>
      this.#schedule("managed-host", key, after === undefined ? null : managedHostDueAt(after)),
    );
    this.runTaskTokens.onChange((key, before, after) => {
      for (const id of before?.taskIds ?? []) this.#tokenOfTask.delete(id);
      for (const id of after?.taskIds ?? []) this.#tokenOfTask.set(id, key);
      this.#schedule("run-task-token", key, after?.expiresAt ?? null);
    });
    this.registrationTokens.onChange((key, _, after) =>
      this.#schedule("registration-token", key, after?.expiresAt ?? null),
    );
  }

  get tables(): readonly Table<object>[] {
    return [
      this.instances,
      this.health,
      this.tasks,
      this.revisions,
      this.runTaskTokens,
      this.registrationTokens,
      this.agentSequences,
      this.managedHosts,
      this.services,
      this.serviceRevisions,
      this.serviceDeployments,
      this.serviceEvents,
      this.drains,
      this.lostAgentPolicies,
      this.alarms,
      this.closed,
    ] as unknown as Table<object>[];
  }

  /** True when there is no document. */
  get isEmpty(): boolean {
    return this.tables.every(({ size }) => size === 0);
  }

  /** The earliest moment at which something is due, or null. */
  nextDueAt(): number | null {
    const moments = [
      this.#due.peekAt(),
      this.awaitingReconnectUntil,
      this.serviceIndex.looks.nextAt(),
      this.waitingTasks.lookAt(this.timeline),
    ];
    return moments.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
  }

  /**
   * When the cluster is wanted in memory though nobody asks: always while something lives in it, and until the account knows that it was
   * deleted; a deleted one when it may be forgotten; an empty one when something is due.
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

  /** Takes the next entry that is due at `now` away; entries may be stale, so the receiver looks at the document. */
  takeDue(now: number): Due | undefined {
    const at = this.#due.peekAt();
    if (at === null || at > now) return undefined;
    const due = must(this.#due.pop(), "an entry that is due");
    this.#taken.push({ at, due });
    return due;
  }

  /**
   * Forgets a task, the revision that only it needed, and the token of RunTask when this was the last of its tasks. AWS: a token
   * is good for an hour after the last of its tasks has stopped, and that is when the task is forgotten.
   */
  removeTask(id: string): void {
    const arn = this.tasks.get(id)?.taskDefinitionArn;
    this.tasks.delete(id);
    this.#removeUnusedRevision(arn);
    const token = this.runTaskTokens.get(this.#tokenOfTask.get(id) ?? "");
    if (token?.taskIds.every((other) => !this.tasks.has(other)) === true) this.runTaskTokens.delete(token.token);
  }

  /** Forgets a service revision, and the task definition that only it needed. */
  removeServiceRevision(id: string): void {
    const arn = this.serviceRevisions.get(id)?.taskDefinitionArn;
    this.serviceRevisions.delete(id);
    this.#removeUnusedRevision(arn);
  }

  #removeUnusedRevision(arn: string | undefined): void {
    if (arn !== undefined && !this.revisionUses.has(arn)) this.revisions.delete(arn);
  }

  commit(): DocumentChange[] {
    this.#taken = [];
    this.serviceIndex.looks.commit();
    this.waitingTasks.commit();
    this.book.takeTouched();
    return this.journal.commit();
  }

  /**
   * A copy of the state as it is now, for a rehearsal. Documents are shared, what follows from them is made again, slice by slice;
   * what is due and no document, such as looks at services, is left out.
   */
  copy(): Generator<undefined, ClusterState> {
    const elsewhere = this.fargateElsewhere();
    const copy = new ClusterState(this.place, this.name, this.configuration, () => elsewhere);
    for (const id of this.awaitingReconnect) copy.awaitingReconnect.add(id);
    copy.awaitingReconnectUntil = this.awaitingReconnectUntil;
    return filled(
      copy,
      this.tables.map((table) => [...table.entries()]),
    );
  }

  /** Begins with nothing due, however the documents came here. */
  forgetDue(): void {
    this.#due = new Heap();
    this.serviceIndex.looks.takeDue(Number.POSITIVE_INFINITY);
    this.commit();
  }

  rollback(): void {
    this.journal.rollback();
    this.book.takeTouched();
    this.serviceIndex.looks.rollback();
    this.waitingTasks.rollback();
    for (const { at, due } of this.#taken) this.#due.push(at, due);
    this.#taken = [];
  }

  /** The services that are watched by an alarm see it at once: a second later it may be over. */
  #alarmChanged(name: string): void {
    for (const service of this.services.values()) {
      const { enable, alarmNames } = service.deploymentConfiguration.alarms;
      if (service.status === "ACTIVE" && enable && alarmNames.includes(name)) {
        this.serviceIndex.looks.at(service.name, 0);
      }
    }
  }

  #schedule(kind: string, key: string, at: number | null): void {
    if (at !== null) this.#due.push(at, { kind, key });
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

// LIMIT: documents that are taken in between two looks at the stopwatch, some microseconds each.
const documentsPerSlice = 64;

/** Fills the empty `copy` with the documents of each of its tables. */
function* filled(
  copy: ClusterState,
  documents: readonly (readonly [string, object])[][],
): Generator<undefined, ClusterState> {
  let loaded = 0;
  for (const [at, table] of copy.tables.entries()) {
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
