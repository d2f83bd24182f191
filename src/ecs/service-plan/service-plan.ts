import type { ImpedimentReason } from "../documents/impediment.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import type { Task } from "../documents/task.ts";
import type { GivingUp } from "../rollout/rollout-changes.ts";
import type { ServiceAction } from "../rollout/service-announcements.ts";
import type { LeaveReason } from "../service-view/service-view.ts";
import type { PlacementProblem } from "./placement-problem.ts";

/** Why a look at a service stops a task. */
export type StopReason =
  | LeaveReason
  | "surplus"
  | "rebalanced"
  /** AWS: the constraints of a DAEMON service hold for its running tasks too. */
  | "violating";

export type PlannedStop = { readonly task: Task; readonly why: StopReason };

/** Tasks of a deployment to start. */
export type PlannedStart = {
  readonly deploymentId: string;
  readonly count: number;
  /** Where each may go: on one of these container instances, no two on one; null when placement chooses. */
  readonly instanceIds: readonly string[] | null;
};

/** Why tasks that are to go stay for now, from the strongest reason on. */
export type Hindrance =
  /** AWS: the percentages leave no room to start or stop any; only a changed configuration helps. */
  | "deployment-configuration"
  /** AWS: a deployment that failed starts no tasks. */
  | "deployment-failed"
  /** Tasks are being started or stopped, become healthy soon, or are protected for now. */
  | "in-motion";

/** One decision about a service. `applyPlan` carries them out in their order. */
export type PlanItem =
  // Tasks.
  | { readonly type: "stop"; readonly stops: readonly (PlannedStop & { readonly stoppedReason: string })[] }
  | ({ readonly type: "start" } & PlannedStart)
  /** Starts one task in the first of the zones that has room for it. */
  | { readonly type: "move"; readonly deploymentId: string; readonly zones: readonly string[] }
  /** What the service lacks room in for its tasks. */
  | { readonly type: "room"; readonly lacks: "instances" | "fargate" | null }
  // The rollout.
  | { readonly type: "give-up"; readonly givingUp: GivingUp }
  | { readonly type: "complete" }
  /** The rollout has all it wants, and is over at this moment unless an alarm fails it. */
  | { readonly type: "bake"; readonly until: number }
  /** Deployments that nothing comes of any more. */
  | { readonly type: "drop"; readonly deploymentIds: readonly string[] }
  /** The circuit breaker counts tasks that fail their checks; null: it begins again. */
  | { readonly type: "count-failures"; readonly deploymentId: string; readonly tasks: number | null }
  // The service.
  /** AWS: the desired count of a DAEMON service is the number of instances that match. */
  | { readonly type: "count"; readonly desiredCount: number }
  | { readonly type: "retire" }
  /** What becomes of its condition: its impediment, its steadiness, its rebalance. */
  | { readonly type: "condition"; readonly members: Partial<Omit<ServiceCondition, "serviceName">> }
  /** A line of its events, and an event. */
  | { readonly type: "say"; readonly line: string | null; readonly event: PlannedEvent | null }
  /** When time alone asks for the next look. */
  | { readonly type: "look"; readonly at: number };

export type PlannedEvent = { readonly name: ServiceAction; readonly detail: Readonly<Record<string, unknown>> };

/** Why something is in the way, and the members of the event about it. */
export type Obstacle = { readonly reason: ImpedimentReason; readonly detail: Readonly<Record<string, unknown>> };

/** What came of starting tasks: those that were, why no more were, and the zone that was chosen for a `move`. */
export type Outcome = {
  readonly taskIds: readonly string[];
  readonly problem: PlacementProblem | null;
  readonly zone: string | null;
};

export const nothingStarted: Outcome = { taskIds: [], problem: null, zone: null };

/** How many tasks a deployment has beyond what is wanted. */
export type SetSurplus = { readonly deploymentId: string; readonly count: number };

/** What is to be done about a service's tasks now, before it is cut to what a look may do. */
export type TaskMoves = {
  readonly starts: readonly PlannedStart[];
  readonly stops: readonly PlannedStop[];
  /** The sets that keep more tasks than they are to have; which of them go is for the placement strategy to say. */
  readonly surplus: readonly SetSurplus[];
  /** Why the leavers that are not stopped stay; null when there are none. */
  readonly hindrance: Hindrance | null;
};

/** A look's plan, and what its conclusions need to know about it. */
export type ServicePlan = {
  readonly items: readonly PlanItem[];
  readonly moves: TaskMoves;
  /** How many tasks the plan stops. */
  readonly stopped: number;
  /** True when there is more to stop than a look does. */
  readonly stopsLeft: boolean;
};
