import { must } from "../../lib/assert.ts";
import type { NetworkConfiguration } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { checkLaunchType, type LaunchChoice, type LaunchRequest, launchChoice } from "../launch/launch-choice.ts";
import { checkFargateTemplate } from "../launch/launch-on-fargate.ts";
import { limits } from "../limits.ts";
import { checkedConstraints, checkedStrategies } from "../placement/checked-placement.ts";
import { refuse } from "../refusals.ts";
import type { RevisionMembers } from "../rollout/begin-deployment.ts";
import type { RequestDeploymentConfiguration } from "../rollout/deployment-configuration.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { checkedPublicIp, requestedTaskTemplate, type TaskRequest } from "../tasks/task-request.ts";

/** The members that say what tasks of a service are started of, and where. */
export type RevisionRequest = LaunchRequest & Pick<TaskRequest, "networkConfiguration">;

/** What CreateService and UpdateService have in common, but for what `not-built.ts` refuses. */
export type ServiceRequest = RevisionRequest & {
  readonly cluster?: string;
  readonly taskDefinition?: string;
  readonly desiredCount?: number;
  readonly deploymentConfiguration?: RequestDeploymentConfiguration;
  readonly availabilityZoneRebalancing?: string;
  readonly healthCheckGracePeriodSeconds?: number;
  readonly enableECSManagedTags?: boolean;
  readonly propagateTags?: string;
};

/** What a service's tasks are started of, and the rules by which they are placed. */
export type CheckedRevision = {
  readonly members: RevisionMembers;
  readonly placement: Pick<Service, "placementConstraints" | "placementStrategy">;
};

/**
 * What the tasks of a service would be started of and how they would be placed, by the rules that hold for RunTask too.
 * `isDefaultLaunchType`: the definition need only be compatible with the launch type, not ask for it.
 * Refuses what RunTask refuses before it looks at instances, and of a DAEMON service strategies and Fargate.
 */
export function checkedRevision(
  step: ClusterStep,
  request: RevisionRequest,
  given: Given,
  definition: TaskDefinition,
  scheduling: Service["schedulingStrategy"],
  isDefaultLaunchType = request.launchType === undefined,
): CheckedRevision {
  const launch = launchChoice(step, request, given);
  if (scheduling === "DAEMON") refuseForDaemon(request, launch);
  const { launchType, strategy, platformVersion } = launch;
  const isOnFargate = launchType === "FARGATE";
  const networkConfiguration = networkWithDefaults(request.networkConfiguration);
  // The template of a task that this revision would start, for what is refused on the way.
  const template = requestedTaskTemplate(
    step,
    networkConfiguration === null ? {} : { networkConfiguration },
    { ...given, taskDefinition: definition },
    limits.startedByCharactersRunTask,
    isOnFargate,
  );
  checkLaunchType(definition, launch, isDefaultLaunchType && strategy.length === 0 && !isOnFargate);
  if (isOnFargate) checkFargateTemplate(step, template);
  return {
    members: {
      definition,
      launchType: strategy.length === 0 ? launchType : null,
      capacityProviderStrategy: strategy,
      platformVersion,
      networkConfiguration,
    },
    placement: {
      placementConstraints: checkedConstraints(request.placementConstraints, definition),
      placementStrategy: checkedStrategies(request.placementStrategy),
    },
  };
}

function refuseForDaemon(request: RevisionRequest, { launchType, strategy }: LaunchChoice): void {
  if (strategy.length > 0) {
    // AWS: the text as users see it, for the cluster's default strategy too: a launch type must be named then.
    refuse(
      "InvalidParameterException",
      "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.",
    );
  }
  if (launchType === "FARGATE") {
    refuse("InvalidParameterException", "The daemon scheduling strategy does not support the FARGATE launch type.");
  }
  if ((request.placementStrategy ?? []).length > 0) {
    // AWS: the text as users see it.
    refuse(
      "InvalidParameterException",
      "The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again",
    );
  }
}

/** The network configuration with its defaults; null for none, and for an empty one. The subnets are checked with the task's template. */
function networkWithDefaults(requested: RevisionRequest["networkConfiguration"]): NetworkConfiguration | null {
  const network = requested?.awsvpcConfiguration;
  if (network === undefined) return null;
  const { subnets = [], securityGroups = [] } = network;
  const assignPublicIp = checkedPublicIp(network.assignPublicIp);
  return { awsvpcConfiguration: { subnets, securityGroups, assignPublicIp } };
}

/**
 * The count of a REPLICA service. Refuses none, one below 0, and one above the limit; AWS: the text of the latter, and that
 * a DAEMON service has no count of its own.
 */
export function checkedDesiredCount(requested: number | undefined, scheduling: Service["schedulingStrategy"]): number {
  if (scheduling === "DAEMON") {
    if (requested === undefined) return 0;
    refuse(
      "InvalidParameterException",
      "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
    );
  }
  if (requested === undefined) refuse("InvalidParameterException", "desiredCount can not be null.");
  if (!Number.isInteger(requested) || requested < 0) {
    refuse("InvalidParameterException", "desiredCount must be a whole number of 0 or more.");
  }
  if (requested > limits.tasksPerService) refuse("InvalidParameterException", "Desired count exceeds limit.");
  return requested;
}

/** AWS: 0 to 2,147,483,647 seconds; it is for container health checks too, and unused when there are none. */
export function checkedGracePeriod(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > limits.gracePeriodSeconds) {
    refuse(
      "InvalidParameterException",
      `healthCheckGracePeriodSeconds must be between 0 and ${limits.gracePeriodSeconds}.`,
    );
  }
  return seconds;
}

/** Whose tags the tasks get. AWS: none unless it is asked for. */
export function checkedPropagateTags(from: string): Service["propagateTags"] {
  if (from === "NONE" || from === "SERVICE" || from === "TASK_DEFINITION") return from;
  return refuse("InvalidParameterException", "propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]");
}

/** The definition that a call names, or that the service runs already. */
export function definitionOf(step: ClusterStep, given: Given, taskDefinitionArn: string): TaskDefinition {
  return given.taskDefinition ?? must(step.state.revisions.get(taskDefinitionArn), "the definition of a revision");
}
