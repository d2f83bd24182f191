import type { PlacementRequest } from "../documents/placement-request.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";

/**
 * Names the tasks among which spread counts. A standalone task counts with its group. A service's task counts with its deployment only:
 * tasks of earlier deployments will be replaced, and if a rollout counted them, it would avoid their instances and end as uneven as they
 * are.
 */
export const spreadKey = ({ group, deploymentId = null }: Pick<PlacementRequest, "group" | "deploymentId">): string =>
  deploymentId === null ? group : `${group}\n${deploymentId}`;

/** The spread key of an existing task. */
export const spreadKeyOf = (task: Task): string =>
  spreadKey({ group: task.group, deploymentId: serviceNameOf(task) === null ? null : task.startedBy });

/** False for a task that is about to go: it should stop, or it is a service's and fails its health checks. */
export const countsInSpread = (task: Task): boolean =>
  task.desiredStatus === "RUNNING" && (task.healthStatus !== "UNHEALTHY" || serviceNameOf(task) === null);
