import { containerInstanceArn } from "../arn.ts";
import { fargateFailures } from "../documents/fargate-use.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { callDigest } from "../documents/run-task-token.ts";
import { launch } from "../launch/launch.ts";
import { checkLaunchType, type LaunchRequest, launchTargets } from "../launch/launch-choice.ts";
import { checkFargateTemplate, type FargateLaunch, launchOnFargate } from "../launch/launch-on-fargate.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { launchByProviders } from "../launch/waiting-launch.ts";
import { limits } from "../limits.ts";
import type { PlacementRefusal } from "../placement/candidate.ts";
import { checkedPlacement } from "../placement/checked-placement.ts";
import { anyEligible, placementFailures, placeTask } from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { describeTask } from "./describe-task.ts";
import { requestedTaskTemplate, type TaskRequest } from "./task-request.ts";

export type RunTaskRequest = TaskRequest &
  LaunchRequest & {
    readonly cluster?: string;
    readonly count?: number;
    readonly clientToken?: string;
  };

export type TaskReply = { readonly tasks: readonly object[]; readonly failures: readonly object[] };

/**
 * RunTask: starts 1 to 10 tasks. It places them one at a time where they fit and the constraints of the call and the task definition hold,
 * by the call's strategies or at random; or it starts them on Fargate. Tasks with capacity providers wait if these have no room. Others
 * that fit nowhere are `failures` in a successful reply; a cluster without instances is a refusal.
 * AWS: RunTask in the API reference; users report the texts.
 */
export function runTask(step: ClusterStep, request: RunTaskRequest, given: Given): TaskReply {
  const count = request.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > limits.tasksPerRunTask) {
    refuse("InvalidParameterException", `count must be between 1 and ${limits.tasksPerRunTask}.`);
  }
  const repeated = repeatOf(step, request);
  if (repeated !== null) return repeated;
  const choice = launchTargets(step, request, given, count);
  const onFargate = choice.launchType === "FARGATE";
  const template = requestedTaskTemplate(step, request, given, limits.startedByCharactersRunTask, onFargate);
  const byStrategy = onFargate || choice.providers !== null;
  checkLaunchType(template.definition, choice, request.launchType === undefined && !byStrategy);
  const { taskIds, failures } = onFargate
    ? runOnFargate(step, template, choice.fargate)
    : runOnInstances(step, template, checkedPlacement(template, request, choice.launchType), choice.providers, count);
  remember(step, request, taskIds, failures);
  return replyOf(step, taskIds, failures);
}

type Started = { readonly taskIds: readonly string[]; readonly failures: readonly object[] };

function runOnFargate(step: ClusterStep, template: TaskTemplate, launch: FargateLaunch): Started {
  checkFargateTemplate(step, template);
  const { taskIds, lacks } = launchOnFargate(step, template, launch);
  return { taskIds, failures: lacks === null ? [] : [{ reason: fargateFailures[lacks] }] };
}

function runOnInstances(
  step: ClusterStep,
  template: TaskTemplate,
  placement: PlacementRequest,
  providers: readonly string[] | null,
  count: number,
): Started {
  if (providers !== null) return { taskIds: launchByProviders(step, template, placement, providers), failures: [] };
  if (!anyEligible(step.state, placement)) {
    refuse("InvalidParameterException", "No Container Instances were found in your cluster.");
  }
  const taskIds: string[] = [];
  while (taskIds.length < count) {
    const candidate = placeTask(step.state, placement, step.random("placement"));
    if (candidate === null) {
      // All tasks of the call have the same need: if one doesn't fit, the rest don't either.
      const failures = placementFailures(step.state, placement);
      return { taskIds, failures: failures.map((failure) => describeFailure(step, failure)) };
    }
    taskIds.push(launch(step, template, candidate));
  }
  return { taskIds, failures: [] };
}

function replyOf(step: ClusterStep, taskIds: readonly string[], failures: readonly object[]): TaskReply {
  const tasks = taskIds.map((id) => step.state.tasks.get(id)).filter((task) => task !== undefined);
  return { tasks: tasks.map((task) => describeTask(step.state, task, { tags: true })), failures };
}

function describeFailure(step: ClusterStep, { instanceId, reason, detail }: PlacementRefusal): object {
  return { arn: containerInstanceArn(step.place, step.clusterName, instanceId), reason, detail };
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
  if (known.digest !== callDigest(request)) {
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
  // A call that started nothing can be repeated safely.
  if (token === undefined || taskIds.length === 0) return;
  const expiresAt = step.now + limits.clientTokenMs;
  step.state.runTaskTokens.put(token, { token, digest: callDigest(request), taskIds, failures, expiresAt });
}
