import { must } from "../../lib/assert.ts";
import { type CapacityProviderStrategy, isFargateProvider } from "../documents/capacity-provider.ts";
import type { ServiceRevision } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import { isSameDocument } from "../is-same-document.ts";
import { checkedStrategy } from "../launch/strategy.ts";
import { theService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import { beginDeployment, type RevisionMembers } from "../rollout/begin-deployment.ts";
import { changeCondition } from "../rollout/change-standing.ts";
import { checkedConfiguration } from "../rollout/deployment-configuration.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { targetOfService } from "../state/service-documents.ts";
import { describeService } from "./describe-service.ts";
import { refuseNotBuilt } from "./not-built.ts";
import {
  type CheckedRevision,
  checkedDesiredCount,
  checkedGracePeriod,
  checkedPropagateTags,
  checkedRevision,
  definitionOf,
  type RevisionRequest,
  type ServiceRequest,
} from "./service-request.ts";
import { checkedRebalancing } from "./zone-rebalancing.ts";

export type UpdateServiceRequest = Omit<ServiceRequest, "launchType"> & {
  readonly service?: string;
  readonly forceNewDeployment?: boolean;
};

/**
 * UpdateService: what is named changes, and the rest stays. A changed task definition, network configuration or platform version
 * and forceNewDeployment begin a deployment; everything else holds for tasks started from now on, and begins none.
 * AWS: a task definition that runs already begins none either; a changed capacity provider strategy must come with
 * forceNewDeployment, and an empty one goes back to the launch type. It may go from Fargate to Auto Scaling groups and back.
 * Refuses an unknown service with ServiceNotFoundException, one that is not ACTIVE with ServiceNotActiveException, and as
 * CreateService does.
 */
export function updateService(step: ClusterStep, request: UpdateServiceRequest, given: Given): object {
  const service = theService(step, request.service);
  if (service.status !== "ACTIVE") refuse("ServiceNotActiveException", "Service was not ACTIVE.");
  refuseNotBuilt(request);
  const revision = must(
    step.state.serviceRevisions.get(targetOfService(step.state, service.name).revisionId),
    "the revision of a service",
  );
  const isForced = request.forceNewDeployment === true;
  const checked = newRevision(step, service, revision, request, given);
  const updated = withMembers(service, request, checked, revision);
  const begins = checked !== null && (isForced || !isSameRevision(revision, checked.members));
  if (begins) {
    beginDeployment(step, updated, checked.members);
  } else {
    step.state.services.put(service.name, updated);
    // What is in the way after a change is news.
    changeCondition(step, service.name, (condition) => ({ ...condition, impedimentsTold: [] }));
  }
  return { service: describeService(step.state, updated, { tags: true }) };
}

/** What the service would be started of by the call; null when the call names nothing of that. */
function newRevision(
  step: ClusterStep,
  service: Service,
  revision: ServiceRevision,
  request: UpdateServiceRequest,
  given: Given,
): CheckedRevision | null {
  const names =
    request.taskDefinition ??
    request.networkConfiguration ??
    request.platformVersion ??
    request.capacityProviderStrategy ??
    request.placementConstraints ??
    request.placementStrategy;
  if (names === undefined && request.forceNewDeployment !== true) return null;
  const launch = newLaunch(step, revision, request, given);
  const { networkConfiguration, placementConstraints, placementStrategy } = request;
  const network = networkConfiguration ?? revision.networkConfiguration;
  const asked: RevisionRequest = {
    ...launch,
    ...(network === null ? {} : { networkConfiguration: network }),
    placementConstraints: placementConstraints ?? service.placementConstraints,
    placementStrategy: placementStrategy ?? service.placementStrategy,
  };
  const definition = definitionOf(step, given, revision.taskDefinitionArn);
  // Nobody asks for a launch type here, so that the definition need only be compatible with it.
  return checkedRevision(step, asked, given, definition, service.schedulingStrategy, true);
}

type Launch = Pick<RevisionRequest, "launchType" | "capacityProviderStrategy" | "platformVersion">;

/** The launch type or the strategy, as it is or as the call changes it. */
function newLaunch(step: ClusterStep, revision: ServiceRevision, request: UpdateServiceRequest, given: Given): Launch {
  const { capacityProviderStrategy: requested, platformVersion } = request;
  const strategy = requested === undefined ? revision.capacityProviderStrategy : strategyOf(step, requested, given);
  const launchType = strategy.length > 0 ? null : (revision.launchType ?? launchTypeBehind(revision));
  const isChanged = !isSameDocument(strategy, revision.capacityProviderStrategy);
  if (isChanged && request.forceNewDeployment !== true) {
    // AWS: the text as users see it.
    refuse(
      "InvalidParameterException",
      "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.",
    );
  }
  // The version that runs goes with Fargate only, which a changed strategy may leave.
  const version = platformVersion ?? (isChanged ? null : revision.platformVersion);
  return {
    ...(launchType === null ? { capacityProviderStrategy: strategy } : { launchType }),
    ...(version === null ? {} : { platformVersion: version }),
  };
}

const strategyOf = (
  step: ClusterStep,
  requested: NonNullable<UpdateServiceRequest["capacityProviderStrategy"]>,
  given: Given,
): CapacityProviderStrategy => checkedStrategy(step.place, requested, given.cluster.capacityProviders);

/** AWS: without its strategy a service runs on the launch type that its providers stand for. */
const launchTypeBehind = ({ capacityProviderStrategy: [first] }: ServiceRevision): "EC2" | "FARGATE" =>
  first !== undefined && isFargateProvider(first.capacityProvider) ? "FARGATE" : "EC2";

function isSameRevision(revision: ServiceRevision, members: RevisionMembers): boolean {
  return (
    revision.taskDefinitionArn === members.definition.arn &&
    revision.platformVersion === members.platformVersion &&
    isSameDocument(
      [revision.networkConfiguration, revision.launchType, revision.capacityProviderStrategy],
      [members.networkConfiguration, members.launchType, members.capacityProviderStrategy],
    )
  );
}

/** The service with what the call changes at once. AWS: a deployment under way goes on by the new configuration. */
function withMembers(
  service: Service,
  request: UpdateServiceRequest,
  checked: CheckedRevision | null,
  revision: ServiceRevision,
): Service {
  const { desiredCount, healthCheckGracePeriodSeconds: graceSeconds, propagateTags } = request;
  const { schedulingStrategy } = service;
  const placement = checked?.placement ?? {
    placementConstraints: service.placementConstraints,
    placementStrategy: service.placementStrategy,
  };
  const deploymentConfiguration = checkedConfiguration(
    request.deploymentConfiguration,
    service.deploymentConfiguration,
    schedulingStrategy,
  );
  const launchType = checked === null ? revision.launchType : checked.members.launchType;
  return {
    ...service,
    ...placement,
    deploymentConfiguration,
    desiredCount:
      desiredCount === undefined ? service.desiredCount : checkedDesiredCount(desiredCount, schedulingStrategy),
    availabilityZoneRebalancing: checkedRebalancing(
      request.availabilityZoneRebalancing ?? service.availabilityZoneRebalancing,
      { schedulingStrategy, deploymentConfiguration, launchType, ...placement },
    ),
    healthCheckGracePeriodSeconds:
      graceSeconds === undefined ? service.healthCheckGracePeriodSeconds : checkedGracePeriod(graceSeconds),
    enableECSManagedTags: request.enableECSManagedTags ?? service.enableECSManagedTags,
    propagateTags: propagateTags === undefined ? service.propagateTags : checkedPropagateTags(propagateTags),
  };
}
