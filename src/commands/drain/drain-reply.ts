/** The replies of the drain operations on the wire: times are epoch seconds. */

export type TaskOfService = { readonly taskArn: string; readonly service?: string };

/** A task and what it waits for. */
export type DrainHold = TaskOfService & {
  readonly reason: string;
  readonly detail?: string;
  readonly since?: number;
};

export type Drain = {
  readonly containerInstanceArn: string;
  readonly ec2InstanceId?: string;
  readonly status: string;
  readonly startedAt?: number;
  readonly deadlineAt?: number;
  /** Absent if the instance is not draining. */
  readonly tasksAtStart?: number;
  readonly tasksRemaining: number;
  /** All of them, blocked or not. Those of a draining instance have a reason. */
  readonly remaining: readonly (TaskOfService & Partial<Omit<DrainHold, keyof TaskOfService>>)[];
  readonly blockers: readonly DrainHold[];
  readonly finished: boolean;
};

export type Failure = { readonly arn: string; readonly reason: string };

export type DrainsReply = { readonly drains: readonly Drain[]; readonly failures: readonly Failure[] };

export type CancelDrainReply = {
  readonly containerInstances: readonly string[];
  readonly failures: readonly Failure[];
};

type OnInstance = { readonly containerInstanceArn: string };

export type DrainPlan = {
  readonly containerInstances: readonly string[];
  readonly moves: readonly (TaskOfService & {
    readonly fromContainerInstanceArn: string;
    readonly toContainerInstanceArn?: string;
    readonly startsFirst: boolean;
  })[];
  readonly stops: readonly (TaskOfService & OnInstance & { readonly reason: string; readonly detail?: string })[];
  readonly blockers: readonly (TaskOfService & OnInstance & { readonly reason: string; readonly detail?: string })[];
  readonly stays: readonly (TaskOfService & OnInstance & { readonly reason: string })[];
  readonly finishes: boolean;
};
