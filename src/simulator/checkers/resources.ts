import type { ContainerInstance } from "../../ecs/documents/container-instance.ts";
import { containerInstanceKind } from "../../ecs/documents/container-instance.ts";
import type { ManagedHost } from "../../ecs/documents/managed-host.ts";
import type { Resource } from "../../ecs/documents/resource.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { DurablePartition, Kept } from "../durable-state.ts";
import type { Checker, Snapshot, Violate } from "./checker.ts";

const rule = "resources in use equal the sum of the tasks and never exceed what is registered";

/** What the tasks on one instance use together. */
type InUse = {
  cpu: number;
  memoryMiB: number;
  tcp: Set<string>;
  udp: Set<string>;
  gpus: string[];
  /** Resources with user-defined names. */
  own: Map<string, number>;
};

/** AWS: an m5.large, the type of all hosts that have one, gives tasks two network interfaces, and ten with a trunk. */
function interfacesOf({ instanceType, platformAttributes }: ContainerInstance): number {
  if (instanceType === null) return Number.POSITIVE_INFINITY;
  return platformAttributes.some(({ name }) => name === "ecs.awsvpc-trunk-id") ? 10 : 2;
}

/**
 * Resources: the stored documents after every append are compared with the newest event, and with what DescribeContainerInstances
 * and DescribeTasks say at one time.
 */
export class ResourcesChecker implements Checker {
  readonly #violate: Violate;

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents, events }: Kept): void {
    const touched = new Set<string>();
    for (const { kind, key, before, after } of documents) {
      if (kind === containerInstanceKind.name || kind === containerInstanceKind.apart.name || kind === "managed-host")
        touched.add(key);
      if (kind !== "task") continue;
      for (const task of [before, after] as (Task | null)[]) {
        if (task !== null && task.instanceId !== null) touched.add(task.instanceId);
      }
    }
    for (const id of touched) {
      const newest = (arn: string) =>
        events.findLast((event) => event.resources.includes(arn)) ?? partition.newestEvents.get(arn) ?? null;
      this.#checkInstance(partition, id, (arn) => newest(arn)?.detail ?? null);
    }
  }

  snapshot({ instancesBefore, tasks, instancesAfter }: Snapshot): void {
    for (const instance of instancesBefore) {
      const arn = instance.containerInstanceArn as string;
      const again = instancesAfter.find((other) => other.containerInstanceArn === arn);
      // Another version means that something happened between the calls.
      if (again?.version !== instance.version) continue;
      const on = tasks.filter((task) => task.containerInstanceArn === arn && task.lastStatus !== "STOPPED");
      const sum = (member: "cpu" | "memory") => on.reduce((all, task) => all + Number(task[member]), 0);
      for (const [name, used] of [["CPU", sum("cpu")] as const, ["MEMORY", sum("memory")] as const]) {
        const registered = amount(instance.registeredResources, name);
        const left = amount(instance.remainingResources, name);
        if (registered - used !== left || left < 0) {
          this.#violate(rule, `${arn} describes ${left} of ${registered} ${name} left, its tasks use ${used}`);
        }
      }
    }
  }

  #checkInstance(
    partition: DurablePartition,
    id: string,
    newestDetail: (arn: string) => Readonly<Record<string, unknown>> | null,
  ): void {
    const instance = partition.instance(id);
    const tasks = partition.tasksOn(id);
    const host = partition.get("managed-host", id) as ManagedHost | null;
    if (host !== null) {
      const isIdle = tasks.length === 0;
      if (isIdle !== (host.idleSince !== null))
        this.#violate(rule, `${id} is ${isIdle ? "" : "not "}idle, and not recorded as such`);
      return;
    }
    if (instance === null || instance.status === "INACTIVE") {
      if (tasks.length > 0) this.#violate(rule, `${id} is gone, ${tasks.map((task) => task.arn)} hold its resources`);
      return;
    }
    const inUse = this.#sum(instance, tasks);
    const registered = (name: string) => numberOf(instance.registeredResources, name);
    if (inUse.cpu > registered("CPU")) {
      this.#violate(rule, `${instance.arn}: ${inUse.cpu} CPU in use of ${registered("CPU")}`);
    }
    if (inUse.memoryMiB > registered("MEMORY")) {
      this.#violate(rule, `${instance.arn}: ${inUse.memoryMiB} MiB in use of ${registered("MEMORY")}`);
    }
    for (const [name, value] of inUse.own) {
      if (value > registered(name)) {
        this.#violate(rule, `${instance.arn}: ${value} ${name} in use of ${registered(name)}`);
      }
    }
    const interfaces = tasks.reduce((all, { attachments }) => all + attachments.length, 0);
    if (interfaces > interfacesOf(instance)) {
      this.#violate(rule, `${instance.arn}: ${interfaces} network interfaces in use of ${interfacesOf(instance)}`);
    }
    const detail = newestDetail(instance.arn);
    if (detail !== null) this.#compare(instance, inUse, detail.remainingResources as readonly EventResource[]);
  }

  /** Adds up what the tasks use, and finds what two of them use at once. */
  #sum(instance: ContainerInstance, tasks: readonly Task[]): InUse {
    const inUse: InUse = { cpu: 0, memoryMiB: 0, tcp: new Set(), udp: new Set(), gpus: [], own: new Map() };
    const devices = instance.platformDevices.map((device) => device.id);
    for (const { arn, reservation, containers } of tasks) {
      inUse.cpu += reservation.cpu;
      inUse.memoryMiB += reservation.memoryMiB;
      for (const { name, value } of reservation.resources) inUse.own.set(name, (inUse.own.get(name) ?? 0) + value);
      for (const [ports, all] of [
        [reservation.tcpPorts, inUse.tcp] as const,
        [reservation.udpPorts, inUse.udp] as const,
      ]) {
        for (const port of ports) {
          if (all.has(String(port)))
            this.#violate(rule, `${arn} holds port ${port} of ${instance.arn} with another task`);
          all.add(String(port));
        }
      }
      for (const gpu of reservation.gpuIds) {
        if (inUse.gpus.includes(gpu))
          this.#violate(rule, `${arn} holds GPU ${gpu} of ${instance.arn} with another task`);
        if (!devices.includes(gpu)) this.#violate(rule, `${arn} holds GPU ${gpu}, which ${instance.arn} does not have`);
        inUse.gpus.push(gpu);
      }
      for (const { hostPort, protocol } of containers.flatMap((container) => container.networkBindings)) {
        if (hostPort !== null) (protocol === "udp" ? inUse.udp : inUse.tcp).add(String(hostPort));
      }
    }
    return inUse;
  }

  #compare(instance: ContainerInstance, inUse: InUse, remaining: readonly EventResource[]): void {
    const ofOwn = (resource: Resource): number => amountIn(resource) - (inUse.own.get(resource.name) ?? 0);
    const expected: Readonly<Record<string, (resource: Resource) => unknown>> = {
      CPU: (resource) => amountIn(resource) - inUse.cpu,
      MEMORY: (resource) => amountIn(resource) - inUse.memoryMiB,
      PORTS: (resource) => sorted([...membersOf(resource), ...inUse.tcp]),
      PORTS_UDP: (resource) => sorted([...membersOf(resource), ...inUse.udp]),
      GPU: (resource) => sorted(membersOf(resource).filter((id) => !inUse.gpus.includes(id))),
    };
    for (const resource of instance.registeredResources) {
      const wanted = (expected[resource.name] ?? ofOwn)(resource);
      if (resource.type === "STRINGSET" && !(resource.name in expected)) continue;
      const said = remaining.find(({ name }) => name === resource.name);
      const left = said?.integerValue ?? said?.longValue ?? said?.doubleValue ?? sorted(said?.stringSetValue ?? []);
      if (JSON.stringify(left) !== JSON.stringify(wanted)) {
        const text = `${JSON.stringify(left)} of ${resource.name}, the documents ${JSON.stringify(wanted)}`;
        this.#violate(rule, `the newest event of ${instance.arn} says ${text}`);
      }
    }
  }
}

type EventResource = {
  readonly name: string;
  readonly integerValue?: number;
  readonly longValue?: number;
  readonly doubleValue?: number;
  readonly stringSetValue?: readonly string[];
};

const sorted = (values: readonly string[]): string[] => [...new Set(values)].sort();
const amountIn = (resource: Resource): number => (resource.type === "STRINGSET" ? 0 : resource.value);
const membersOf = (resource: Resource): readonly string[] => (resource.type === "STRINGSET" ? resource.values : []);

function numberOf(resources: readonly Resource[], name: string): number {
  const found = resources.find((resource) => resource.name === name);
  return found === undefined ? 0 : amountIn(found);
}

function amount(resources: unknown, name: string): number {
  const found = (resources as readonly EventResource[]).find((resource) => resource.name === name);
  return found === undefined ? 0 : (found.integerValue ?? 0) + (found.longValue ?? 0) + (found.doubleValue ?? 0);
}
