/** What the drain operations answer, as it travels: times are epoch seconds. */

export type TaskOfService = { readonly taskArn: string; readonly service?: string };

export type DrainBlocker = TaskOfService & {
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
  readonly tasksAtStart: number;
  readonly tasksRemaining: number;
  readonly remaining: readonly (TaskOfService & { readonly lastStatus: string; readonly desiredStatus: string })[];
  readonly blockers: readonly DrainBlocker[];
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
  readonly stops: readonly (TaskOfService & OnInstance & { readonly reason: string })[];
  readonly blockers: readonly (TaskOfService & OnInstance & { readonly reason: string; readonly detail?: string })[];
  readonly stays: readonly (TaskOfService & OnInstance & { readonly reason: string })[];
  readonly finishes: boolean;
};
