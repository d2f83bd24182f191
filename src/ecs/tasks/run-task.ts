import { containerInstanceArn } from "../arn.ts";
import type { Given } from "../call.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { limits } from "../limits.ts";
import { anyEligible, type PlacementFailure, placementFailures, placeTask } from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import { describeTask } from "./describe-task.ts";
import { launch } from "./launch.ts";
import type { TaskPlan } from "./new-task.ts";
import { fingerprint } from "./run-task-token.ts";
import type { TaskLaunchType } from "./task.ts";
import { planTasks, type TaskRequest } from "./task-request.ts";

export type RunTaskRequest = TaskRequest & {
  readonly cluster?: string;
  readonly count?: number;
  readonly launchType?: string;
  readonly clientToken?: string;
  readonly capacityProviderStrategy?: readonly object[];
  readonly placementConstraints?: readonly object[];
  readonly placementStrategy?: readonly object[];
  readonly platformVersion?: string;
};

export type TaskReply = { readonly tasks: readonly object[]; readonly failures: readonly object[] };

/**
 * RunTask: places 1 to 10 tasks at random over the instances where they fit, one after the other, each seeing the ones
 * before. Tasks that fit nowhere are `failures` of a reply that is otherwise fine; a cluster without instances is a refusal.
 * AWS: RunTask in the API reference; texts as users see them.
 */
export function runTask(step: ClusterStep, request: RunTaskRequest, given: Given): TaskReply {
  const count = request.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > limits.tasksPerRunTask) {
    refuse("InvalidParameterException", `count must be between 1 and ${limits.tasksPerRunTask}.`);
  }
  const repeated = repeatOf(step, request);
  if (repeated !== null) return repeated;
  const launchType = launchTypeOf(request);
  const plan = planTasks(step, request, given, limits.startedByCharactersRunTask);
  checkLaunchType(plan, request.launchType);
  if (!anyEligible(step.state, launchType)) {
    refuse("InvalidParameterException", "No Container Instances were found in your cluster.");
  }
  const taskIds: string[] = [];
  let failures: object[] = [];
  while (taskIds.length < count) {
    const candidate = placeTask(step.state, plan.need, launchType, step.random("placement"));
    if (candidate === null) {
      // All tasks of the call need the same: where one does not fit, none of the rest does.
      failures = placementFailures(step.state, plan.need, launchType).map((failure) => describeFailure(step, failure));
      break;
    }
    taskIds.push(launch(step, plan, candidate));
  }
  remember(step, request, taskIds, failures);
  return replyOf(step, taskIds, failures);
}

function replyOf(step: ClusterStep, taskIds: readonly string[], failures: readonly object[]): TaskReply {
  const tasks = taskIds.map((id) => step.state.tasks.get(id)).filter((task) => task !== undefined);
  return { tasks: tasks.map((task) => describeTask(step.state, task, { tags: true })), failures };
}

function describeFailure(step: ClusterStep, failure: PlacementFailure): object {
  const arn = containerInstanceArn(step.place, step.clusterName, failure.instanceId);
  return { arn, reason: failure.reason, detail: failure.detail };
}

function launchTypeOf(request: RunTaskRequest): TaskLaunchType {
  const { launchType = "EC2" } = request;
  const strategy = request.capacityProviderStrategy ?? [];
  if (request.launchType !== undefined && strategy.length > 0) {
    refuse("InvalidParameterException", "Specify either Launch Type or Capacity Provider Strategy, but not both.");
  }
  if (strategy.length > 0) {
    refuse("UnsupportedFeatureException", "Berth has no capacity providers yet: leave capacityProviderStrategy out.");
  }
  if (launchType !== "EC2" && launchType !== "FARGATE" && launchType !== "EXTERNAL") {
    refuse("InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL]");
  }
  refusePlacement(request, launchType);
  if (request.platformVersion !== undefined && launchType !== "FARGATE") {
    refuse(
      "InvalidParameterException",
      `The platform version must be null when specifying an ${launchType} launch type.`,
    );
  }
  return launchType;
}

function refusePlacement(request: RunTaskRequest, launchType: TaskLaunchType): void {
  const strategies = (request.placementStrategy ?? []).length > 0;
  const constraints = (request.placementConstraints ?? []).length > 0;
  if (!strategies && !constraints) return;
  const what = strategies ? "strategies" : "constraints";
  if (launchType === "FARGATE") {
    refuse("InvalidParameterException", `Placement ${what} are not supported with FARGATE launch type`);
  }
  refuse("UnsupportedFeatureException", `Berth places tasks at random and does not evaluate placement ${what} yet.`);
}

/**
 * AWS: a launch type that is asked for must be one that the task definition requires; the one taken by default need only
 * be among those that it is compatible with. Fargate is not built.
 */
function checkLaunchType(plan: TaskPlan, requested: string | undefined): void {
  const launchType = requested ?? "EC2";
  const { requiresCompatibilities, compatibilities } = plan.definition;
  const supported =
    requested !== undefined && requiresCompatibilities.length > 0 ? requiresCompatibilities : compatibilities;
  if (!supported.includes(launchType)) {
    refuse("InvalidParameterException", `Task definition does not support launch_type ${launchType}.`);
  }
  if (launchType === "FARGATE") {
    refuse("UnsupportedFeatureException", "Berth does not run tasks on FARGATE yet: use launch type EC2.");
  }
}

/** The reply to the same call made before, or null. AWS: a token with other parameters is a conflict that names the tasks. */
function repeatOf(step: ClusterStep, request: RunTaskRequest): TaskReply | null {
  const { clientToken } = request;
  if (clientToken === undefined) return null;
  // AWS: up to 64 printable ASCII characters.
  if (clientToken.length > limits.clientTokenCharacters || !/^[\x21-\x7e]+$/.test(clientToken)) {
    refuse(
      "InvalidParameterException",
      `clientToken must be 1 to ${limits.clientTokenCharacters} printable ASCII characters.`,
    );
  }
  const known = step.state.runTaskTokens.get(clientToken);
  if (known === undefined || known.expiresAt <= step.now) return null;
  if (known.fingerprint !== fingerprint(request)) {
    const prefix = `${step.arnPrefix}task/${step.clusterName}/`;
    refuse("ConflictException", "The clientToken was used before with other parameters.", {
      resourceIds: known.taskIds.map((id) => prefix + id),
    });
  }
  return replyOf(step, known.taskIds, known.failures);
}

function remember(
  step: ClusterStep,
  request: RunTaskRequest,
  taskIds: readonly string[],
  failures: readonly object[],
): void {
  const token = request.clientToken;
  // A call that started nothing can be made again: there is nothing that it could double.
  if (token === undefined || taskIds.length === 0) return;
  const expiresAt = step.now + limits.clientTokenMs;
  step.state.runTaskTokens.put(token, { token, fingerprint: fingerprint(request), taskIds, failures, expiresAt });
}
