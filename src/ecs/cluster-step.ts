import { must } from "../lib/assert.ts";
import type { Random, RandomStream } from "../lib/random.ts";
import { arnPrefix, clusterArn, type Place } from "./arn.ts";
import type { MachineConfiguration } from "./call.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { ContainerInstance } from "./container-instances/container-instance.ts";
import { containerInstanceEventDetail } from "./container-instances/container-instance-event.ts";
import type { ClusterEffect } from "./effect.ts";
import type { EcsEvent } from "./events/event.ts";
import { noteIdleness } from "./fargate/managed-host.ts";
import { limits } from "./limits.ts";
import { noteTaskOfService } from "./services/look/note-task-of-service.ts";
import type { Task } from "./tasks/task.ts";
import { taskEventDetail } from "./tasks/task-event.ts";
import type { Timeline } from "./timeline.ts";

/** An event about a service, but for what every event has. */
export type ServiceAnnouncement = Pick<EcsEvent, "detailType" | "resources" | "detail">;

/**
 * One step of a cluster machine under way: the state to read and change, the time, and what will leave the machine
 * when the step is durable. `change...` announces (the document's `version` rises once per step, and an event with that
 * version follows); `note...` writes without announcing, for what ECS does not announce.
 */
export class ClusterStep {
  readonly state: ClusterState;
  readonly now: number;
  readonly effects: ClusterEffect[] = [];
  /**
   * Set by an operation, before it changes anything, that only wants to know what would come of it: the step is then rolled
   * back, and answered as if it had been taken.
   */
  isDryRun = false;
  readonly #random: Random;
  /** What is announced, in order: documents by their id, what services do by its place in the order. */
  readonly #announced = new Map<string, "task" | "container-instance" | ServiceAnnouncement>();

  constructor(state: ClusterState, now: number, random: Random) {
    this.state = state;
    this.now = now;
    this.#random = random;
  }

  get place(): Place {
    return this.state.place;
  }

  get clusterName(): string {
    return this.state.name;
  }

  get clusterArn(): string {
    return clusterArn(this.state.place, this.state.name);
  }

  get arnPrefix(): string {
    return arnPrefix(this.state.place);
  }

  get configuration(): MachineConfiguration {
    return this.state.configuration;
  }

  get timeline(): Timeline {
    return this.state.timeline;
  }

  /** A dry run goes on at a later moment, over the same state. */
  later(now: number): ClusterStep {
    const step = new ClusterStep(this.state, now, this.#random);
    step.isDryRun = true;
    return step;
  }

  /** A dry run draws from streams of its own, so that what happens after it is what would have happened without it. */
  random(stream: string): RandomStream {
    return this.#random.stream(this.isDryRun ? `dry-run/${stream}` : stream);
  }

  /** Puts `task` and announces it; its `version` is set here. Instances whose resources change with it are announced too. */
  changeTask(task: Task): void {
    const first = !this.#announced.has(task.id);
    if (first) this.#announced.set(task.id, "task");
    const before = this.state.tasks.get(task.id);
    const version = (before?.version ?? 0) + (first ? 1 : 0);
    // A new task has it already, and is not copied.
    this.state.tasks.put(task.id, task.version === version ? task : { ...task, version });
    this.#announceTouchedInstances();
    if (before !== undefined) noteTaskOfService(this, before, task);
  }

  /** Puts `task` without an event (tags, protection, health alone). Must not change its resources. */
  noteTask(task: Task): void {
    this.state.tasks.put(task.id, { ...task, version: this.state.tasks.get(task.id)?.version ?? 0 });
  }

  /** Puts `instance` and announces it; its `version` is set here. */
  changeInstance(instance: ContainerInstance): void {
    const first = !this.#announced.has(instance.id);
    if (first) this.#announced.set(instance.id, "container-instance");
    const before = this.state.instances.get(instance.id);
    // Of several tasks that a step places on one instance, the first has announced it.
    if (!first && instance === before) return;
    const version = (before?.version ?? 0) + (first ? 1 : 0);
    this.state.instances.put(instance.id, { ...instance, version });
  }

  /** Announces what a service or a deployment does. AWS: such events have no version. */
  announceService(announcement: ServiceAnnouncement): void {
    this.#announced.set(`service ${this.#announced.size}`, announcement);
  }

  /** Puts `instance` without an event. */
  noteInstance(instance: ContainerInstance): void {
    const version = this.state.instances.get(instance.id)?.version ?? 0;
    this.state.instances.put(instance.id, { ...instance, version });
  }

  /**
   * The next number for a message to the agent of `instanceId`: an agent drops a manifest whose number does not rise. The line
   * begins at the time in milliseconds, which is above what agents of a store without these documents were sent.
   */
  nextAgentSequence(instanceId: string): number {
    const next = (this.state.agentSequences.get(instanceId)?.last ?? this.now) + 1;
    this.state.agentSequences.put(instanceId, { last: next });
    return next;
  }

  /** True when an event will follow from this step. */
  get hasAnnounced(): boolean {
    return this.#announced.size > 0;
  }

  /** The events of this step, one for each document announced, in the order of announcement. */
  takeEvents(lastSequence: number): EcsEvent[] {
    let sequence = lastSequence;
    const ids = this.random("event-id");
    return [...this.#announced].map(([id, noun]) => {
      sequence += 1;
      const base = { sequence, id: ids.uuid(), account: this.place.account, region: this.place.region, time: this.now };
      if (noun === "task") {
        const task = must(this.state.tasks.get(id), "an announced task");
        const detail = taskEventDetail(this.state, this.now, task);
        return { ...base, detailType: "ECS Task State Change", resources: [task.arn], detail };
      }
      if (typeof noun === "object") return { ...base, ...noun };
      const instance = must(this.state.instances.get(id), "an announced container instance");
      const attributesIn = this.#attributesIn(instance, sequence);
      const detail = containerInstanceEventDetail(this.state, this.now, instance, {
        attributes: attributesIn === null,
      });
      const event = {
        ...base,
        detailType: "ECS Container Instance State Change",
        resources: [instance.arn],
        detail,
      } as const;
      return attributesIn === null ? event : { ...event, attributesIn };
    });
  }

  /** The earlier event that carries the attributes of `instance`, or null when the one of `sequence` has to. */
  #attributesIn(instance: ContainerInstance, sequence: number): number | null {
    const { platformAttributes, customAttributes } = instance;
    const known = this.state.attributesAnnounced.get(instance.id);
    if (
      known !== undefined &&
      known.platformAttributes === platformAttributes &&
      known.customAttributes === customAttributes &&
      sequence - known.sequence < limits.eventAttributesReach
    ) {
      return known.sequence;
    }
    this.state.attributesAnnounced.set(instance.id, { platformAttributes, customAttributes, sequence });
    return null;
  }

  #announceTouchedInstances(): void {
    for (const id of this.state.book.takeTouched()) {
      const instance = this.state.instances.get(id);
      if (instance !== undefined) this.changeInstance(instance);
      else noteIdleness(this, id);
    }
  }
}
