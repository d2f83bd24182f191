import { must } from "../../lib/assert.ts";
import {
  type Deployment,
  noBackoff,
  type ServiceDeployment,
  type ServiceDeploymentStatus,
} from "../documents/deployment.ts";
import { primaryOf, type Service } from "../documents/service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { failuresOf } from "./circuit-breaker.ts";
import { announceDeployment, tellService } from "./service-announcements.ts";
import { isUnderWay } from "./service-deployment-states.ts";
import { alarmsInAlarm, triggeredAlarms } from "./triggered-alarms.ts";

/**
 * The PRIMARY deployment has all its tasks, healthy, and the others have none: it is COMPLETED and the only one that is left.
 * AWS: the texts; a service deployment is SUCCESSFUL, or ROLLBACK_SUCCESSFUL when this was a rollback.
 */
export function completeDeployment(step: ClusterStep, name: string): void {
  const service = serviceNamed(step, name);
  const primary = primaryOf(service);
  const reason = `ECS deployment ${primary.id} completed.`;
  const completed: Deployment = {
    ...primary,
    rolloutState: "COMPLETED",
    rolloutStateReason: reason,
    updatedAt: step.now,
  };
  closeServiceDeployment(step, service, primary, (status) =>
    status === "ROLLBACK_IN_PROGRESS" || status === "ROLLBACK_REQUESTED" ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL",
  );
  step.state.services.put(name, { ...service, deployments: [completed] });
  tellService(step, name, `(deployment ${primary.id}) deployment completed.`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_COMPLETED", primary.id, reason);
}

/**
 * Drops the deployments before the PRIMARY one that have no task left, not even one that is on its way out. AWS: they are
 * INACTIVE then and shown no more; here but for one that can be rolled back to, and the one that a rollback goes away from.
 */
export function dropEmptyDeployments(step: ClusterStep, name: string): void {
  const service = serviceNamed(step, name);
  const { serviceIndex, tasks, serviceDeployments } = step.state;
  const failing = serviceDeployments.get(service.serviceDeploymentId)?.deploymentId;
  const stays = ({ id, status, rolloutState }: Deployment): boolean =>
    status === "PRIMARY" || rolloutState === "COMPLETED" || id === failing;
  // An ordinary rollout has no others, so that its many tasks need not be asked.
  if (service.deployments.every(stays)) return;
  const withTasks = new Set([...serviceIndex.book.taskIdsOf(name)].map((id) => tasks.get(id)?.startedBy));
  const deployments = service.deployments.filter((each) => stays(each) || withTasks.has(each.id));
  if (deployments.length < service.deployments.length) step.state.services.put(name, { ...service, deployments });
}

/** Why a deployment is given up. */
export type FailureCause = "circuit-breaker" | "alarm" | "rollback-requested" | "abort-requested";

/** What is said of each. AWS: the texts of the circuit breaker, and of alarms in the service's events. */
const said: Readonly<
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

/**
 * The PRIMARY deployment is given up. With `rollsBack` the newest COMPLETED one becomes PRIMARY again; without one, or without
 * the wish, the service stays as it is and starts no more tasks. AWS: the texts; a rolled-back deployment is IN_PROGRESS
 * again, so that it is no target of another rollback before it is COMPLETED.
 */
export function failDeployment(step: ClusterStep, name: string, cause: FailureCause, rollsBack: boolean): void {
  const service = serviceNamed(step, name);
  const primary = primaryOf(service);
  const target = rollsBack ? service.deployments.find(({ rolloutState }) => rolloutState === "COMPLETED") : undefined;
  const { told, who, announced } = said[cause];
  const failed: Deployment = {
    ...primary,
    rolloutState: "FAILED",
    rolloutStateReason: `${who}: ${told}`,
    updatedAt: step.now,
  };
  noteAlarms(step, service, primary);
  tellService(step, name, `(deployment ${primary.id}) deployment failed: ${told}`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_FAILED", primary.id, `${who}: ${announced}`);
  if (target === undefined) stay(step, service, failed, cause, rollsBack);
  else rollBack(step, service, failed, target, cause);
}

function noteAlarms(step: ClusterStep, service: Service, primary: Deployment): void {
  const known = step.state.serviceDeployments.get(service.serviceDeploymentId);
  const triggered = triggeredAlarms(step.state, service, primary);
  if (known === undefined || triggered.length === 0) return;
  step.state.serviceDeployments.put(known.id, { ...known, triggeredAlarms: triggered });
}

function stay(step: ClusterStep, service: Service, failed: Deployment, cause: FailureCause, wanted: boolean): void {
  closeServiceDeployment(
    step,
    service,
    failed,
    (status) => (status === "ROLLBACK_IN_PROGRESS" ? "ROLLBACK_FAILED" : "STOPPED"),
    wanted ? "No rollback candidate was found to run the rollback." : said[cause].status,
  );
  put(step, service, [failed]);
}

function rollBack(
  step: ClusterStep,
  service: Service,
  failed: Deployment,
  target: Deployment,
  cause: FailureCause,
): void {
  const reason = `${said[cause].who}: rolling back to deploymentId ${target.id}.`;
  const again: Deployment = {
    ...target,
    status: "PRIMARY",
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: reason,
    // That its tasks started once says nothing about those that are to start now.
    hasRun: false,
    breakerCount: 0,
    failedTasks: 0,
    startBackoff: noBackoff,
    // What made this necessary says nothing about the deployment that it goes back to.
    alarmsAtStart: alarmsInAlarm(step.state, service),
    bakesUntil: null,
    updatedAt: step.now,
  };
  const known = step.state.serviceDeployments.get(service.serviceDeploymentId);
  if (known !== undefined) {
    step.state.serviceDeployments.put(known.id, {
      ...known,
      status: "ROLLBACK_IN_PROGRESS",
      statusReason: said[cause].status,
      ...failuresOf(service, known, failed),
      rollback: { reason: said[cause].status, startedAt: step.now, revisionId: target.revisionId },
      updatedAt: step.now,
    });
  }
  put(step, service, [{ ...failed, status: "ACTIVE" }, again]);
  tellService(step, service.name, `rolling back to deployment ${target.id}.`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_IN_PROGRESS", target.id, reason);
}

/** Puts the given deployments in the place of those with the same ids. */
function put(step: ClusterStep, service: Service, changed: readonly Deployment[]): void {
  const deployments = service.deployments.map((known) => changed.find(({ id }) => id === known.id) ?? known);
  step.state.services.put(service.name, { ...service, deployments });
}

/** Closes the service deployment that runs, if it does. */
function closeServiceDeployment(
  step: ClusterStep,
  service: Service,
  deployment: Deployment,
  endOf: (status: ServiceDeploymentStatus) => ServiceDeploymentStatus,
  statusReason: string | null = null,
): void {
  const known = step.state.serviceDeployments.get(service.serviceDeploymentId);
  if (known === undefined || !isUnderWay(known)) return;
  const status = endOf(known.status);
  const ended: ServiceDeployment = {
    ...known,
    status,
    statusReason: statusReason ?? known.statusReason,
    ...failuresOf(service, known, deployment),
    finishedAt: step.now,
    stoppedAt: status === "STOPPED" ? step.now : null,
    updatedAt: step.now,
  };
  step.state.serviceDeployments.put(known.id, ended);
}

const serviceNamed = (step: ClusterStep, name: string): Service => must(step.state.services.get(name), "a service");
