/** How a rollout changes when a deployment ends. Pure: a plan looks at what comes of a change before anything is written. */
import type { Deployment } from "../documents/deployment.ts";
import { type Rollout, targetOf, withDeployments } from "../documents/rollout.ts";

/** Why a deployment is given up. */
export type FailureCause = "circuit-breaker" | "alarm" | "rollback-requested" | "abort-requested";

/** A decision to give up the target of a rollout. */
export type GivingUp = {
  readonly cause: FailureCause;
  /** The deployment to go back to; null when the service stays as it is and starts no more tasks. */
  readonly backTo: string | null;
  /** False when nobody wants a rollback; true without `backTo` when there is nothing to go back to. */
  readonly wantsRollback: boolean;
  /** The alarms that fail the deployment. */
  readonly triggeredAlarms: readonly string[];
  /** The service's alarms that are in ALARM: those say nothing about the deployment to go back to. */
  readonly alarmsNow: readonly string[];
};

/** AWS: what is said of each cause: the texts of the circuit breaker, and of alarms in the service's events. */
export const causes: Readonly<
  Record<
    FailureCause,
    { readonly told: string; readonly who: string; readonly announced: string; readonly status: string }
  >
> = {
  "circuit-breaker": {
    told: "tasks failed to start.",
    who: "ECS deployment circuit breaker",
    announced: "task failed to start.",
    status: "The deployment circuit breaker was triggered: tasks failed to start.",
  },
  alarm: {
    told: "alarm detected.",
    who: "ECS deployment alarms",
    announced: "alarm detected.",
    status: "An alarm of the deployment is in state ALARM.",
  },
  "rollback-requested": {
    told: "stopped by user.",
    who: "StopServiceDeployment",
    announced: "stopped by user.",
    status: "A rollback was requested by StopServiceDeployment.",
  },
  "abort-requested": {
    told: "stopped by user.",
    who: "StopServiceDeployment",
    announced: "stopped by user.",
    status: "A stop was requested by StopServiceDeployment.",
  },
};

/** The target is COMPLETED, and the only deployment that is left. */
export function completed(rollout: Rollout, now: number): Rollout {
  const target = targetOf(rollout);
  const rolloutStateReason = `ECS deployment ${target.id} completed.`;
  return {
    ...rollout,
    deployments: [{ ...target, rolloutState: "COMPLETED", rolloutStateReason, updatedAt: now }],
  };
}

/**
 * The target is FAILED. With `backTo` that deployment is the target again. AWS: it is IN_PROGRESS again, so that it is no target of another
 * rollback before it is COMPLETED.
 */
export function givenUp(rollout: Rollout, { cause, backTo, alarmsNow }: GivingUp, now: number): Rollout {
  const { who, told } = causes[cause];
  const target = targetOf(rollout);
  const failed: Deployment = {
    ...target,
    rolloutState: "FAILED",
    rolloutStateReason: `${who}: ${told}`,
    updatedAt: now,
  };
  if (backTo === null) return withDeployments(rollout, [failed]);
  const again: Deployment = {
    ...targetOf({ ...rollout, targetId: backTo }),
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: `${who}: rolling back to deploymentId ${backTo}.`,
    alarmsAtStart: alarmsNow,
    bakesUntil: null,
    updatedAt: now,
  };
  return { ...withDeployments(rollout, [failed, again]), targetId: backTo };
}

/** The target has all that is wanted, and is COMPLETED at `until` unless an alarm fails it before. */
export const baking = (rollout: Rollout, until: number): Rollout =>
  withDeployments(rollout, [{ ...targetOf(rollout), bakesUntil: until }]);

/** The rollout without some of its deployments. */
export const without = (rollout: Rollout, deploymentIds: readonly string[]): Rollout => ({
  ...rollout,
  deployments: rollout.deployments.filter(({ id }) => !deploymentIds.includes(id)),
});

/**
 * The ids of the deployments that nothing comes of any more: they have no task left, not even one that is on its way out. AWS: they are
 * INACTIVE then and shown no more; here except one that can be rolled back to, and `failingId`, which a rollback goes away from.
 * `hasTasks` is asked only about those that may go.
 */
export function emptyDeployments(
  { deployments, targetId }: Rollout,
  failingId: string | null,
  hasTasks: (id: string) => boolean,
): string[] {
  const mayGo = ({ id, rolloutState }: Deployment): boolean =>
    id !== targetId && rolloutState !== "COMPLETED" && id !== failingId;
  return deployments.filter((deployment) => mayGo(deployment) && !hasTasks(deployment.id)).map(({ id }) => id);
}
