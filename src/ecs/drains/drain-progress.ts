import { must } from "../../lib/assert.ts";
import { drainStart } from "../container-instances/note-drain.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import type { Failure } from "../references/referenced-container-instance.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { type DrainHold, DrainHolds } from "./drain-hold.ts";

/** The progress of a drain, in the shape of the replies. */
export type DrainProgress = {
  readonly containerInstanceArn: string;
  readonly ec2InstanceId: string | null;
  readonly status: string;
  readonly startedAt: number | null;
  readonly deadlineAt: number | null;
  readonly tasksAtStart: number | null;
  readonly tasksRemaining: number;
  readonly remaining: readonly RemainingTask[];
  readonly blockers: readonly DrainBlocker[];
  readonly finished: boolean;
};

export type RemainingTask = {
  readonly taskArn: string;
  readonly service: string | null;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  /** What it waits for, including blockers; null if the instance isn't draining. */
  readonly reason: string | null;
  readonly detail: string | null;
  readonly since: number | null;
};

export type DrainBlocker = {
  readonly taskArn: string;
  readonly service: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly since: number;
};

export type DrainsReply = { readonly drains: readonly DrainProgress[]; readonly failures: readonly Failure[] };

/** The progress of each instance's drain. An instance that isn't draining has neither a start nor blockers. */
export function describeDrains(step: ClusterStep, instanceIds: readonly string[]): DrainProgress[] {
  const holds = new DrainHolds(step);
  return instanceIds.map((id) => describe(step, id, holds));
}

function describe(step: ClusterStep, id: string, holds: DrainHolds): DrainProgress {
  const { state } = step;
  const instance = must(state.instances.get(id), "an instance to describe");
  const drain = state.drains.get(id);
  const drains = instance.status === "DRAINING";
  const kept = tasksOn(step, id).map((task) => ({ task, hold: drains ? holds.of(task, instance) : null }));
  return {
    containerInstanceArn: instance.arn,
    ec2InstanceId: instance.ec2InstanceId,
    status: instance.status,
    startedAt: drains ? drainStart(state, instance) : null,
    deadlineAt: drain?.deadlineAt ?? null,
    tasksAtStart: drains ? (drain?.tasksAtStart ?? kept.length) : null,
    tasksRemaining: kept.length,
    remaining: kept.map(({ task, hold }) => ({
      ...namesOf(task),
      lastStatus: task.lastStatus,
      desiredStatus: task.desiredStatus,
      reason: hold?.reason ?? null,
      detail: hold?.detail ?? null,
      since: hold?.since ?? null,
    })),
    blockers: kept.flatMap(({ task, hold }) => (hold?.blocks === true ? [blockerOf(task, hold)] : [])),
    finished: instance.status !== "ACTIVE" && kept.length === 0,
  };
}

/** The tasks that hold resources on an instance, sorted by id. */
export const tasksOn = ({ state }: ClusterStep, instanceId: string): Task[] =>
  [...state.book.usageOf(instanceId).taskIds].sort().map((id) => must(state.tasks.get(id), "a task of the book"));

export const namesOf = (task: Task) => ({ taskArn: task.arn, service: serviceNameOf(task) });

const blockerOf = (task: Task, { reason, detail, since }: DrainHold): DrainBlocker => ({
  ...namesOf(task),
  reason,
  detail,
  since,
});
