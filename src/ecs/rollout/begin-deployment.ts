import type { RandomStream } from "../../lib/random.ts";
import { serviceDeploymentArn, serviceRevisionArn } from "../arn.ts";
import type { Deployment, ServiceDeployment, ServiceRevision } from "../documents/deployment.ts";
import { type Rollout, targetOf, withDeployments } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { progressOf } from "../state/service-documents.ts";
import { putRollout } from "./change-standing.ts";
import { failuresOf } from "./circuit-breaker.ts";
import { announceDeployment } from "./service-announcements.ts";
import { endedAt } from "./service-deployment-states.ts";
import { forgetExpiredHistory } from "./service-history.ts";
import { alarmsInAlarm } from "./triggered-alarms.ts";

/** What a new service revision is made of, beside its service. */
export type RevisionMembers = Pick<
  ServiceRevision,
  "launchType" | "capacityProviderStrategy" | "platformVersion" | "networkConfiguration"
> & { readonly definition: TaskDefinition };

/**
 * Begins to bring `service` to a new revision: makes the revision, the service deployment and the deployment, which becomes the
 * target of the rollout, ends the service deployment that runs, and announces the new one. Puts the service, which may be new.
 * AWS: CreateService and every update that changes what tasks are started of come here; scaling does not.
 */
export function beginDeployment(step: ClusterStep, service: Service, members: RevisionMembers): void {
  const revision = newRevision(step, service, members);
  // The task definition's document is kept as long as revisions name it, so that tasks can be started at any time.
  if (!step.state.revisions.has(revision.taskDefinitionArn)) {
    step.state.revisions.put(revision.taskDefinitionArn, members.definition);
  }
  step.state.serviceRevisions.put(revision.id, revision);
  endServiceDeployment(step, service, "A newer service deployment took the place of this one.");
  // AWS: a deployment has the number of its service revision. Terraform finds the service deployment that it waits for by it.
  const id = `ecs-svc/${revision.id}`;
  const deployment: Deployment = {
    id,
    revisionId: revision.id,
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    alarmsAtStart: alarmsInAlarm(step.state, service),
    bakesUntil: null,
    createdAt: step.now,
    updatedAt: step.now,
  };
  const former = step.state.rollouts.get(service.name);
  const serviceDeployment = newServiceDeployment(step, service, former, deployment);
  step.state.serviceDeployments.put(serviceDeployment.id, serviceDeployment);
  step.state.services.put(service.name, service);
  const others = former === undefined ? [] : withUpdatedTarget(former, step.now).deployments;
  putRollout(step, {
    serviceName: service.name,
    targetId: id,
    deployments: [deployment, ...others],
    serviceDeploymentId: serviceDeployment.id,
  });
  const isNews = { steadySince: null, impediment: null, impedimentsTold: [] };
  const condition = step.state.serviceConditions.get(service.name);
  if (condition !== undefined) step.state.serviceConditions.put(service.name, { ...condition, ...isNews });
  forgetExpiredHistory(step, service.name);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_IN_PROGRESS", id, deployment.rolloutStateReason);
}

/** Ends the service deployment that runs, if one does, because of something that is not its own success or failure. */
export function endServiceDeployment(step: ClusterStep, service: Service, statusReason: string): void {
  const rollout = step.state.rollouts.get(service.name);
  const running = step.state.serviceDeployments.get(rollout?.serviceDeploymentId ?? "");
  if (rollout === undefined || running === undefined) return;
  const isThere = rollout.deployments.some(({ id }) => id === running.deploymentId);
  const progress = isThere ? progressOf(step.state, service.name, running.deploymentId) : null;
  const ended = endedAt(running, step.now, statusReason, failuresOf(service, running, progress));
  if (ended !== running) step.state.serviceDeployments.put(running.id, ended);
}

function newRevision(step: ClusterStep, service: Service, members: RevisionMembers): ServiceRevision {
  const { definition, ...choice } = members;
  const id = digits(step.random("service-revision-id"));
  return {
    id,
    arn: serviceRevisionArn(step.place, step.clusterName, service.name, id),
    serviceName: service.name,
    taskDefinitionArn: definition.arn,
    ...choice,
    containerImages: definition.containerDefinitions.map(({ name, image }) => ({ containerName: name, image })),
    createdAt: step.now,
  };
}

function newServiceDeployment(
  step: ClusterStep,
  service: Service,
  former: Rollout | undefined,
  deployment: Deployment,
): ServiceDeployment {
  const id = urlSafe(step.random("service-deployment-id"));
  const withTasks = (former?.deployments ?? []).filter((each) => {
    const { running, pending } = step.state.serviceIndex.book.countsOf(service.name, each.id);
    return running + pending > 0;
  });
  return {
    id,
    arn: serviceDeploymentArn(step.place, step.clusterName, service.name, id),
    serviceName: service.name,
    deploymentId: deployment.id,
    status: "IN_PROGRESS",
    statusReason: null,
    sourceRevisionIds: [...new Set(withTasks.map(({ revisionId }) => revisionId))],
    targetRevisionId: deployment.revisionId,
    deploymentConfiguration: service.deploymentConfiguration,
    failureCount: 0,
    failureThreshold: null,
    triggeredAlarms: [],
    rollback: null,
    createdAt: step.now,
    startedAt: step.now,
    finishedAt: null,
    stoppedAt: null,
    updatedAt: step.now,
  };
}

/** AWS: a deployment that another one takes the place of is updated then. */
const withUpdatedTarget = (rollout: Rollout, now: number): Rollout =>
  withDeployments(rollout, [{ ...targetOf(rollout), updatedAt: now }]);

/** AWS: 19 digits, in no order of time. */
function digits(chance: RandomStream): string {
  let text = String(1 + chance.below(9));
  while (text.length < 19) text += String(chance.below(10));
  return text;
}

const urlSafeCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/** AWS: 21 characters that go into a URL as they are. */
function urlSafe(chance: RandomStream): string {
  let text = "";
  while (text.length < 21) text += urlSafeCharacters.charAt(chance.below(urlSafeCharacters.length));
  return text;
}
