import type { ServiceDeployment, ServiceDeploymentStatus } from "../documents/deployment.ts";

/** What StopServiceDeployment does in a state: it takes the request, has nothing left to do, or conflicts. */
export type StopAnswer = "takes" | "is-stopping" | "conflict";

/** AWS: the states in which a service deployment can be stopped, and those in which that is under way already. */
export const stopAnswers: Readonly<Record<ServiceDeploymentStatus, StopAnswer>> = {
  PENDING: "takes",
  IN_PROGRESS: "takes",
  STOP_REQUESTED: "is-stopping",
  ROLLBACK_REQUESTED: "is-stopping",
  ROLLBACK_IN_PROGRESS: "is-stopping",
  STOPPED: "conflict",
  SUCCESSFUL: "conflict",
  ROLLBACK_SUCCESSFUL: "conflict",
  ROLLBACK_FAILED: "conflict",
};

/**
 * How a service deployment ends that a newer one supersedes, or whose service is deleted; null for one that is over.
 * AWS: a deployment goes by STOP_REQUESTED to STOPPED, which is one step here; a rollback that has begun can only succeed or fail.
 */
const statusWhenEnded: Readonly<Record<ServiceDeploymentStatus, ServiceDeploymentStatus | null>> = {
  PENDING: "STOPPED",
  IN_PROGRESS: "STOPPED",
  STOP_REQUESTED: "STOPPED",
  ROLLBACK_REQUESTED: "STOPPED",
  ROLLBACK_IN_PROGRESS: "ROLLBACK_FAILED",
  STOPPED: null,
  SUCCESSFUL: null,
  ROLLBACK_SUCCESSFUL: null,
  ROLLBACK_FAILED: null,
};

/** True for a service deployment that is not over. */
export const isUnderWay = ({ status }: ServiceDeployment): boolean => statusWhenEnded[status] !== null;

/** `deployment` as it is when it ends at `now` for the sake of something else; the same document when it was over before. */
export function endedAt(
  deployment: ServiceDeployment,
  now: number,
  statusReason: string,
  failures: Pick<ServiceDeployment, "failureCount" | "failureThreshold">,
): ServiceDeployment {
  const status = statusWhenEnded[deployment.status];
  if (status === null) return deployment;
  const stoppedAt = status === "STOPPED" ? now : null;
  return { ...deployment, status, statusReason, ...failures, stoppedAt, finishedAt: now, updatedAt: now };
}
