import { assert, must } from "../../lib/assert.ts";
import { holdsResources, type NetworkBinding, type Task } from "../documents/task.ts";

/** The sum of what the tasks on one container instance hold. */
export type Usage = {
  cpu: number;
  memoryMiB: number;
  /** Host port -> number of holders; listed while there are any. */
  readonly tcpPorts: Map<number, number>;
  readonly udpPorts: Map<number, number>;
  /** Ports requested by number; dynamic ones don't count towards the limit of 100. */
  fixedPorts: number;
  readonly gpuIds: Set<string>;
  /** Ids of all tasks on the instance that are not STOPPED. */
  readonly taskIds: Set<string>;
  /** Task group -> how many of these tasks belong to it and should not stop. */
  readonly groups: Map<string, number>;
  /** The same for tasks that should stop but have not yet. */
  readonly stoppingGroups: Map<string, number>;
  /** ENIs of tasks. */
  networkInterfaces: number;
  /** User resource -> amount in use. */
  readonly resources: Map<string, number>;
  /** AWS: runningTasksCount counts desiredStatus RUNNING, pendingTasksCount counts lastStatus PENDING. */
  running: number;
  pending: number;
};

/** The usage of every container instance, always the sum over its task documents: an index of the task table. */
export class ResourceBook {
  readonly #usages = new Map<string, Usage>();

  /** The usage of an instance, empty without tasks. Callers must not change it. */
  usageOf(instanceId: string): Usage {
    return this.#usages.get(instanceId) ?? nothingUsed;
  }

  /** The task table's listener. */
  onTaskChange(before: Task | undefined, after: Task | undefined): void {
    const held = placed(before);
    const holds = placed(after);
    if (held === null && holds === null) return;
    if (held !== null) this.#remove(held);
    if (holds !== null) this.#add(holds);
    // Only after the task is added again, so a usage stays the same object until the instance is idle.
    if (held?.instanceId && this.#usages.get(held.instanceId)?.taskIds.size === 0) this.#usages.delete(held.instanceId);
  }

  #add(task: Task): void {
    const instanceId = must(task.instanceId, "the instance of a placed task");
    let usage = this.#usages.get(instanceId);
    if (usage === undefined) {
      usage = emptyUsage();
      this.#usages.set(instanceId, usage);
    }
    usage.taskIds.add(task.id);
    usage.cpu += task.reservation.cpu;
    usage.memoryMiB += task.reservation.memoryMiB;
    usage.fixedPorts += task.reservation.tcpPorts.length + task.reservation.udpPorts.length;
    for (const port of task.reservation.gpuIds) usage.gpuIds.add(port);
    const ports = portsOf(task);
    for (const port of ports.tcp) usage.tcpPorts.set(port, (usage.tcpPorts.get(port) ?? 0) + 1);
    for (const port of ports.udp) usage.udpPorts.set(port, (usage.udpPorts.get(port) ?? 0) + 1);
    usage.networkInterfaces += task.attachments.length;
    for (const { name, value } of task.reservation.resources) {
      usage.resources.set(name, (usage.resources.get(name) ?? 0) + value);
    }
    const groups = task.desiredStatus === "RUNNING" ? usage.groups : usage.stoppingGroups;
    groups.set(task.group, (groups.get(task.group) ?? 0) + 1);
    if (task.desiredStatus === "RUNNING") usage.running += 1;
    if (task.lastStatus === "PENDING") usage.pending += 1;
  }

  #remove(task: Task): void {
    const instanceId = must(task.instanceId, "the instance of a placed task");
    const usage = must(this.#usages.get(instanceId), "the usage of an instance with tasks");
    assert(usage.taskIds.delete(task.id), "a task is released once");
    usage.cpu -= task.reservation.cpu;
    usage.memoryMiB -= task.reservation.memoryMiB;
    usage.fixedPorts -= task.reservation.tcpPorts.length + task.reservation.udpPorts.length;
    for (const id of task.reservation.gpuIds) usage.gpuIds.delete(id);
    const ports = portsOf(task);
    for (const port of ports.tcp) release(usage.tcpPorts, port);
    for (const port of ports.udp) release(usage.udpPorts, port);
    usage.networkInterfaces -= task.attachments.length;
    for (const { name, value } of task.reservation.resources) release(usage.resources, name, value);
    release(task.desiredStatus === "RUNNING" ? usage.groups : usage.stoppingGroups, task.group);
    if (task.desiredStatus === "RUNNING") usage.running -= 1;
    if (task.lastStatus === "PENDING") usage.pending -= 1;
    assert(usage.cpu >= 0 && usage.memoryMiB >= 0, "resources in use are never negative");
  }
}

/** The ids of the instances whose resources in use change with a task. */
export function instancesTouched(before: Task | undefined, after: Task): string[] {
  const held = placed(before);
  const holds = placed(after);
  if (held !== null && holds !== null && sameResources(held, holds)) return [];
  const touched = [held?.instanceId, holds?.instanceId].filter((id) => typeof id === "string");
  return touched[0] === touched[1] ? touched.slice(1) : touched;
}

/** A task that holds resources on an instance, or null. */
const placed = (task: Task | undefined): Task | null =>
  task !== undefined && task.instanceId !== null && holdsResources(task) ? task : null;

function emptyUsage(): Usage {
  return {
    cpu: 0,
    memoryMiB: 0,
    tcpPorts: new Map(),
    udpPorts: new Map(),
    fixedPorts: 0,
    gpuIds: new Set(),
    taskIds: new Set(),
    groups: new Map(),
    stoppingGroups: new Map(),
    networkInterfaces: 0,
    resources: new Map(),
    running: 0,
    pending: 0,
  };
}

/** Shared by all idle instances, because placement reads the usage of thousands. */
const nothingUsed: Usage = emptyUsage();

function release<K>(holders: Map<K, number>, held: K, amount = 1): void {
  const left = (holders.get(held) ?? 0) - amount;
  assert(left >= 0, "a port, a place in a group or an amount is released once");
  if (left === 0) holders.delete(held);
  else holders.set(held, left);
}

/** Shared by most tasks when they are placed. */
const noPorts = { tcp: new Set<number>(), udp: new Set<number>() } as const;

/** Fixed host ports from placement on, dynamic ones once the agent reports them. AWS: a task with an ENI takes none. */
function portsOf(task: Task): { readonly tcp: ReadonlySet<number>; readonly udp: ReadonlySet<number> } {
  const { reservation, containers } = task;
  const isWithout = reservation.tcpPorts.length === 0 && reservation.udpPorts.length === 0;
  if (isWithout && containers.every(({ networkBindings }) => networkBindings.length === 0)) return noPorts;
  const tcp = new Set(task.reservation.tcpPorts);
  const udp = new Set(task.reservation.udpPorts);
  if (task.attachments.length > 0) return { tcp, udp };
  for (const container of task.containers) {
    for (const binding of container.networkBindings) {
      for (const port of hostPortsOf(binding)) (binding.protocol === "udp" ? udp : tcp).add(port);
    }
  }
  return { tcp, udp };
}

/** The host ports of a binding: one, or every port of a range such as `32770-32772`. */
function hostPortsOf({ hostPort, hostPortRange }: NetworkBinding): readonly number[] {
  if (hostPort !== null) return [hostPort];
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(hostPortRange ?? "") ?? [];
  if (first === undefined || last === undefined) return [];
  return Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, offset) => Number(first) + offset);
}

function sameResources(a: Task, b: Task): boolean {
  if (a.instanceId !== b.instanceId || a.reservation !== b.reservation) return false;
  if (a.containers === b.containers) return true;
  const [before, after] = [portsOf(a), portsOf(b)];
  return before.tcp.symmetricDifference(after.tcp).size === 0 && before.udp.symmetricDifference(after.udp).size === 0;
}
