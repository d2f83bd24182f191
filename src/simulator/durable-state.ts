import type { ContainerInstance } from "../ecs/documents/container-instance.ts";
import { containerInstanceKind } from "../ecs/documents/container-instance.ts";
import { type Rollout, rolloutKind } from "../ecs/documents/rollout.ts";
import { type ServiceCondition, serviceConditionKind } from "../ecs/documents/service-condition.ts";
import { holdsResources, type Task } from "../ecs/documents/task.ts";
import type { EcsEvent } from "../ecs/events/event.ts";
import type { Append } from "../store/store.ts";

/** One document that an append changed. Null is absent. */
export type KeptDocument = {
  readonly kind: string;
  readonly key: string;
  readonly before: object | null;
  readonly after: object | null;
};

/** A parsed append that reached the disk. */
export type Kept = {
  readonly partition: DurablePartition;
  readonly documents: readonly KeptDocument[];
  readonly events: readonly EcsEvent[];
  /** False if the disk reported it as failed. Until the partition is read again, the machine answers without it. */
  readonly isConfirmed: boolean;
};

/** The contents of one partition of the disk. */
export class DurablePartition {
  readonly name: string;
  readonly #documents = new Map<string, Map<string, object>>();
  /** Per container instance id, the ids of the tasks that use its resources. */
  readonly #tasksOn = new Map<string, Set<string>>();
  /** Per group, the ids of its tasks that are not STOPPED. */
  readonly #tasksIn = new Map<string, Set<string>>();
  /** The newest event about each ARN. */
  readonly newestEvents = new Map<string, EcsEvent>();
  lastSequence = 0;
  /** The attributes in the events about instances, by sequence: later events may refer to them instead of repeating them. */
  readonly #attributes = new Map<number, unknown>();

  constructor(name: string) {
    this.name = name;
  }

  get(kind: string, key: string): object | null {
    return this.#documents.get(kind)?.get(key) ?? null;
  }

  values(kind: string): Iterable<object> {
    return this.#documents.get(kind)?.values() ?? [];
  }

  instance(id: string): ContainerInstance | null {
    const document = this.get(containerInstanceKind.name, id);
    return document === null
      ? null
      : ({ ...document, ...this.get(containerInstanceKind.apart.name, id) } as ContainerInstance);
  }

  task(id: string): Task | null {
    return this.get("task", id) as Task | null;
  }

  /** How the deployments of a service go; null for one that is INACTIVE, or not there. */
  rollout(serviceName: string): Rollout | null {
    return this.get(rolloutKind.name, serviceName) as Rollout | null;
  }

  condition(serviceName: string): ServiceCondition | null {
    return this.get(serviceConditionKind.name, serviceName) as ServiceCondition | null;
  }

  instances(): Iterable<ContainerInstance> {
    return [...(this.#documents.get(containerInstanceKind.name)?.keys() ?? [])]
      .map((id) => this.instance(id))
      .filter((instance) => instance !== null);
  }

  tasks(): Iterable<Task> {
    return this.values("task") as Iterable<Task>;
  }

  /** The tasks that use resources of an instance, ordered by id. */
  tasksOn(instanceId: string): Task[] {
    const ids = [...(this.#tasksOn.get(instanceId) ?? [])].sort();
    return ids.map((id) => this.task(id)).filter((task) => task !== null);
  }

  /** The tasks of a group that are not STOPPED, ordered by id. */
  tasksIn(group: string): Task[] {
    const ids = [...(this.#tasksIn.get(group) ?? [])].sort();
    return ids.map((id) => this.task(id)).filter((task) => task !== null);
  }

  /** The event as its readers get it. */
  readEvent(text: string): EcsEvent {
    const event = JSON.parse(text) as EcsEvent;
    const { attributesIn, detail } = event;
    if (attributesIn !== undefined) {
      return { ...event, detail: { ...detail, attributes: this.#attributes.get(attributesIn) } };
    }
    if (detail.attributes !== undefined) this.#attributes.set(event.sequence, detail.attributes);
    return event;
  }

  put(kind: string, key: string, after: object | null): KeptDocument {
    let documents = this.#documents.get(kind);
    if (documents === undefined) {
      documents = new Map();
      this.#documents.set(kind, documents);
    }
    const before = documents.get(key) ?? null;
    if (after === null) documents.delete(key);
    else documents.set(key, after);
    if (kind === "task") this.#index(key, before as Task | null, after as Task | null);
    return { kind, key, before, after };
  }

  #index(id: string, before: Task | null, after: Task | null): void {
    if (before !== null && before.instanceId !== null) this.#tasksOn.get(before.instanceId)?.delete(id);
    if (before !== null) this.#tasksIn.get(before.group)?.delete(id);
    if (after === null || !holdsResources(after)) return;
    if (after.instanceId !== null) add(this.#tasksOn, after.instanceId, id);
    add(this.#tasksIn, after.group, id);
  }
}

function add(sets: Map<string, Set<string>>, key: string, id: string): void {
  const ids = sets.get(key);
  if (ids === undefined) sets.set(key, new Set([id]));
  else ids.add(id);
}

/** The contents of the disk, followed append by append: what a process that starts now would find. */
export class DurableState {
  readonly partitions = new Map<string, DurablePartition>();
  /** The highest sequence of all removed partitions. New ones continue from there. */
  #removedSequence = 0;

  /** Applies an append. Its events are recorded after the documents, though both became durable at once. */
  keep(name: string, append: Append, isConfirmed = true): Kept {
    let partition = this.partitions.get(name);
    if (partition === undefined) {
      partition = new DurablePartition(name);
      partition.lastSequence = this.#removedSequence;
      this.partitions.set(name, partition);
    }
    const documents: KeptDocument[] = [];
    for (const { kind, key, body } of append.documents) {
      documents.push(partition.put(kind, key, body === null ? null : (JSON.parse(body) as object)));
    }
    const events = append.events.map((event) => partition.readEvent(event.body));
    return { partition, documents, events, isConfirmed };
  }

  /** The partition was removed from the disk. */
  remove(name: string): void {
    this.#removedSequence = Math.max(this.#removedSequence, this.partitions.get(name)?.lastSequence ?? 0);
    this.partitions.delete(name);
  }

  /** Records the events of an append as the newest of their resources, after the checkers have compared them. */
  noteEvents({ partition, events }: Kept): void {
    for (const event of events) {
      for (const arn of event.resources) partition.newestEvents.set(arn, event);
      partition.lastSequence = event.sequence;
    }
  }

  /** The task with this ARN, or null. */
  task(arn: string): Task | null {
    return this.#find(arn, (partition, id) => partition.task(id));
  }

  /** The container instance with this ARN, or null. */
  instance(arn: string): ContainerInstance | null {
    return this.#find(arn, (partition, id) => partition.instance(id));
  }

  /** The document of the cluster, task definition, service, container instance or task with this ARN, or null. */
  document(arn: string): object | null {
    const [, region = "", account = "", resource = ""] = /^arn:[^:]+:ecs:([^:]+):([^:]+):(.+)$/.exec(arn) ?? [];
    const of = (kind: string, key: string) =>
      this.partitions.get(`account/${account}/${region}`)?.get(kind, key) ?? null;
    if (resource.startsWith("cluster/")) return of("cluster", resource.slice("cluster/".length));
    if (resource.startsWith("task-definition/"))
      return of("task-definition", resource.slice("task-definition/".length));
    const [, cluster = "", name = ""] = /^service\/([^/]+)\/(.+)$/.exec(resource) ?? [];
    if (name !== "")
      return this.partitions.get(`cluster/${account}/${region}/${cluster}`)?.get("service", name) ?? null;
    return resource.startsWith("task/") ? this.task(arn) : this.instance(arn);
  }

  /** The newest event about the resource with this ARN, or null. */
  newestEvent(arn: string): EcsEvent | null {
    for (const partition of this.partitions.values()) {
      const event = partition.newestEvents.get(arn);
      if (event !== undefined) return event;
    }
    return null;
  }

  *tasks(): Iterable<Task> {
    for (const partition of this.partitions.values()) yield* partition.tasks();
  }

  *instances(): Iterable<ContainerInstance> {
    for (const partition of this.partitions.values()) yield* partition.instances();
  }

  #find<D extends { readonly arn: string }>(
    arn: string,
    get: (partition: DurablePartition, id: string) => D | null,
  ): D | null {
    const id = arn.slice(arn.lastIndexOf("/") + 1);
    for (const partition of this.partitions.values()) {
      const found = get(partition, id);
      if (found !== null && found.arn === arn) return found;
    }
    return null;
  }
}
