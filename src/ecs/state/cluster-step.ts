import type { Random, RandomStream } from "../../lib/random.ts";
import { arnPrefix, clusterArn, type Place } from "../arn.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { FargateProvider, FargateUse } from "../documents/fargate-use.ts";
import type { Task } from "../documents/task.ts";
import type { EcsEvent } from "../events/event.ts";
import { instancesTouched } from "../indexes/resource-book.ts";
import type { Timeline } from "../timeline.ts";
import type { MachineConfiguration } from "./call.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { ClusterEffect } from "./effect.ts";

/** An event about a service, without the members that all events have. */
export type ServiceAnnouncement = Pick<EcsEvent, "detailType" | "resources" | "detail">;

/** What a step announces under a key: a document, by its noun, or a service's event. */
export type Announced = "task" | "container-instance" | ServiceAnnouncement;

/** What follows at once, in the same step, when a document changes. Rules of higher layers, passed in by the machine. */
export type StepReactions = {
  /** A task that existed before the step has changed. */
  taskChanged(step: ClusterStep, before: Task, after: Task): void;
  /** Usage changed on a host that isn't a container instance. */
  hostTouched(step: ClusterStep, hostId: string): void;
};

/**
 * The current step of a cluster machine: the state to read and change, the time, and what leaves the machine once the step is durable.
 * `change...` announces: the document's `version` rises once per step, and an event with that version follows. `note...` writes without
 * announcing, for what ECS doesn't announce.
 */
export class ClusterStep {
  readonly state: ClusterState;
  readonly now: number;
  readonly effects: ClusterEffect[] = [];
  /** Set by a dry-run operation, before it changes anything: the step is rolled back, but answered as if it had happened. */
  isDryRun = false;
  /** The quotas for Fargate of which the account had no more when it was asked just now. */
  noMoreFargate: readonly FargateProvider[] = [];
  /** The account is being asked for more on Fargate: what wants it waits. */
  waitsForFargate = false;
  /** What the cluster used on Fargate when the step began. */
  readonly fargateUseBefore: FargateUse;
  readonly #random: Random;
  readonly #reactions: StepReactions;
  readonly #announced = new Map<string, Announced>();

  constructor(state: ClusterState, now: number, random: Random, reactions: StepReactions) {
    this.state = state;
    this.now = now;
    this.#random = random;
    this.#reactions = reactions;
    this.fargateUseBefore = { ...state.fargateBook.use };
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

  /** Continues a dry run at a later time, over the same state. */
  later(now: number): ClusterStep {
    return this.#dryRun(this.state, now);
  }

  /** Continues a dry run at the same time, over another state. */
  dryRunOn(state: ClusterState): ClusterStep {
    return this.#dryRun(state, this.now);
  }

  #dryRun(state: ClusterState, now: number): ClusterStep {
    const step = new ClusterStep(state, now, this.#random, this.#reactions);
    step.isDryRun = true;
    return step;
  }

  /** A dry run draws from its own streams, so later steps are the same as without it. */
  random(stream: string): RandomStream {
    return this.#random.stream(this.isDryRun ? `dry-run/${stream}` : stream);
  }

  /** Puts `task` with its next `version` and announces it. Also announces instances whose resources change with it. */
  changeTask(task: Task): void {
    const first = !this.#announced.has(task.id);
    if (first) this.#announced.set(task.id, "task");
    const before = this.state.tasks.get(task.id);
    const version = (before?.version ?? 0) + (first ? 1 : 0);
    // A new task already has this version and isn't copied.
    this.state.tasks.put(task.id, task.version === version ? task : { ...task, version });
    this.#announceInstances(instancesTouched(before, task));
    if (before !== undefined) this.#reactions.taskChanged(this, before, task);
  }

  /** Puts `task` without an event (tags, protection, health alone). Must not change its resources. */
  noteTask(task: Task): void {
    this.state.tasks.put(task.id, { ...task, version: this.state.tasks.get(task.id)?.version ?? 0 });
  }

  /** Puts `instance` with its next `version` and announces it. */
  changeInstance(instance: ContainerInstance): void {
    const first = !this.#announced.has(instance.id);
    if (first) this.#announced.set(instance.id, "container-instance");
    const before = this.state.instances.get(instance.id);
    // If a step places several tasks on one instance, the first has announced it.
    if (!first && instance === before) return;
    const version = (before?.version ?? 0) + (first ? 1 : 0);
    this.state.instances.put(instance.id, { ...instance, version });
  }

  /** Announces an event of a service or deployment. AWS: such events have no version. */
  announceService(announcement: ServiceAnnouncement): void {
    this.#announced.set(`service ${this.#announced.size}`, announcement);
  }

  /** Puts `instance` without an event. */
  noteInstance(instance: ContainerInstance): void {
    const version = this.state.instances.get(instance.id)?.version ?? 0;
    this.state.instances.put(instance.id, { ...instance, version });
  }

  /**
   * The next number for a message to the agent of `instanceId`: an agent drops a manifest whose number doesn't rise. Starts at the time in
   * milliseconds, which is above the numbers sent from a store without these documents.
   */
  nextAgentSequence(instanceId: string): number {
    const next = (this.state.agentSequences.get(instanceId)?.last ?? this.now) + 1;
    this.state.agentSequences.put(instanceId, { last: next });
    return next;
  }

  /** True if an event will follow from this step. */
  get hasAnnounced(): boolean {
    return this.#announced.size > 0;
  }

  /** What is announced, in order: documents by id, service events by position. */
  get announced(): ReadonlyMap<string, Announced> {
    return this.#announced;
  }

  #announceInstances(ids: readonly string[]): void {
    for (const id of ids) {
      const instance = this.state.instances.get(id);
      if (instance !== undefined) this.changeInstance(instance);
      else this.#reactions.hostTouched(this, id);
    }
  }
}
