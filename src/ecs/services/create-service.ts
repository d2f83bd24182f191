import { must } from "../../lib/assert.ts";
import { serviceArn } from "../arn.ts";
import type { Service } from "../documents/service.ts";
import { newTags, type RequestTag } from "../documents/tag.ts";
import { isSameDocument } from "../is-same-document.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import { beginDeployment, type RevisionMembers } from "../rollout/begin-deployment.ts";
import { checkedConfiguration, defaultConfiguration } from "../rollout/deployment-configuration.ts";
import { forgetService } from "../rollout/forget-service.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { targetOfService } from "../state/service-documents.ts";
import { describeService } from "./describe-service.ts";
import { refuseNotBuilt } from "./not-built.ts";
import {
  checkedDesiredCount,
  checkedGracePeriod,
  checkedPropagateTags,
  checkedRevision,
  type ServiceRequest,
} from "./service-request.ts";
import { newRebalancing } from "./zone-rebalancing.ts";

export type CreateServiceRequest = ServiceRequest & {
  readonly serviceName?: string;
  readonly schedulingStrategy?: string;
  readonly clientToken?: string;
  readonly tags?: readonly RequestTag[];
};

/**
 * CreateService: the service is ACTIVE at once, and its first deployment begins. AWS: a name that is ACTIVE already is answered
 * with the service when all parameters are the same, and refused when they are not, with a clientToken and without one; a
 * name that is DRAINING is refused; an INACTIVE one is free.
 * Refuses bad members with InvalidParameterException (texts as users see them where they are known), what Berth does not have
 * with UnsupportedFeatureException, empty tags and more services than a cluster may have with ClientException.
 */
export function createService(step: ClusterStep, request: CreateServiceRequest, given: Given): object {
  const name = checkedName(request.serviceName);
  checkClientToken(request.clientToken);
  refuseNotBuilt(request);
  const existing = step.state.services.get(name);
  if (existing?.status === "DRAINING") {
    refuse("InvalidParameterException", "Unable to Start a service that is still Draining.");
  }
  const { service, members } = newService(step, name, request, given);
  if (existing?.status === "ACTIVE") {
    if (!isSameService(step, existing, service, members)) {
      refuse("InvalidParameterException", "Creation of service was not idempotent.");
    }
    return { service: describeService(step.state, existing, { tags: true }) };
  }
  if (step.state.serviceIndex.names.after(null).length >= limits.servicesPerCluster) {
    refuse("ClientException", `A cluster can have at most ${limits.servicesPerCluster} services.`);
  }
  if (existing !== undefined) forgetService(step, existing);
  beginDeployment(step, service, members);
  return { service: describeService(step.state, service, { tags: true }) };
}

function checkedName(name: string | undefined): string {
  if (name === undefined || name === "") refuse("InvalidParameterException", "serviceName can not be empty.");
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) {
    // AWS: the text as users see it.
    refuse("InvalidParameterException", `ServiceName must match ^[a-zA-Z0-9\\-_]{1,255}$, but was ${name}`);
  }
  return name;
}

/** AWS: up to 36 printable ASCII characters. The service's name tells a repeated call already. */
function checkClientToken(clientToken: string | undefined): void {
  if (clientToken === undefined) return;
  if (clientToken.length > limits.serviceClientTokenCharacters || !/^[\x21-\x7e]+$/.test(clientToken)) {
    refuse(
      "InvalidParameterException",
      `clientToken must be 1 to ${limits.serviceClientTokenCharacters} printable ASCII characters.`,
    );
  }
}

/** The service that the call asks for, and what its first revision is made of. */
function newService(
  step: ClusterStep,
  name: string,
  request: CreateServiceRequest,
  given: Given,
): { readonly service: Service; readonly members: RevisionMembers } {
  const schedulingStrategy = checkedScheduling(request.schedulingStrategy);
  const desiredCount = checkedDesiredCount(request.desiredCount, schedulingStrategy);
  const definition = given.taskDefinition ?? refuse("InvalidParameterException", "TaskDefinition can not be blank.");
  const { members, placement } = checkedRevision(step, request, given, definition, schedulingStrategy);
  const deploymentConfiguration = checkedConfiguration(
    request.deploymentConfiguration,
    defaultConfiguration(schedulingStrategy),
    schedulingStrategy,
  );
  const { healthCheckGracePeriodSeconds: graceSeconds, availabilityZoneRebalancing: rebalancing } = request;
  const facts = { schedulingStrategy, deploymentConfiguration, launchType: members.launchType, ...placement };
  const service: Service = {
    name,
    arn: serviceArn(step.place, step.clusterName, name),
    status: "ACTIVE",
    schedulingStrategy,
    desiredCount,
    deploymentConfiguration,
    ...placement,
    availabilityZoneRebalancing: newRebalancing(rebalancing, facts),
    healthCheckGracePeriodSeconds: graceSeconds === undefined ? null : checkedGracePeriod(graceSeconds),
    enableECSManagedTags: request.enableECSManagedTags ?? false,
    propagateTags: checkedPropagateTags(request.propagateTags ?? "NONE"),
    tags: newTags(request.tags),
    createdAt: step.now,
    createdBy: given.caller.principalArn,
    inactiveAt: null,
    lastRevision: null,
    lastDeployment: null,
  };
  return { service, members };
}

function checkedScheduling(scheduling = "REPLICA"): Service["schedulingStrategy"] {
  if (scheduling === "REPLICA" || scheduling === "DAEMON") return scheduling;
  return refuse("InvalidParameterException", "schedulingStrategy should be one of [REPLICA,DAEMON]");
}

/** True when the call would make the service that is there. Of a DAEMON service the count is not the caller's. */
function isSameService(step: ClusterStep, existing: Service, asked: Service, members: RevisionMembers): boolean {
  const revision = must(
    step.state.serviceRevisions.get(targetOfService(step.state, existing.name).revisionId),
    "the revision of a service",
  );
  return (
    isSameDocument(ruledByCaller(existing), ruledByCaller(asked)) &&
    revision.taskDefinitionArn === members.definition.arn &&
    revision.launchType === members.launchType &&
    revision.platformVersion === members.platformVersion &&
    isSameDocument(
      [revision.capacityProviderStrategy, revision.networkConfiguration],
      [members.capacityProviderStrategy, members.networkConfiguration],
    )
  );
}

const ruledByCaller = (service: Service): object => ({
  schedulingStrategy: service.schedulingStrategy,
  desiredCount: service.schedulingStrategy === "DAEMON" ? null : service.desiredCount,
  deploymentConfiguration: service.deploymentConfiguration,
  placementConstraints: service.placementConstraints,
  placementStrategy: service.placementStrategy,
  availabilityZoneRebalancing: service.availabilityZoneRebalancing,
  healthCheckGracePeriodSeconds: service.healthCheckGracePeriodSeconds,
  enableECSManagedTags: service.enableECSManagedTags,
  propagateTags: service.propagateTags,
  tags: service.tags,
});
