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

/** An event about a service, but for what every event has. */
export type ServiceAnnouncement = Pick<EcsEvent, "detailType" | "resources" | "detail">;

/** What a step announces under a key: a document, by its noun, or what a service does. */
export type Announced = "task" | "container-instance" | ServiceAnnouncement;

/** What follows at once, in the same step, when a document changes; the rules above give it to the machine. */
export type StepReactions = {
  /** A task that was there before the step is another one now. */
  taskChanged(step: ClusterStep, before: Task, after: Task): void;
  /** What is in use on a host that is no container instance is something else now. */
  hostTouched(step: ClusterStep, hostId: string): void;
};

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

  /** A dry run goes on at a later moment, over the same state. */
  later(now: number): ClusterStep {
    return this.#dryRun(this.state, now);
  }

  /** A dry run at the same moment, over another state. */
  dryRunOn(state: ClusterState): ClusterStep {
    return this.#dryRun(state, this.now);
  }

  #dryRun(state: ClusterState, now: number): ClusterStep {
    const step = new ClusterStep(state, now, this.#random, this.#reactions);
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
    this.#announceInstances(instancesTouched(before, task));
    if (before !== undefined) this.#reactions.taskChanged(this, before, task);
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

  /** What is announced, in order: documents by their id, what services do by its place in the order. */
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
