import { clusterArn } from "../arn.ts";
import type { Deployment, DeploymentConfiguration, ServiceRevision } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import type { TaskCounts } from "../indexes/service-book.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/**
 * A service in API shape: its events with the newest first, its deployments with PRIMARY first. `tags` shows its tags, which
 * DescribeServices does only when asked. AWS: what runs is that of the PRIMARY deployment, the counts are those of all.
 */
export function describeService(state: ClusterState, service: Service, options: { readonly tags: boolean }): object {
  const { running, pending } = state.serviceIndex.book.countsOf(service.name);
  const primary = service.deployments.find(({ status }) => status === "PRIMARY");
  const last = state.serviceDeployments.get(service.serviceDeploymentId);
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
      primary === undefined ? service.lastRevision : state.serviceRevisions.get(primary.revisionId),
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

function describeDeployments(state: ClusterState, service: Service): object[] {
  const last = service.lastDeployment ?? null;
  const deployments = service.status === "INACTIVE" && last !== null ? [last] : service.deployments;
  const primaryFirst = [...deployments].sort((a, b) => rank(a) - rank(b));
  return primaryFirst.map((deployment) => {
    const counts = state.serviceIndex.book.countsOf(service.name, deployment.id);
    return {
      id: deployment.id,
      status: deployment.status,
      ...describeRevisionMembers(state.serviceRevisions.get(deployment.revisionId) ?? service.lastRevision),
      desiredCount: requestedOf(service, deployment, counts),
      runningCount: counts.running,
      pendingCount: counts.pending,
      failedTasks: deployment.failedTasks,
      rolloutState: deployment.rolloutState,
      rolloutStateReason: deployment.rolloutStateReason,
      createdAt: deployment.createdAt,
      updatedAt: deployment.updatedAt,
    };
  });
}

const rank = ({ status }: Deployment): number => (status === "PRIMARY" ? 0 : 1);

/** AWS: the service's count is that of its PRIMARY deployment; an older one wants what it still has. */
const requestedOf = (service: Service, { status }: Deployment, { running, pending }: Readonly<TaskCounts>): number =>
  status === "PRIMARY" ? service.desiredCount : running + pending;

function describeEvents(state: ClusterState, service: Service): object[] {
  const events = state.serviceIndex.eventKeysOf(service.name).map((key) => state.serviceEvents.get(key));
  return events
    .filter((event) => event !== undefined)
    .map(({ id, createdAt, message }) => ({ id, createdAt, message }))
    .reverse();
}

/** Every revision that the service has tasks of, or is brought to. */
function describeCurrentRevisions(state: ClusterState, service: Service): object[] {
  const revisionIds = new Set(service.deployments.map(({ revisionId }) => revisionId));
  return [...revisionIds].map((id) => describeRevisionCounts(state, service, id)).filter((summary) => summary !== null);
}

/** A service revision with what the service wants and has of it now; null for one that is not known. */
export function describeRevisionCounts(state: ClusterState, service: Service, revisionId: string): object | null {
  const revision = state.serviceRevisions.get(revisionId);
  if (revision === undefined) return null;
  const summary = { arn: revision.arn, requestedTaskCount: 0, runningTaskCount: 0, pendingTaskCount: 0 };
  // Two deployments may be of one revision, when the service went back to it.
  for (const deployment of service.deployments) {
    if (deployment.revisionId !== revisionId) continue;
    const counts = state.serviceIndex.book.countsOf(service.name, deployment.id);
    summary.requestedTaskCount += requestedOf(service, deployment, counts);
    summary.runningTaskCount += counts.running;
    summary.pendingTaskCount += counts.pending;
  }
  return summary;
}
