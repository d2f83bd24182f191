import { drainStart } from "../container-instances/note-drain.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { isOfPlacement } from "../documents/impediment.ts";
import { serviceNameOf } from "../documents/service.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import { isoTime } from "../events/iso-time.ts";
import { impedimentText } from "../rollout/impediment-text.ts";
import { isImpaired } from "../rollout/start-backoff.ts";
import { movesOf } from "../service-plan/plan-service.ts";
import type { TaskMoves } from "../service-plan/service-plan.ts";
import { tasksBeforeDaemons } from "../service-view/daemon-spots.ts";
import { type ServiceTask, type ServiceView, viewService } from "../service-view/service-view.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { belongsToAgent } from "../task-life/deliver-tasks.ts";

/** What a task on a draining instance waits for. Those in the first group resolve by themselves. */
export type HoldReason =
  | "STOPPING"
  | "STOPS_NEXT"
  | "DAEMON_LAST"
  | "REPLACEMENT_STARTS"
  | "REPLACEMENT_NOT_HEALTHY"
  | "ROOM_BECOMES_FREE"
  // Those below need somebody to act.
  | "STANDALONE"
  | "PROTECTED"
  | "PERCENTAGES"
  | "NO_PLACE"
  | "TASKS_DO_NOT_START"
  | "DEPLOYMENT_FAILED"
  | "AGENT_DISCONNECTED";

/** What keeps a task on a draining instance. */
export type DrainHold = {
  readonly reason: HoldReason;
  readonly detail: string;
  readonly since: number;
  /** False if it resolves by itself. */
  readonly blocks: boolean;
};

/**
 * Says what keeps tasks on draining instances, according to the scheduler itself: its view and plan of a service, and its notes. Valid for
 * one moment of one step.
 */
export class DrainHolds {
  readonly #step: ClusterStep;
  readonly #services = new Map<string, { view: ServiceView; plan: TaskMoves } | null>();

  constructor(step: ClusterStep) {
    this.#step = step;
  }

  /** What keeps `task`, which holds resources on `instance`. */
  of(task: Task, instance: ContainerInstance): DrainHold {
    const since = Math.max(drainStart(this.#step.state, instance), task.createdAt);
    if (task.desiredStatus === "STOPPED") return this.#ofStopping(task, instance, since);
    const name = serviceNameOf(task);
    const known = name === null ? null : this.#service(name);
    if (known === null) {
      const detail = "It belongs to no service: it leaves when it ends or is stopped.";
      return { reason: "STANDALONE", detail, since, blocks: true };
    }
    const { view, plan } = known;
    if (plan.stops.some((stop) => stop.task.id === task.id)) {
      return { reason: "STOPS_NEXT", detail: "It is about to be stopped.", since, blocks: false };
    }
    if (task.protectedUntil !== null && task.protectedUntil > this.#step.now) {
      const detail = `It is protected from scale-in until ${isoTime(task.protectedUntil)}.`;
      return { reason: "PROTECTED", detail, since, blocks: true };
    }
    if (view.service.schedulingStrategy === "DAEMON") return this.#ofDaemon(instance, since);
    return this.#ofReplica(view, plan, since);
  }

  #service(name: string): { view: ServiceView; plan: TaskMoves } | null {
    let known = this.#services.get(name);
    if (known === undefined) {
      const service = this.#step.state.services.get(name);
      const isThere = service !== undefined && service.status !== "INACTIVE";
      const view = isThere ? viewService(this.#step, service) : null;
      known = view === null ? null : { view, plan: movesOf(this.#step, view) };
      this.#services.set(name, known);
    }
    return known;
  }

  #ofStopping(task: Task, instance: ContainerInstance, since: number): DrainHold {
    const toldAt = task.stoppingAt ?? since;
    if (instance.agentConnected || !belongsToAgent(task)) {
      return { reason: "STOPPING", detail: "It is being stopped.", since: toldAt, blocks: false };
    }
    const detail =
      "It should stop, but the agent of its container instance is not connected, so nobody knows whether it has.";
    const goneAt = Math.max(toldAt, instance.disconnectedAt ?? toldAt);
    return { reason: "AGENT_DISCONNECTED", detail, since: goneAt, blocks: true };
  }

  #ofDaemon({ id }: ContainerInstance, since: number): DrainHold {
    const others = tasksBeforeDaemons(this.#step.state, id).length;
    const detail = `Daemons leave last: ${others} other ${others === 1 ? "task is" : "tasks are"} still there.`;
    return { reason: "DAEMON_LAST", detail, since, blocks: false };
  }

  #ofReplica(view: ServiceView, plan: TaskMoves, since: number): DrainHold {
    const { target, progress, condition } = view;
    const hold = (reason: HoldReason, detail: string, from: number, blocks: boolean): DrainHold => ({
      reason,
      detail,
      since: Math.max(since, from),
      blocks,
    });
    if (plan.hindrance === "deployment-failed") {
      const detail = `A failed deployment replaces no tasks: ${target.rolloutStateReason}`;
      return hold("DEPLOYMENT_FAILED", detail, target.updatedAt, true);
    }
    const { impediment } = condition;
    if (plan.hindrance === "deployment-configuration") {
      const from = impediment?.reason.type === "deployment-configuration" ? impediment.since : since;
      return hold("PERCENTAGES", percentagesDetail(view), from, true);
    }
    if (plan.starts.length > 0) {
      const message = impediment === null ? "" : `The service ${impedimentText(impediment.reason)}`;
      if (isImpaired(progress.startBackoff)) {
        const detail = "Tasks of its service do not start, so there is no replacement.";
        return hold("TASKS_DO_NOT_START", impediment === null ? detail : message, impediment?.since ?? since, true);
      }
      if (impediment !== null && isOfPlacement(impediment.reason)) {
        return hold("NO_PLACE", message, impediment.since, true);
      }
      return hold("REPLACEMENT_STARTS", "Its replacement is about to be started.", since, false);
    }
    return this.#ofMotion(view, hold);
  }

  /** Started tasks must become healthy, or stopping tasks go away; neither happens while the agent is away. */
  #ofMotion(
    { service, keepers }: ServiceView,
    hold: (reason: HoldReason, detail: string, from: number, blocks: boolean) => DrainHold,
  ): DrainHold {
    const awaited = keepers.filter(({ isHealthy }) => !isHealthy).map(({ task }: ServiceTask) => task);
    const [first] = awaited.length > 0 ? awaited : this.#stoppingOf(service.name);
    if (first === undefined) return hold("REPLACEMENT_STARTS", "Its replacement is about to be started.", 0, false);
    if (first.waitingFor !== null) {
      const provider = first.capacityProviderName ?? "";
      const detail = `Its replacement (task ${first.id}) waits for capacity of the capacity provider ${provider}.`;
      return hold("NO_PLACE", detail, first.createdAt, true);
    }
    const what = awaited.length > 0 ? "to be healthy" : "to be gone";
    const isOutOfReach = (awaited.length > 0 ? awaited : [first]).every((task) => this.#lacksAgent(task));
    if (isOutOfReach) {
      const instance = first.instanceId === null ? undefined : this.#step.state.instances.get(first.instanceId);
      const detail = `It waits for (task ${first.id}) ${what}, but the agent of (container-instance ${first.instanceId}) is not connected.`;
      return hold("AGENT_DISCONNECTED", detail, instance?.disconnectedAt ?? 0, true);
    }
    return awaited.length > 0
      ? hold("REPLACEMENT_NOT_HEALTHY", `It waits for (task ${first.id}) to be healthy.`, first.createdAt, false)
      : hold("ROOM_BECOMES_FREE", `It waits for (task ${first.id}) to be gone.`, first.stoppingAt ?? 0, false);
  }

  #stoppingOf(serviceName: string): Task[] {
    const { serviceIndex, tasks } = this.#step.state;
    const all = [...serviceIndex.book.taskIdsOf(serviceName)].sort().map((id) => tasks.get(id));
    const stopping = all.filter((task) => task !== undefined && task.desiredStatus === "STOPPED");
    const open = stopping.filter((task) => task !== undefined && holdsResources(task)) as Task[];
    return open.sort((a, b) => Number(this.#lacksAgent(a)) - Number(this.#lacksAgent(b)));
  }

  #lacksAgent(task: Task): boolean {
    const instance = task.instanceId === null ? undefined : this.#step.state.instances.get(task.instanceId);
    return instance !== undefined && !instance.agentConnected && belongsToAgent(task);
  }
}

/** Why a service's percentages let neither a replacement start nor a task stop, and which ones would. */
function percentagesDetail(view: ServiceView): string {
  const { desiredCount, deploymentConfiguration } = view.service;
  const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
  const { lower, upper } = view;
  const there = view.keepers.length + view.leavers.length + view.stopping;
  const healthy = [...view.keepers, ...view.leavers].filter(({ serves }) => serves).length;
  const most = Math.ceil(((there + 1) * 100) / Math.max(1, desiredCount));
  const least = Math.floor((Math.max(0, healthy - 1) * 100) / Math.max(1, desiredCount));
  const bounds = `minimumHealthyPercent ${minimumHealthyPercent} and maximumPercent ${maximumPercent} keep at least ${lower} and at most ${upper} tasks`;
  return `With ${desiredCount} wanted, ${bounds}: no task can start or stop. A maximumPercent of ${most} or a minimumHealthyPercent of ${least} would let it leave.`;
}
