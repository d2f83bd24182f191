/**
 * The agent's task engine: from orders and what the runtime says, to commands for the runtime and state changes for the
 * control plane. Pure and synchronous.
 *
 * A task is PENDING, RUNNING once all its containers have started, STOPPED once all have stopped. It is brought to a stop
 * by an order, or by itself when an essential container is over or a container that it needs cannot be. Containers go
 * through `containerPhases`; each change is kept until a report carries it.
 */
import type { PayloadTask } from "../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";
import { areResolvable, dependencyState } from "./container-dependencies.ts";
import type { RuntimeEvent } from "./container-runtime.ts";
import type { EngineSnapshot, EngineTask, PastTask } from "./engine-state.ts";
import {
  type EngineInput,
  type EngineOptions,
  type EngineOutput,
  engineDefaults,
  type TaskHealth,
} from "./engine-step.ts";
import { isChecked, newTask, withOverriddenCommand } from "./engine-task.ts";
import { dynamicPorts } from "./host-ports.ts";
import { type SharedPorts, TaskProgress } from "./task-progress.ts";

/** LIMIT: confirmed interfaces that are remembered, many times what a host can have at once. */
const attachedMax = 256;

export class TaskEngine {
  readonly #options: EngineOptions;
  readonly #tasks = new Map<string, EngineTask>();
  /** Tasks whose last report was taken, the one to be forgotten first in front. Their ARNs mean nothing new. */
  readonly #past = new Map<string, PastTask>();
  #sequence: number;
  #manifestId: string | null;
  readonly #ports: SharedPorts;
  #attached: string[];
  #out: EngineOutput[] = [];
  #now = 0;
  /** Of the step under way. */
  #progress: TaskProgress;

  constructor(options: EngineOptions = engineDefaults, snapshot: EngineSnapshot | null = null) {
    this.#options = options;
    for (const task of snapshot?.tasks ?? []) this.#tasks.set(task.arn, task);
    for (const task of snapshot?.past ?? []) this.#past.set(task.arn, task);
    this.#sequence = snapshot?.sequence ?? -1;
    this.#manifestId = snapshot?.manifestId ?? null;
    this.#ports = { inUse: () => this.#portsInUse(), cursor: snapshot?.portCursor ?? dynamicPorts.first };
    this.#progress = new TaskProgress(options, this.#ports, 0, []);
    this.#attached = [...(snapshot?.attached ?? [])];
  }

  /** The whole state. It shares its parts with the engine: make text of it before the next step. */
  snapshot(): EngineSnapshot {
    return {
      tasks: [...this.#tasks.values()],
      past: [...this.#past.values()],
      sequence: this.#sequence,
      manifestId: this.#manifestId,
      portCursor: this.#ports.cursor,
      attached: this.#attached,
    };
  }

  step(input: EngineInput, now: number): readonly EngineOutput[] {
    this.#out = [];
    this.#now = now;
    this.#progress = new TaskProgress(this.#options, this.#ports, now, this.#out);
    this.#take(input);
    return this.#out;
  }

  /** When a `timer` input is next wanted, or null. */
  nextDueAt(): number | null {
    let dueAt: number | null = null;
    const consider = (at: number | null): void => {
      if (at !== null && (dueAt === null || at < dueAt)) dueAt = at;
    };
    for (const { forgetAt } of this.#past.values()) {
      consider(forgetAt);
      break;
    }
    for (const task of this.#tasks.values()) {
      consider(task.changesDueAt);
      if (task.desired === "STOPPED") continue;
      for (const container of task.containers) {
        if (container.phase !== "pulled") continue;
        const found = dependencyState(container, task.containers, Number.NEGATIVE_INFINITY);
        if (found.state === "open") consider(found.dueAt);
      }
    }
    return dueAt;
  }

  /** Tasks with a running container whose health is checked. */
  health(): readonly TaskHealth[] {
    const all: TaskHealth[] = [];
    for (const task of this.#tasks.values()) {
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
        this.#confirm(input.taskArn, input.attachmentArns);
        this.#out.push({ type: "acknowledge" });
        return;
      case "runtime":
        this.#runtime(input.event);
        return;
      case "settled":
        this.#settled(input.taskArn);
        return;
      case "timer":
        for (const task of this.#tasks.values()) this.#due(task);
        this.#forget();
        return;
      case "recovered":
        for (const task of this.#tasks.values()) this.#progress.recover(task);
        return;
    }
  }

  #payload(tasks: readonly PayloadTask[], sequence: number | null): void {
    if (sequence !== null) this.#sequence = Math.max(this.#sequence, sequence);
    let taken = true;
    // AWS: stops go before starts, since they make room.
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
    // AWS: every order to stop leads to a STOPPED report, of an unknown task too. It is remembered, so that an order to
    // run it that comes late starts nothing.
    this.#addTask({ arn, desiredStatus: "STOPPED" }, []);
    this.#refuse(arn, "TaskStateError: Agent could not progress task's state to stopped");
  }

  /** False when the task cannot be understood: then the payload is not acknowledged. */
  #runOrder(order: PayloadTask): boolean {
    // AWS: of a known task only a change forward counts, and RUNNING is where it began.
    if (this.#tasks.has(order.arn) || this.#past.has(order.arn)) return true;
    const specs = (order.containers ?? []).map(withOverriddenCommand);
    if (specs.length === 0 || specs.includes(null)) {
      this.#addTask(order, []);
      this.#refuse(
        order.arn,
        `UnrecogniedTaskError: Error loading task - ${specs.length === 0 ? "no containers" : "invalid overrides"}`,
      );
      return false;
    }
    const containers = specs.filter((spec) => spec !== null);
    if (!areResolvable(containers)) {
      this.#addTask(order, []);
      this.#refuse(order.arn, `Task dependencies cannot be resolved, taskArn: ${order.arn}`);
      return true;
    }
    const task = this.#addTask(order, containers);
    const interfaces = (order.elasticNetworkInterfaces ?? []).flatMap(({ attachmentArn }) => attachmentArn ?? []);
    this.#confirm(order.arn, interfaces);
    this.#progress.advance(task);
    return true;
  }

  #addTask(order: PayloadTask, specs: readonly PayloadContainer[]): EngineTask {
    const task = newTask(order, specs, this.#now);
    this.#tasks.set(order.arn, task);
    return task;
  }

  #refuse(arn: string, reason: string): void {
    const task = this.#tasks.get(arn);
    if (task === undefined) return;
    task.desired = "STOPPED";
    task.known = "STOPPED";
    this.#out.push({ type: "submit", change: { task: arn, status: "STOPPED", reason } });
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
    this.#progress.advance(task);
    if (task.changesDueAt !== null && task.changesDueAt <= this.#now) this.#progress.submit(task);
  }

  #settled(arn: string): void {
    const task = this.#tasks.get(arn);
    if (task?.known !== "STOPPED") return;
    this.#tasks.delete(arn);
    this.#past.set(arn, { arn, forgetAt: this.#now + this.#options.taskCleanupMs, leftovers: task.leftovers });
  }

  #forget(): void {
    for (const { arn, forgetAt, leftovers } of this.#past.values()) {
      if (forgetAt > this.#now) return;
      this.#past.delete(arn);
      for (const { container, runtimeId } of leftovers) {
        this.#out.push({ type: "run", command: { type: "remove", taskArn: arn, container, runtimeId } });
      }
    }
  }

  #runtime(event: RuntimeEvent): void {
    if (event.type === "prepared" || event.type === "prepare-failed") return;
    const task = this.#tasks.get(event.taskArn);
    const container = task?.containers.find((candidate) => candidate.spec.name === event.container);
    if (task === undefined || container === undefined) return;
    this.#progress.runtimeEvent(task, container, event);
    this.#progress.advance(task);
  }

  #portsInUse(): { readonly tcp: Set<number>; readonly udp: Set<number> } {
    const inUse = { tcp: new Set<number>(), udp: new Set<number>() };
    for (const task of this.#tasks.values()) {
      for (const { bindings } of task.containers) {
        for (const { protocol, hostPort, count } of bindings) {
          for (let port = hostPort; port < hostPort + count; port++) inUse[protocol].add(port);
        }
      }
    }
    return inUse;
  }
}
