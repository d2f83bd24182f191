/*
 * Test support: the rules that no step of a cluster machine may break. Every step of a small world is held to them, so that
 * each test also looks for what its author did not think of:
 *
 *   a step that is refused, or writes nothing, leaves documents, book and timers as they were
 *   an event for each announced document, once, with the document's version; the sequence has no gap
 *   `version` rises by one with an event and stands still without one
 *   a task never goes back, and timestamps are set once
 *   the book is what the task documents say, and nobody is missed by the timers
 */
// biome-ignore lint/style/noRestrictedImports: test support; nothing but tests imports it.
import assert from "node:assert/strict";
import { must } from "../lib/assert.ts";
import type { ContainerInstance } from "./documents/container-instance.ts";
import { serviceDeploymentKind } from "./documents/deployment.ts";
import { checkDocument } from "./documents/document-kind.ts";
import { type NetworkBinding, type Task, taskStatuses } from "./documents/task.ts";
import type { EcsEvent } from "./events/event.ts";
import { ResourceBook, type Usage } from "./indexes/resource-book.ts";
import type { ClusterMachine } from "./machine/cluster-machine.ts";
import type { ClusterState } from "./state/cluster-state.ts";
import type { HostEffect } from "./state/effect.ts";
import type { DocumentChange } from "./tables/journal.ts";

export type StepOutcome<T> = {
  readonly value: T;
  readonly documents: readonly DocumentChange[];
  readonly events: readonly EcsEvent[];
  readonly effects: readonly HostEffect[];
};

/** The state of a cluster before a step. */
export type Snapshot = {
  readonly dump: object;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly instances: ReadonlyMap<string, ContainerInstance>;
};

export const snapshot = (state: ClusterState): Snapshot => ({
  dump: dump(state),
  tasks: new Map([...state.tasks.values()].map((task) => [task.id, task])),
  instances: new Map([...state.instances.values()].map((instance) => [instance.id, instance])),
});

/** Every document, by kind and key. */
export function documentsOf(state: ClusterState): { kind: string; key: string; value: object }[] {
  return state.tables.all.flatMap((table) =>
    [...table.keys()]
      .sort()
      .map((key) => ({ kind: table.kind.name, key, value: must(table.get(key), "a listed document") })),
  );
}

/**
 * Everything that a refused step must not change, in comparable form. The documents are not copied: `freezeDocuments` ensures that nobody
 * changes one in place.
 */
export function dump(state: ClusterState): object {
  return {
    documents: documentsOf(state),
    book: [...state.instances.keys(), ...state.managedHosts.keys()]
      .sort()
      .map((id) => [id, plain(state.book.usageOf(id))]),
    taskIds: state.taskIds.after(null),
    instanceIds: state.instanceIds.after(null),
    services: state.serviceIndex.names
      .after(null)
      .map((name) => [
        name,
        [...state.serviceIndex.book.taskIdsOf(name)].sort(),
        { ...state.serviceIndex.book.countsOf(name) },
        [...state.serviceIndex.eventKeysOf(name)],
        [...state.serviceIndex.deploymentIdsOf(name)].sort(),
      ]),
    revisionUses: [...state.revisionUses].sort(),
    fargateUse: { ...state.fargateBook.use },
    running: [...state.runningByLaunchType].sort(),
    pending: [...state.pendingByLaunchType].sort(),
  };
}

/** From now on, changing a document in place throws a TypeError. Call it before anything is loaded. */
export function freezeDocuments(state: ClusterState): void {
  for (const table of state.tables.all) table.onChange((_key, _before, after) => freeze(after));
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}

/** Checks for an event for each document whose version rose, with that version, numbered on from `lastSequence`. */
export function checkEvents(
  state: ClusterState,
  before: Snapshot,
  { events, documents }: StepOutcome<unknown>,
  lastSequence: number,
): void {
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => lastSequence + 1 + index),
    "the sequence has no gap",
  );
  const ofDocuments = events.filter(isOfDocument);
  const announced = new Set(ofDocuments.map(({ resources }) => resources[0] as string));
  assert.equal(announced.size, ofDocuments.length, "one event for each document");
  for (const table of state.tables.all) {
    for (const { kind, key } of documents) {
      const document = kind === table.kind.name ? table.get(key) : undefined;
      if (document !== undefined) checkDocument(table.kind, key, document);
    }
  }
  const written = new Set(documents.map(({ kind, key }) => `${kind} ${key}`));
  assert.equal(written.size, documents.length, "each document is written once");
  for (const event of ofDocuments) {
    const { version } = announcedDocument(state, event);
    assert.equal(event.detail.version, version, "an event has the version of its document");
  }
  const check = (kind: string, was: Task | ContainerInstance, is: Task | ContainerInstance | undefined) => {
    const name = `${kind} ${was.id}`;
    if (is !== was) assert.ok(written.has(name), `${name} is written`);
    if (is !== undefined) assert.equal(is.version, was.version + (announced.has(is.arn) ? 1 : 0), `version of ${name}`);
  };
  for (const [id, task] of before.tasks) check("task", task, state.tasks.get(id));
  for (const [id, instance] of before.instances) check("container-instance", instance, state.instances.get(id));
}

/** AWS: events about services and deployments have no version. */
const isOfDocument = ({ detailType }: EcsEvent): boolean =>
  detailType === "ECS Task State Change" || detailType === "ECS Container Instance State Change";

function announcedDocument(state: ClusterState, { detailType, resources }: EcsEvent): Task | ContainerInstance {
  const id = must(resources[0], "the resource of an event").slice(-32);
  const isTask = detailType === "ECS Task State Change";
  return must(isTask ? state.tasks.get(id) : state.instances.get(id), "the document of an event");
}

/** The book is an index: it must match the documents, and what other code counts. */
export function checkBook(state: ClusterState): void {
  const recomputed = new ResourceBook();
  for (const task of state.tasks.values()) recomputed.onTaskChange(undefined, task);
  for (const { id, idleSince } of state.managedHosts.values()) {
    assert.equal(idleSince !== null, state.book.usageOf(id).taskIds.size === 0, "a host is idle when no task is on it");
  }
  for (const { id } of [...state.instances.values(), ...state.managedHosts.values()]) {
    const usage = plain(state.book.usageOf(id));
    assert.deepEqual(usage, plain(recomputed.usageOf(id)));
    assert.deepEqual(usage, plain(countedUsage(state.tasks.values(), id)));
  }
}

/** Nothing may be due before the earliest time that the machine names. */
export function checkTimers(machine: ClusterMachine): void {
  const { tables, timeline } = machine.state;
  const dueAts = tables.all
    // A service's last deployment stays even if it is due.
    .filter(({ kind }) => kind.name !== serviceDeploymentKind.name)
    .flatMap((table) => [...table.values()].map((document) => table.kind.dueAt?.(document, timeline) ?? null))
    .filter((at) => at !== null);
  if (dueAts.length === 0) return;
  assert.ok((machine.nextDueAt() ?? Number.POSITIVE_INFINITY) <= Math.min(...dueAts), "a timer is missed");
}

export function checkTasks(state: ClusterState, before: Snapshot): void {
  for (const [id, was] of before.tasks) {
    const is = state.tasks.get(id);
    if (is !== undefined && is !== was) checkTask(was, is);
  }
}

const setOnce = ["createdAt", "startedAt", "stoppingAt", "stoppedAt", "pullStartedAt", "executionStoppedAt"] as const;

function checkTask(before: Task, task: Task): void {
  const place = (status: Task["lastStatus"]) => taskStatuses.indexOf(status);
  assert.ok(place(task.lastStatus) >= place(before.lastStatus), `${before.lastStatus} to ${task.lastStatus}`);
  if (before.desiredStatus === "STOPPED") {
    assert.equal(task.desiredStatus, "STOPPED");
    assert.deepEqual([task.stopCode, task.stoppedReason], [before.stopCode, before.stoppedReason]);
  }
  for (const member of setOnce) {
    if (before[member] !== null) assert.equal(task[member], before[member], `${member} is set once`);
  }
  if (before.lastStatus === "STOPPED") assert.deepEqual(task, before, "STOPPED is final");
  const steps = ["PROVISIONING", "PENDING", "RUNNING", "STOPPED"];
  for (const [index, container] of task.containers.entries()) {
    const status = before.containers[index]?.lastStatus ?? "PROVISIONING";
    assert.ok(steps.indexOf(container.lastStatus) >= steps.indexOf(status), "a container never goes back");
  }
}

function countedUsage(tasks: Iterable<Task>, instanceId: string): Usage {
  const on = [...tasks].filter((task) => task.instanceId === instanceId && task.lastStatus !== "STOPPED");
  const sum = (of: (task: Task) => number) => on.reduce((all, task) => all + of(task), 0);
  const ports = (protocol: "tcp" | "udp") => {
    const holders = new Map<number, number>();
    for (const { reservation, containers, attachments } of on) {
      const bindings = attachments.length > 0 ? [] : containers.flatMap((container) => container.networkBindings);
      const reported = bindings.filter((binding) => binding.protocol === protocol).flatMap(portsOfBinding);
      const fixed = protocol === "tcp" ? reservation.tcpPorts : reservation.udpPorts;
      for (const port of new Set([...fixed, ...reported])) holders.set(port, (holders.get(port) ?? 0) + 1);
    }
    return holders;
  };
  return {
    cpu: sum(({ reservation }) => reservation.cpu),
    memoryMiB: sum(({ reservation }) => reservation.memoryMiB),
    tcpPorts: ports("tcp"),
    udpPorts: ports("udp"),
    fixedPorts: sum(({ reservation }) => reservation.tcpPorts.length + reservation.udpPorts.length),
    gpuIds: new Set(on.flatMap(({ reservation }) => reservation.gpuIds)),
    taskIds: new Set(on.map(({ id }) => id)),
    groups: groupsOf(on, "RUNNING"),
    stoppingGroups: groupsOf(on, "STOPPED"),
    networkInterfaces: sum(({ attachments }) => attachments.length),
    resources: resourcesOf(on),
    running: sum(({ desiredStatus }) => (desiredStatus === "RUNNING" ? 1 : 0)),
    pending: sum(({ lastStatus }) => (lastStatus === "PENDING" ? 1 : 0)),
  };
}

function resourcesOf(tasks: readonly Task[]): Map<string, number> {
  const resources = new Map<string, number>();
  for (const { name, value } of tasks.flatMap(({ reservation }) => reservation.resources)) {
    resources.set(name, (resources.get(name) ?? 0) + value);
  }
  return resources;
}

function groupsOf(tasks: readonly Task[], wanted: Task["desiredStatus"]): Map<string, number> {
  const groups = new Map<string, number>();
  for (const { group, desiredStatus } of tasks) {
    if (desiredStatus === wanted) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return groups;
}

function portsOfBinding({ hostPort, hostPortRange }: NetworkBinding): number[] {
  const ports = hostPort === null ? [] : [hostPort];
  const [first = 0, last = -1] = (hostPortRange ?? "").split("-").map(Number);
  for (let port = first; hostPortRange !== null && port <= last; port++) ports.push(port);
  return ports;
}

/** A usage in comparable order. */
function plain(usage: Usage): object {
  const { tcpPorts, udpPorts, gpuIds, taskIds, groups, stoppingGroups, resources, ...numbers } = usage;
  return {
    ...numbers,
    tcpPorts: [...tcpPorts].sort(([a], [b]) => a - b),
    udpPorts: [...udpPorts].sort(([a], [b]) => a - b),
    gpuIds: [...gpuIds].sort(),
    taskIds: [...taskIds].sort(),
    groups: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)),
    stoppingGroups: [...stoppingGroups].sort(([a], [b]) => (a < b ? -1 : 1)),
    resources: [...resources].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
