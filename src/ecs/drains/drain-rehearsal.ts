import { must } from "../../lib/assert.ts";
import { withStatus } from "../container-instances/container-instance-lifecycle.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import { taskStatusDueAt } from "../documents/task.ts";
import { isAgentConnected } from "../fargate/hosts-for-tasks.ts";
import { askExpressions } from "../placement/ask-expressions.ts";
import { lookAtService } from "../service-look/look-at-service.ts";
import { placementOf, serviceTaskTemplate } from "../service-view/service-task-template.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf, targetOfService } from "../state/service-documents.ts";
import { reportTaskHealth } from "../task-life/report-task-health.ts";
import { takeStateChange } from "../task-life/submit-task-state-change.ts";
import { taskDue } from "../tasks/task-timers.ts";
import { tasksOn } from "./drain-progress.ts";

/** LIMIT: rounds of a rehearsal, each with looks at services and answers of their agents; draining a few dozen tasks takes a few dozen. */
const roundsMax = 2_000;
/** LIMIT: looks at single tasks in a rehearsal, while its caller waits: about two seconds. */
const visitsMax = 2_000_000;

/** A task that must leave, and the moment of the rehearsal when it was told to stop. */
export type Leaver = { readonly task: Task; readonly serviceName: string; stoppingMoment: number | null };
/** A task that replaces a leaver, and when it was RUNNING. */
export type Arrival = { readonly taskId: string; runningMoment: number | null };

/** LIMIT: tasks between two slices, one to a few microseconds each. */
const tasksPerSlice = 500;

/**
 * A dry run of a drain on a copy of the cluster, with the real rules. Services are looked at, agents obey at once, health checks pass, and
 * time advances until nothing moves. It doesn't wait for scale-in protection to expire, because it may be renewed.
 */
export class DrainRehearsal {
  readonly leavers: Leaver[] = [];
  /** Service name -> its new tasks, in the order they were started. */
  readonly arrivals = new Map<string, Arrival[]>();
  /** Until when tasks on the instances are protected. The rehearsal itself treats them as protected indefinitely. */
  readonly protectedUntil = new Map<string, number>();
  readonly #instanceIds: readonly string[];
  readonly #known = new Set<string>();
  #step: ClusterStep;
  #moment = 0;
  #visits = 0;
  #nextAt: number | null = null;
  readonly #asked = new Set<string>();

  /** `step` is a step on a copy of the cluster. The instances are ACTIVE or DRAINING. */
  constructor(step: ClusterStep, instanceIds: readonly string[]) {
    this.#step = step;
    this.#instanceIds = instanceIds;
  }

  /** The step at the current moment of the rehearsal. */
  get step(): ClusterStep {
    return this.#step;
  }

  /** Runs until nothing moves any more. False if it exceeds a limit, in rounds or in tasks looked at. */
  *play(rounds = roundsMax): Generator<undefined, boolean> {
    const { timeline, state } = this.#step;
    yield* this.#setAllOut();
    // LIMIT: if nothing moves for longer than ECS's longest pause, the drain waits for somebody to act.
    const quietMs = timeline.startBackoffMaxMs;
    let movedAt = this.#step.now;
    for (let round = 0; round < rounds && this.#visits < visitsMax; round++) {
      this.#nextAt = null;
      const looked = yield* this.#look();
      const answered = yield* this.#answer();
      if (looked + answered > 0) movedAt = this.#step.now;
      if (this.#isOver()) return true;
      const lookAt = state.serviceIndex.looks.nextAt();
      const next = earlier(lookAt, this.#nextAt);
      if (next === null || next - movedAt > quietMs) return true;
      this.#step = this.#step.later(Math.max(this.#step.now, next));
    }
    return false;
  }

  *#setAllOut(): Generator<undefined, void> {
    const { state } = this.#step;
    for (const id of this.#instanceIds) {
      for (const task of tasksOn(this.#step, id)) this.#setOut(task);
      yield;
    }
    const leaving = new Set(this.leavers.map(({ task }) => task.id));
    for (const name of this.arrivals.keys()) {
      this.#takeStock(name, leaving);
      yield;
    }
    for (const id of this.#instanceIds) {
      const instance = must(state.instances.get(id), "an instance to drain");
      if (instance.status !== "DRAINING") this.#step.changeInstance(withStatus(instance, "DRAINING", this.#step.now));
    }
    for (const name of this.arrivals.keys()) state.serviceIndex.looks.at(name, 0);
  }

  #setOut(task: Task): void {
    const serviceName = serviceNameOf(task);
    if (serviceName === null || !this.#isLive(serviceName)) return;
    if (!this.arrivals.has(serviceName)) this.arrivals.set(serviceName, []);
    if (task.desiredStatus === "STOPPED") return;
    this.leavers.push({ task, serviceName, stoppingMoment: null });
    if (task.protectedUntil === null || task.protectedUntil <= this.#step.now) return;
    this.protectedUntil.set(task.id, task.protectedUntil);
    this.#step.noteTask({ ...task, protectedUntil: Number.MAX_SAFE_INTEGER });
  }

  /** Existing tasks beyond what the service wants without its leavers already count as replacements. */
  #takeStock(serviceName: string, leaving: ReadonlySet<string>): void {
    const { serviceIndex, services, tasks } = this.#step.state;
    const all = [...serviceIndex.book.taskIdsOf(serviceName)].map((id) => must(tasks.get(id), "a task of a service"));
    for (const { id } of all) this.#known.add(id);
    const service = must(services.get(serviceName), "a service that is not INACTIVE");
    if (service.status !== "ACTIVE" || service.schedulingStrategy === "DAEMON") return;
    const { targetId } = rolloutOf(this.#step.state, serviceName);
    const staying = all.filter(({ id, desiredStatus }) => desiredStatus === "RUNNING" && !leaving.has(id));
    const ofTarget = staying.filter(({ startedBy }) => startedBy === targetId);
    const wanted = service.desiredCount - all.filter(({ id }) => leaving.has(id)).length;
    const newestFirst = ofTarget.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
    for (const task of newestFirst.slice(0, Math.max(0, ofTarget.length - Math.max(0, wanted)))) {
      const runningMoment = task.lastStatus === "RUNNING" ? 0 : null;
      must(this.arrivals.get(serviceName), "a service of the plan").push({ taskId: task.id, runningMoment });
    }
  }

  #isLive(serviceName: string): boolean {
    const status = this.#step.state.services.get(serviceName)?.status;
    return status === "ACTIVE" || status === "DRAINING";
  }

  /** Looks at the services that are due, daemons last because they leave last. Returns how many tasks were started and stopped. */
  *#look(): Generator<undefined, number> {
    const { looks, book } = this.#step.state.serviceIndex;
    let changes = 0;
    for (const name of looks.takeDue(this.#step.now)) {
      if (!this.arrivals.has(name)) continue;
      this.#visits += 3 * book.taskIdsOf(name).size;
      yield* this.#askExpressions(name);
      changes += lookAtService(this.#step, name);
      yield;
    }
    this.#moment += 1;
    for (const leaver of this.leavers) {
      const task = this.#step.state.tasks.get(leaver.task.id);
      if (task?.desiredStatus !== "RUNNING") leaver.stoppingMoment ??= this.#moment;
    }
    return changes;
  }

  /** Evaluates the expressions that the first look at a service needs for every instance, which may take longer than a slice. */
  *#askExpressions(serviceName: string): Generator<undefined, void> {
    if (this.#asked.has(serviceName)) return;
    this.#asked.add(serviceName);
    const { state } = this.#step;
    const service = must(state.services.get(serviceName), "a service of the plan");
    const { constraints } = placementOf(
      service,
      serviceTaskTemplate(this.#step, service, targetOfService(state, serviceName)),
      "EC2",
      null,
    );
    yield* askExpressions(state, constraints);
  }

  /** Lets agents and the network answer. Returns how many tasks moved. */
  *#answer(): Generator<undefined, number> {
    const { state } = this.#step;
    this.#moment += 1;
    let moves = 0;
    let looked = 0;
    for (const [name, arrivals] of this.arrivals) {
      for (const id of [...state.serviceIndex.book.taskIdsOf(name)]) {
        if (!this.#known.has(id)) {
          this.#known.add(id);
          arrivals.push({ taskId: id, runningMoment: null });
        }
        moves += this.#move(must(state.tasks.get(id), "a task of a service"));
        looked += 1;
        if (looked % tasksPerSlice === 0) yield;
      }
      for (const arrival of arrivals) {
        if (state.tasks.get(arrival.taskId)?.lastStatus === "RUNNING") arrival.runningMoment ??= this.#moment;
      }
    }
    for (const id of this.#instanceIds) {
      for (const task of tasksOn(this.#step, id)) {
        if (!this.arrivals.has(serviceNameOf(task) ?? "") && task.desiredStatus === "STOPPED")
          moves += this.#move(task);
      }
    }
    return moves;
  }

  #move(task: Task): number {
    const { timeline, now, state } = this.#step;
    this.#visits += 1;
    if (task.waitingFor !== null) return 0;
    const dueAt = task.lastStatus === "PENDING" ? null : taskStatusDueAt(task, timeline);
    if (dueAt !== null && dueAt > now) {
      this.#nextAt = earlier(this.#nextAt, dueAt);
      return 0;
    }
    if (dueAt !== null) {
      taskDue(this.#step, task);
      return 1;
    }
    if (!isAgentConnected(state, task.instanceId)) return 0;
    if (task.lastStatus === "RUNNING") return this.#check(task);
    if (task.lastStatus !== "PENDING" && task.lastStatus !== "ACTIVATING" && task.lastStatus !== "STOPPING") return 0;
    const status = task.desiredStatus === "STOPPED" ? "STOPPED" : "RUNNING";
    const containers = task.containers.map(({ name }) => ({ containerName: name, status }));
    takeStateChange(this.#step, { task: task.arn, status, containers }, null);
    this.#check(must(state.tasks.get(task.id), "a task that was reported"));
    return 1;
  }

  /** Lets pending health checks pass. */
  #check(task: Task): number {
    const unknown = task.containers.filter(({ healthStatus }) => healthStatus === "UNKNOWN");
    if (task.lastStatus !== "RUNNING" || task.instanceId === null || unknown.length === 0) return 0;
    const containers = unknown.map(({ name }) => ({ name, healthStatus: "HEALTHY" as const }));
    const tasks = [{ taskArn: task.arn, containers }];
    reportTaskHealth(this.#step, { type: "task-health", instanceId: task.instanceId, tasks });
    return 1;
  }

  /** True if the instances have no service tasks left and the services have as many tasks as they want. */
  #isOver(): boolean {
    const { state } = this.#step;
    const isLeft = (task: Task): boolean =>
      task.desiredStatus === "STOPPED" || this.arrivals.has(serviceNameOf(task) ?? "");
    if (this.#instanceIds.some((id) => tasksOn(this.#step, id).some(isLeft))) return false;
    return [...this.arrivals.keys()].every((name) => {
      const desired = state.services.get(name)?.desiredCount ?? 0;
      return state.serviceIndex.book.countsOf(name).running >= desired;
    });
  }
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
