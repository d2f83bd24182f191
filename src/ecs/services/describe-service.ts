import { clusterArn } from "../arn.ts";
import type { Deployment, DeploymentConfiguration, ServiceRevision } from "../documents/deployment.ts";
import { targetOf } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import type { TaskCounts } from "../indexes/service-book.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { progressOf } from "../state/service-documents.ts";

/**
 * A service in API shape: its events with the newest first, its deployments with PRIMARY first. `tags` shows its tags, which
 * DescribeServices does only when asked. AWS: what runs is that of the target, the counts are those of all.
 */
export function describeService(state: ClusterState, service: Service, options: { readonly tags: boolean }): object {
  const { running, pending } = state.serviceIndex.book.countsOf(service.name);
  const rollout = state.rollouts.get(service.name);
  const last = state.serviceDeployments.get(rollout?.serviceDeploymentId ?? "");
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: clusterArn(state.place, state.name),
    status: service.status,
    schedulingStrategy: service.schedulingStrategy,
    desiredCount: service.desiredCount,
    runningCount: running,
    pendingCount: pending,
    ...describeRevisionMembers(
      rollout === undefined ? service.lastRevision : state.serviceRevisions.get(targetOf(rollout).revisionId),
    ),
    deploymentController: { type: "ECS" },
    deploymentConfiguration: describeConfiguration(service.deploymentConfiguration),
    deployments: describeDeployments(state, service),
    taskSets: [],
    events: describeEvents(state, service),
    loadBalancers: [],
    serviceRegistries: [],
    placementConstraints: service.placementConstraints,
    placementStrategy: service.placementStrategy,
    availabilityZoneRebalancing: service.availabilityZoneRebalancing,
    healthCheckGracePeriodSeconds: service.healthCheckGracePeriodSeconds,
    enableECSManagedTags: service.enableECSManagedTags,
    enableExecuteCommand: false,
    propagateTags: service.propagateTags,
    resourceManagementType: "CUSTOMER",
    tags: options.tags ? service.tags : [],
    createdAt: service.createdAt,
    createdBy: service.createdBy,
    currentServiceDeployment: last?.arn,
    currentServiceRevisions: describeCurrentRevisions(state, service),
  };
}

/** The members that services, deployments and service revisions show of what tasks are started of. AWS: a launch type or a strategy. */
export function describeRevisionMembers(revision: ServiceRevision | null | undefined): object {
  if (revision == null) return {};
  const { capacityProviderStrategy, platformVersion } = revision;
  return {
    taskDefinition: revision.taskDefinitionArn,
    launchType: revision.launchType,
    capacityProviderStrategy: capacityProviderStrategy.length === 0 ? null : capacityProviderStrategy,
    platformVersion,
    // AWS: tasks on Fargate show the family of their operating system; Berth runs those of Linux.
    platformFamily: platformVersion === null ? null : "Linux",
    networkConfiguration: revision.networkConfiguration,
  };
}

/** A deployment configuration in API shape. */
export const describeConfiguration = (configuration: DeploymentConfiguration): object => ({
  ...configuration,
  bakeTimeInMinutes: 0,
  lifecycleHooks: [],
});

/** AWS: PRIMARY is the deployment that the service is brought to, and comes first; the others are ACTIVE. */
function describeDeployments(state: ClusterState, service: Service): object[] {
  const rollout = state.rollouts.get(service.name);
  if (rollout === undefined) {
    const last = service.lastDeployment;
    return last === null ? [] : [describeDeployment(state, service, last, true, last.failedTasks)];
  }
  const others = rollout.deployments.filter(({ id }) => id !== rollout.targetId);
  return [targetOf(rollout), ...others].map((deployment) => {
    const { failedTasks } = progressOf(state, service.name, deployment.id);
    return describeDeployment(state, service, deployment, deployment.id === rollout.targetId, failedTasks);
  });
}

function describeDeployment(
  state: ClusterState,
  service: Service,
  deployment: Deployment,
  isTarget: boolean,
  failedTasks: number,
): object {
  const counts = state.serviceIndex.book.countsOf(service.name, deployment.id);
  return {
    id: deployment.id,
    status: isTarget ? "PRIMARY" : "ACTIVE",
    ...describeRevisionMembers(state.serviceRevisions.get(deployment.revisionId) ?? service.lastRevision),
    desiredCount: requestedOf(service, isTarget, counts),
    runningCount: counts.running,
    pendingCount: counts.pending,
    failedTasks,
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
  };
}

/** AWS: the service's count is that of its PRIMARY deployment; an older one wants what it still has. */
const requestedOf = (service: Service, isTarget: boolean, { running, pending }: Readonly<TaskCounts>): number =>
  isTarget ? service.desiredCount : running + pending;

function describeEvents(state: ClusterState, service: Service): object[] {
  const events = state.serviceIndex.eventKeysOf(service.name).map((key) => state.serviceEvents.get(key));
  return events
    .filter((event) => event !== undefined)
    .map(({ id, createdAt, message }) => ({ id, createdAt, message }))
    .reverse();
}

/** Every revision that the service has tasks of, or is brought to. */
function describeCurrentRevisions(state: ClusterState, service: Service): object[] {
  const deployments = state.rollouts.get(service.name)?.deployments ?? [];
  const revisionIds = new Set(deployments.map(({ revisionId }) => revisionId));
  return [...revisionIds].map((id) => describeRevisionCounts(state, service, id)).filter((summary) => summary !== null);
}

/** A service revision with what the service wants and has of it now; null for one that is not known. */
export function describeRevisionCounts(state: ClusterState, service: Service, revisionId: string): object | null {
  const revision = state.serviceRevisions.get(revisionId);
  if (revision === undefined) return null;
  const summary = { arn: revision.arn, requestedTaskCount: 0, runningTaskCount: 0, pendingTaskCount: 0 };
  // Two deployments may be of one revision, when the service went back to it.
  const rollout = state.rollouts.get(service.name);
  for (const deployment of rollout?.deployments ?? []) {
    if (deployment.revisionId !== revisionId) continue;
    const counts = state.serviceIndex.book.countsOf(service.name, deployment.id);
    summary.requestedTaskCount += requestedOf(service, deployment.id === rollout?.targetId, counts);
    summary.runningTaskCount += counts.running;
    summary.pendingTaskCount += counts.pending;
  }
  return summary;
}
