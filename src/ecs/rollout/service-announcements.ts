import type { Service } from "../documents/service.ts";
import { isoTime } from "../events/iso-time.ts";
import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** AWS: the names of ECS Service Action events that Berth emits, each with its type. */
export const serviceActions = {
  SERVICE_STEADY_STATE: "INFO",
  CAPACITY_PROVIDER_STEADY_STATE: "INFO",
  SERVICE_DESIRED_COUNT_UPDATED: "INFO",
  TASKS_STARTED: "INFO",
  TASKS_STOPPED: "INFO",
  SERVICE_REBALANCING_STARTED: "INFO",
  SERVICE_REBALANCING_COMPLETED: "INFO",
  SERVICE_REBALANCING_STOPPED: "INFO",
  TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION: "INFO",
  SERVICE_TASK_START_IMPAIRED: "WARN",
  SERVICE_TASK_PLACEMENT_FAILURE: "ERROR",
  SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED: "ERROR",
} as const;
export type ServiceAction = keyof typeof serviceActions;

/** AWS: the names of ECS Deployment State Change events, each with its type. */
export const deploymentChanges = {
  SERVICE_DEPLOYMENT_IN_PROGRESS: "INFO",
  SERVICE_DEPLOYMENT_COMPLETED: "INFO",
  SERVICE_DEPLOYMENT_FAILED: "ERROR",
} as const;

/** Announces an action of a service. `more` are members of the detail that only some have. */
export function announceAction(
  step: ClusterStep,
  service: Service,
  eventName: ServiceAction,
  more: Readonly<Record<string, unknown>> = {},
): void {
  step.announceService({
    detailType: "ECS Service Action",
    resources: [service.arn],
    detail: {
      eventType: serviceActions[eventName],
      eventName,
      clusterArn: step.clusterArn,
      ...more,
      createdAt: isoTime(step.now),
    },
  });
}

/** Announces what became of a deployment. AWS: the detail names no cluster. */
export function announceDeployment(
  step: ClusterStep,
  service: Service,
  eventName: keyof typeof deploymentChanges,
  deploymentId: string,
  reason: string,
): void {
  step.announceService({
    detailType: "ECS Deployment State Change",
    resources: [service.arn],
    detail: {
      eventType: deploymentChanges[eventName],
      eventName,
      deploymentId,
      updatedAt: isoTime(step.now),
      reason,
    },
  });
}

/** Adds a line to a service's `events[]`, `text` without the prefix that names the service. AWS: the newest 100 are kept. */
export function tellService(step: ClusterStep, serviceName: string, text: string): void {
  const { serviceIndex, serviceEvents } = step.state;
  const keys = serviceIndex.eventKeysOf(serviceName);
  const last = keys.at(-1);
  const number = last === undefined ? 1 : Number(last.slice(last.lastIndexOf("/") + 1)) + 1;
  serviceEvents.put(`${serviceName}/${String(number).padStart(12, "0")}`, {
    id: step.random("service-event-id").uuid(),
    serviceName,
    number,
    createdAt: step.now,
    message: `(service ${serviceName}) ${text}`,
  });
  for (const key of serviceIndex.eventKeysOf(serviceName).slice(0, -limits.eventsPerService)) serviceEvents.delete(key);
}
