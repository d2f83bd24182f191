import type { PlacementRequest } from "../documents/placement-request.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";

/**
 * Names the tasks among which spread counts. A standalone task counts with its group. A task of a service counts with those of
 * its deployment: tasks of earlier deployments are about to be replaced, and a rollout that counted them would put the new
 * tasks where the old ones are not and end as uneven as the old ones allow.
 */
export const spreadKey = ({ group, deploymentId = null }: Pick<PlacementRequest, "group" | "deploymentId">): string =>
  deploymentId === null ? group : `${group}\n${deploymentId}`;

/** The spread key of a task that is there. */
export const spreadKeyOf = (task: Task): string =>
  spreadKey({ group: task.group, deploymentId: serviceNameOf(task) === null ? null : task.startedBy });

/** False for a task that is on its way out: it is wanted STOPPED, or it is a service's and fails its health checks. */
export const countsInSpread = (task: Task): boolean =>
  task.desiredStatus === "RUNNING" && (task.healthStatus !== "UNHEALTHY" || serviceNameOf(task) === null);
