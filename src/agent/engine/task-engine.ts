/**
 * The agent's task engine. Input: orders and reports from the runtime. Output: commands for the runtime and state changes for the
 * control plane. Pure and synchronous.
 *
 * A task is PENDING, RUNNING once all its containers have started, STOPPED once all have stopped. It stops when ordered to, when
 * an essential container exits, or when a container that it needs is impossible. Containers go through `containerPhases`. Each
 * change is kept until a report carries it.
 */
import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { RuntimeEvent } from "../container-runtime.ts";
import { areResolvable } from "./container-dependencies.ts";
import { BookedResources, needsOf, unknownGpu } from "./engine-resources.ts";
import type { EngineChanges, EngineSnapshot, EngineTask, PastTask } from "./engine-state.ts";
import {
  type EngineInput,
  type EngineOptions,
  type EngineOutput,
  engineDefaults,
  type TaskHealth,
} from "./engine-step.ts";
import { isChecked, newTask, unloadable, withOverriddenCommand } from "./engine-task.ts";
import { ContainerPorts, dynamicPorts, nothingElse } from "./host-ports.ts";
import { type SharedPorts, TaskProgress } from "./task-progress.ts";
import { TaskTimes } from "./task-times.ts";

/** LIMIT: confirmed interfaces that are remembered, many times what a host can have at once. */
const attachedMax = 256;

export class TaskEngine {
  readonly #options: EngineOptions;
  readonly #tasks = new Map<string, EngineTask>();
  /** Tasks whose last report was accepted, the next to be forgotten first. Their ARNs cannot start new tasks. */
  readonly #past = new Map<string, PastTask>();
  #removing: readonly PastTask[];
  #sequence: number;
  #manifestId: string | null;
  readonly #ports: SharedPorts;
  #attached: string[];
  /** Tasks that wait for room, in order. Tasks that need none are not among them. */
  readonly #waiting = new Set<EngineTask>();
  readonly #unaccounted = new Set<EngineTask>();
  readonly #booked: BookedResources | null;
  /** The tasks that have booked something. */
  readonly #holders = new Set<EngineTask>();
  readonly #times = new TaskTimes();
  #changes = noChanges();
  /** Tasks that the current step may have changed. */
  #touched = new Set<EngineTask>();
  #out: EngineOutput[] = [];
  #now = 0;
  /** The current step. */
  #progress: TaskProgress;

  constructor(options: EngineOptions = engineDefaults, snapshot: EngineSnapshot | null = null) {
    this.#options = options;
    for (const task of snapshot?.tasks ?? []) this.#tasks.set(task.arn, task);
    for (const task of snapshot?.past ?? []) this.#past.set(task.arn, task);
    this.#removing = snapshot?.removing ?? [];
    this.#sequence = snapshot?.sequence ?? -1;
    this.#manifestId = snapshot?.manifestId ?? null;
    const cursor = snapshot?.portCursor ?? dynamicPorts.first;
    this.#ports = { inUse: new ContainerPorts(), others: nothingElse, cursor };
    this.#booked = options.resources === null ? null : new BookedResources(options.resources);
    for (const task of this.#tasks.values()) {
      for (const { bindings } of task.containers) this.#ports.inUse.take(bindings);
      this.#keepBooks(task);
      this.#times.note(task);
    }
    this.#progress = new TaskProgress(options, this.#ports, 0, []);
    this.#attached = [...(snapshot?.attached ?? [])];
  }

  /**
   * The whole state. It shares its parts with the engine: serialise it before the next step. The lists of tasks are built when
   * read, so they cost nothing if you write only changes.
   */
  snapshot(): EngineSnapshot {
    const [tasks, past] = [this.#tasks, this.#past];
    return {
      get tasks() {
        return [...tasks.values()];
      },
      get past() {
        return [...past.values()];
      },
      removing: this.#removing,
      sequence: this.#sequence,
      manifestId: this.#manifestId,
      portCursor: this.#ports.cursor,
      attached: this.#attached,
    };
  }

  /** What has changed in the lists of tasks since the last call, so that a disk need not look at all of them. */
  takeChanges(): EngineChanges {
    const changes = this.#changes;
    this.#changes = noChanges();
    return changes;
  }

  step(input: EngineInput, now: number): readonly EngineOutput[] {
    this.#out = [];
    this.#now = now;
    this.#touched.clear();
    for (const arn of this.#concerned(input)) {
      const task = this.#tasks.get(arn);
      if (task !== undefined) this.#touch(task);
    }
    this.#progress = new TaskProgress(this.#options, this.#ports, now, this.#out);
    // By the time this step's state is durable, the output of the last step has been carried out.
    if (input.type !== "recovered") this.#removing = [];
    this.#take(input);
    for (const task of this.#touched) this.#keepBooks(task);
    this.#admit();
    for (const task of this.#touched) this.#times.note(task);
    return this.#out;
  }

  /** The tasks, each until its last report is accepted. Read only. */
  tasks(): Iterable<Readonly<EngineTask>> {
    return this.#tasks.values();
  }

  task(arn: string): Readonly<EngineTask> | null {
    return this.#tasks.get(arn) ?? null;
  }

  /** When the next `timer` input is due, or null. */
  nextDueAt(): number | null {
    const dueAt = this.#times.next();
    for (const { forgetAt } of this.#past.values()) return dueAt === null ? forgetAt : Math.min(dueAt, forgetAt);
    return dueAt;
  }

  /** Tasks with a running container whose health is checked: all of them, or only the one with that ARN. */
  health(taskArn: string | null = null): readonly TaskHealth[] {
    const all: TaskHealth[] = [];
    const one = taskArn === null ? undefined : this.#tasks.get(taskArn);
    for (const task of taskArn === null ? this.#tasks.values() : one === undefined ? [] : [one]) {
      const containers = task.containers
        .filter((container) => isChecked(container.spec) && container.phase === "running")
        .map(({ spec, health, healthSince }) => ({ name: spec.name, status: health, since: healthSince }));
      if (containers.length === 0) continue;
      const { family, version } = task.surroundings;
      all.push({ taskArn: task.arn, family, version, containers });
    }
    return all;
  }

  /** How many tasks are not STOPPED. */
  get liveTasks(): number {
    let count = 0;
    for (const task of this.#tasks.values()) if (task.known !== "STOPPED") count += 1;
    return count;
  }

  /** The ARNs of the tasks that an input may change. Tasks for which it makes room are added when they are admitted. */
  #concerned(input: EngineInput): Iterable<string> {
    switch (input.type) {
      case "payload":
        return input.tasks.map(({ arn }) => arn);
      case "stop-confirmed":
        return input.taskArns;
      case "attach":
        return [input.taskArn];
      case "runtime":
        return [input.event.taskArn];
      case "settled":
      case "manifest":
      case "timer":
        return [];
      case "recovered":
        return this.#tasks.keys();
    }
  }

  #take(input: EngineInput): void {
    switch (input.type) {
      case "payload":
        this.#payload(input.tasks, input.sequence);
        return;
      case "manifest":
        this.#manifest(input);
        return;
      case "stop-confirmed":
        if (input.messageId !== this.#manifestId) return;
        this.#manifestId = null;
        for (const arn of input.taskArns) this.#stop(this.#tasks.get(arn));
        return;
      case "attach":
        this.#attach(input.taskArn, input.attachmentArns);
        this.#out.push({ type: "acknowledge" });
        return;
      case "runtime":
        this.#runtime(input.event);
        return;
      case "settled":
        this.#settled(input.taskArn);
        return;
      case "timer":
        for (const task of this.#times.takeDue(this.#now)) this.#due(task);
        this.#forget();
        return;
      case "recovered":
        for (const task of this.#removing) this.#remove(task);
        for (const task of this.#tasks.values()) this.#progress.recover(task);
        return;
    }
  }

  #payload(tasks: readonly PayloadTask[], sequence: number | null): void {
    if (sequence !== null) this.#sequence = Math.max(this.#sequence, sequence);
    let taken = true;
    // AWS: stops go before starts, because they make room.
    for (const order of tasks) if (order.desiredStatus === "STOPPED") this.#stopOrder(order.arn);
    for (const order of tasks) if (order.desiredStatus === "RUNNING") taken = this.#runOrder(order) && taken;
    if (taken) this.#out.push({ type: "acknowledge" });
  }

  #stopOrder(arn: string): void {
    const task = this.#tasks.get(arn);
    if (task !== undefined || this.#past.has(arn)) {
      this.#stop(task);
      return;
    }
    // AWS: every order to stop leads to a STOPPED report, even for an unknown task. The engine remembers it, so that a late order
    // to run the task starts nothing.
    this.#addTask({ arn, desiredStatus: "STOPPED" }, []);
    this.#refuse(arn, "TaskStateError: Agent could not progress task's state to stopped");
  }

  /** False if the task is not understood. The payload is then not acknowledged. */
  #runOrder(order: PayloadTask): boolean {
    // AWS: for a known task only a change forward counts, and RUNNING is where it began.
    if (this.#tasks.has(order.arn) || this.#past.has(order.arn)) return true;
    const specs = (order.containers ?? []).map(withOverriddenCommand);
    const problem = unloadable(order, specs);
    if (problem !== null) {
      this.#addTask(order, []);
      this.#refuse(order.arn, `UnrecogniedTaskError: Error loading task - ${problem}`);
      return false;
    }
    const containers = specs.filter((spec) => spec !== null);
    if (!areResolvable(containers)) {
      this.#addTask(order, []);
      this.#refuse(order.arn, `Task dependencies cannot be resolved, taskArn: ${order.arn}`);
      return true;
    }
    const { needs } = this.#addTask(order, containers);
    const { resources } = this.#options;
    const gpu = needs === null || resources === null ? null : unknownGpu(needs, resources);
    if (gpu !== null)
      this.#refuse(order.arn, `resource cannot be initialized for task ${order.arn}: the host has no GPU ${gpu}`);
    return true;
  }

  #addTask(order: PayloadTask, specs: readonly PayloadContainer[]): EngineTask {
    const needs = this.#options.resources === null ? null : needsOf(order, specs);
    const task = newTask(order, specs, needs, this.#now);
    this.#tasks.set(order.arn, task);
    this.#touch(task);
    return task;
  }

  /** Starts the tasks that there is room for. AWS: strictly in order, so one that never fits holds up all later ones. */
  #admit(): void {
    for (const task of this.#unaccounted) this.#begin(task);
    for (const task of this.#waiting) {
      if (task.needs !== null && this.#booked?.fits(task.needs) === false) return;
      this.#begin(task);
    }
  }

  #begin(task: EngineTask): void {
    task.admitted = true;
    this.#touch(task);
    this.#progress.advance(task);
    this.#keepBooks(task);
  }

  /** Records that the task may change in this step. */
  #touch(task: EngineTask): void {
    this.#touched.add(task);
    this.#changes.written.add(task);
  }

  /** Updates everything that is kept across tasks for one of them. */
  #keepBooks(task: EngineTask): void {
    const { admitted, desired, known, needs } = task;
    const isWaiting = !admitted && desired !== "STOPPED";
    const queue = needs === null ? this.#unaccounted : this.#waiting;
    if (isWaiting) queue.add(task);
    else queue.delete(task);
    const isBooked = admitted && known !== "STOPPED" && needs !== null;
    if (needs === null || isBooked === this.#holders.has(task)) return;
    if (isBooked) {
      this.#holders.add(task);
      this.#booked?.book(needs);
    } else {
      this.#holders.delete(task);
      this.#booked?.release(needs);
    }
  }

  #refuse(arn: string, reason: string): void {
    const task = this.#tasks.get(arn);
    if (task === undefined) return;
    task.desired = "STOPPED";
    task.known = "STOPPED";
    task.containers = [];
    this.#out.push({ type: "submit", change: { task: arn, status: "STOPPED", reason } });
  }

  /**
   * Interfaces for a task are coming. AWS: the order to start the task follows once they are confirmed. The groundwork creates
   * them, so interfaces of an unknown task are confirmed at once, and those of a known task when its network is prepared.
   */
  #attach(taskArn: string, attachmentArns: readonly string[]): void {
    const task = this.#tasks.get(taskArn);
    if (task === undefined) {
      this.#confirm(taskArn, attachmentArns);
      return;
    }
    if (task.desired === "STOPPED") return;
    const fresh = attachmentArns.filter((arn) => !task.interfaces.includes(arn));
    task.interfaces.push(...fresh);
    if (task.groundwork === "ready") this.#confirm(taskArn, fresh);
  }

  #confirm(taskArn: string, attachmentArns: readonly string[]): void {
    const fresh = attachmentArns.filter((arn) => !this.#attached.includes(arn));
    if (fresh.length === 0) return;
    this.#attached = [...this.#attached, ...fresh].slice(-attachedMax);
    const attachments = fresh.map((attachmentArn) => ({ attachmentArn, status: "ATTACHED" as const }));
    this.#out.push({ type: "submit", change: { task: taskArn, attachments } });
  }

  #manifest(input: Extract<EngineInput, { type: "manifest" }>): void {
    if (input.timeline <= this.#sequence) return;
    this.#sequence = input.timeline;
    this.#manifestId = input.messageId;
    this.#out.push({ type: "acknowledge" });
    const wanted = new Set(input.tasks.filter((task) => task.desiredStatus === "RUNNING").map((task) => task.taskArn));
    const taskArns = [...this.#tasks.values()]
      .filter((task) => task.desired === "RUNNING" && !wanted.has(task.arn))
      .map((task) => task.arn);
    if (taskArns.length > 0) this.#out.push({ type: "stop-candidates", messageId: input.messageId, taskArns });
  }

  #stop(task: EngineTask | undefined): void {
    if (task === undefined || task.desired === "STOPPED") return;
    task.desired = "STOPPED";
    this.#progress.advance(task);
  }

  #due(task: EngineTask): void {
    this.#touch(task);
    this.#progress.advance(task);
    if (task.changesDueAt !== null && task.changesDueAt <= this.#now) this.#progress.submit(task);
  }

  #settled(arn: string): void {
    const task = this.#tasks.get(arn);
    if (task?.known !== "STOPPED") return;
    const { leftovers, groundwork } = task;
    const surroundings = groundwork === "none" ? null : task.surroundings;
    const past = { arn, forgetAt: this.#now + this.#options.taskCleanupMs, leftovers, surroundings };
    this.#tasks.delete(arn);
    this.#times.forget(task);
    this.#past.set(arn, past);
    this.#changes.written.delete(task);
    this.#changes.gone.add(task);
    this.#changes.past.add(past);
  }

  #forget(): void {
    const removing: PastTask[] = [];
    for (const task of this.#past.values()) {
      if (task.forgetAt > this.#now) break;
      this.#past.delete(task.arn);
      this.#changes.past.delete(task);
      this.#changes.gone.add(task);
      removing.push(task);
      this.#remove(task);
    }
    this.#removing = removing;
  }

  #remove({ arn, leftovers, surroundings }: PastTask): void {
    for (const { container, runtimeId } of leftovers)
      this.#out.push({ type: "run", command: { type: "remove", taskArn: arn, container, runtimeId } });
    if (surroundings !== null)
      this.#out.push({ type: "run", command: { type: "clean", taskArn: arn, task: surroundings } });
  }

  #runtime(event: RuntimeEvent): void {
    const task = this.#tasks.get(event.taskArn);
    if (task === undefined) return;
    if (event.type === "prepared" || event.type === "prepare-failed") {
      this.#progress.taskEvent(task, event);
      if (task.groundwork === "ready" && task.desired === "RUNNING") this.#confirm(task.arn, task.interfaces);
    } else {
      const container = task.containers.find((candidate) => candidate.spec.name === event.container);
      if (container === undefined) return;
      this.#progress.runtimeEvent(task, container, event);
    }
    this.#progress.advance(task);
  }
}

const noChanges = () => ({
  written: new Set<EngineTask>(),
  past: new Set<PastTask>(),
  gone: new Set<EngineTask | PastTask>(),
});
