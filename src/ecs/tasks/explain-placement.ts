import { must } from "../../lib/assert.ts";
import { containerInstanceArn } from "../arn.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { launch } from "../launch/launch.ts";
import { checkLaunchType, type LaunchRequest, launchTargets } from "../launch/launch-choice.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { limits } from "../limits.ts";
import { askExpressions } from "../placement/ask-expressions.ts";
import type { PlacementRefusal } from "../placement/candidate.ts";
import { checkedPlacement } from "../placement/checked-placement.ts";
import {
  type InstanceExplanation,
  explainPlacement as instanceExplanations,
  placementFailures,
  placeTask,
} from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { Rehearsal } from "../state/rehearsal.ts";
import type { TaskFailure } from "../task-life/task-failure.ts";
import { requestedTaskTemplate, type TaskRequest } from "./task-request.ts";

export type ExplainPlacementRequest = Omit<TaskRequest, "startedBy" | "tags"> &
  LaunchRequest & { readonly cluster?: string; readonly count?: number };

/** What one container instance lacks for a task, in the shape of the reply. */
type ExplainedRefusal = {
  readonly containerInstanceArn: string;
  readonly ec2InstanceId: string | null;
  readonly status: string;
  readonly reasons: readonly { readonly reason: string; readonly detail: string; readonly missing: number | null }[];
};

export type ExplainPlacementReply = {
  readonly taskDefinition: string;
  readonly need: object;
  readonly placements: readonly {
    readonly containerInstanceArn: string;
    readonly ec2InstanceId: string | null;
    readonly availabilityZone: string | null;
    readonly count: number;
  }[];
  readonly placedCount: number;
  readonly unplacedCount: number;
  readonly refusals: readonly ExplainedRefusal[];
  readonly summary: readonly { readonly reason: string; readonly count: number }[];
  readonly closest: { readonly containerInstanceArn: string; readonly reason: string; readonly detail: string } | null;
  /** Why there was no container instance to consider for an unplaced task; null if there was one. */
  readonly noCandidates: string | null;
  /** The service's newest failed tasks; empty unless the call is about a service. */
  readonly failedTasks: readonly TaskFailure[];
};

/**
 * ExplainPlacement: where RunTask would place 1 to 1,000 tasks now, and what the other container instances lack. Leaves no trace. Refuses
 * what RunTask refuses, except a cluster without instances, which gets an explanation; also refuses Fargate tasks, which are not placed on
 * instances. Subnets don't affect placement, so they may be left out.
 */
export function explainPlacement(
  step: ClusterStep,
  request: ExplainPlacementRequest,
  given: Given,
): ExplainPlacementReply | Rehearsal {
  step.isDryRun = true;
  const count = request.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > limits.tasksPerExplainPlacement) {
    refuse("InvalidParameterException", `count must be between 1 and ${limits.tasksPerExplainPlacement}.`);
  }
  const choice = launchTargets(step, request, given, count);
  if (choice.launchType === "FARGATE") {
    refuse("InvalidParameterException", "Tasks on Fargate are not placed on container instances: leave Fargate out.");
  }
  const template = requestedTaskTemplate(step, withSubnets(request, given), given, limits.startedByCharactersRunTask);
  checkLaunchType(template.definition, choice, request.launchType === undefined && choice.providers === null);
  const placement = checkedPlacement(template, request, choice.launchType);
  if (choice.providers === null) return explain(step, template, Array<PlacementRequest>(count).fill(placement));
  const byProvider = new Map(
    choice.providers.map((capacityProvider) => [capacityProvider, { ...placement, capacityProvider }]),
  );
  return explain(
    step,
    template,
    choice.providers.map((provider) => must(byProvider.get(provider), "the placement of a provider")),
  );
}

function withSubnets(request: ExplainPlacementRequest, { taskDefinition }: Given): ExplainPlacementRequest {
  if (taskDefinition?.networkMode !== "awsvpc" || request.networkConfiguration !== undefined) return request;
  return { ...request, networkConfiguration: { awsvpcConfiguration: { subnets: ["any"] } } };
}

// LIMIT: this many tasks are placed in a step, which takes a few milliseconds; more are placed on a copy of the cluster, in slices.
const tasksPerStep = 100;
// LIMIT: tasks between two slices, up to a fifth of a millisecond each.
const tasksPerSlice = 10;

/**
 * Places a task of `template` for each of `placements` in order, and reports where they went; `step` must be a dry run. Tasks placed alike
 * share one object. The instances' refusals are for the first task that could not be placed or, if all could, for the first task.
 * `failedTasks` go into the reply unchanged.
 */
export function explain(
  step: ClusterStep,
  template: TaskTemplate,
  placements: readonly PlacementRequest[],
  failedTasks: readonly TaskFailure[] = [],
): ExplainPlacementReply | Rehearsal {
  if (placements.length > tasksPerStep) {
    return new Rehearsal((copy) => explainOnCopy(copy, template, placements, failedTasks));
  }
  const explaining = explainInSlices(step, template, placements, failedTasks);
  for (;;) {
    const next = explaining.next();
    if (next.done === true) return next.value;
  }
}

function* explainOnCopy(
  step: ClusterStep,
  template: TaskTemplate,
  placements: readonly PlacementRequest[],
  failedTasks: readonly TaskFailure[],
): Generator<undefined, ExplainPlacementReply> {
  yield* askExpressions(step.state, must(placements[0], "a task to explain").constraints);
  return yield* explainInSlices(step, template, placements, failedTasks);
}

function* explainInSlices(
  step: ClusterStep,
  template: TaskTemplate,
  placements: readonly PlacementRequest[],
  failedTasks: readonly TaskFailure[],
): Generator<undefined, ExplainPlacementReply> {
  const explanationsOf = (placement: PlacementRequest) =>
    instanceExplanations(step.state, placement, limits.instancesPerExplainPlacement);
  let explanations: readonly InstanceExplanation[] = [];
  let closest: PlacementRefusal | undefined;
  let noCandidates: string | null = null;
  const counts = new Map<string, number>();
  const withoutPlace = new Set<PlacementRequest>();
  let placedCount = 0;
  for (const [at, placement] of placements.entries()) {
    if (at % tasksPerSlice === 0) yield;
    if (withoutPlace.has(placement)) continue;
    const candidate = placeTask(step.state, placement, step.random("placement"));
    if (candidate !== null) {
      if (at === 0) explanations = explanationsOf(placement);
      launch(step, template, candidate, placement.capacityProvider);
      placedCount += 1;
      counts.set(candidate.instance.id, (counts.get(candidate.instance.id) ?? 0) + 1);
      continue;
    }
    if (withoutPlace.size === 0) {
      explanations = explanationsOf(placement);
      [closest] = placementFailures(step.state, placement);
      if (explanations.length === 0) noCandidates = whyNoCandidates(step, placement);
    }
    withoutPlace.add(placement);
  }
  return {
    taskDefinition: template.definition.arn,
    need: needReply(template),
    placements: [...counts].map(([id, count]) => placementReply(step, id, count)),
    placedCount,
    unplacedCount: placements.length - placedCount,
    refusals: refusalsReply(step, explanations),
    summary: summaryOf(explanations),
    closest: closest === undefined ? null : closestReply(step, closest),
    noCandidates,
    failedTasks,
  };
}

/** Why there is no container instance of the kind that a request asks for. */
function whyNoCandidates({ state, clusterName }: ClusterStep, request: PlacementRequest): string {
  const registered = [...state.instances.values()].filter(({ status }) => status !== "INACTIVE");
  if (registered.length === 0) return `The cluster ${clusterName} has no container instances.`;
  const { capacityProvider, launchType } = request;
  if (!registered.some(({ external }) => external === (launchType === "EXTERNAL"))) {
    const others = launchType === "EXTERNAL" ? "EC2" : "EXTERNAL";
    return `The cluster ${clusterName} has no container instances of launch type ${launchType}; its ${registered.length} are ${others}.`;
  }
  return `No container instance belongs to the capacity provider ${capacityProvider}. An instance names its provider in the attribute berth.capacity-provider.`;
}

function needReply({ need }: TaskTemplate): object {
  return {
    ...need,
    requiresAttributes: need.requiresAttributes.map(({ name, value }) =>
      value === undefined ? name : `${name}=${value}`,
    ),
  };
}

function placementReply(step: ClusterStep, id: string, count: number) {
  const { ec2InstanceId, availabilityZone } = must(step.state.instances.get(id), "an instance with a task");
  const arn = containerInstanceArn(step.place, step.clusterName, id);
  return { containerInstanceArn: arn, ec2InstanceId, availabilityZone, count };
}

/** Those that lack least come first: the reader can do something about them. */
function refusalsReply(step: ClusterStep, explanations: readonly InstanceExplanation[]): ExplainedRefusal[] {
  return explanations
    .filter(({ refusals }) => refusals.length > 0)
    .sort((a, b) => a.refusals.length - b.refusals.length || (a.instanceId < b.instanceId ? -1 : 1))
    .slice(0, limits.instancesPerExplainPlacement)
    .map(({ instanceId, refusals }) => {
      const { ec2InstanceId, status } = must(step.state.instances.get(instanceId), "an explained instance");
      return {
        containerInstanceArn: containerInstanceArn(step.place, step.clusterName, instanceId),
        ec2InstanceId,
        status,
        reasons: refusals.map(({ reason, detail, lack }) => ({
          reason,
          detail,
          missing: reason.startsWith("RESOURCE:") ? lack : null,
        })),
      };
    });
}

/** How many instances have each reason, the most frequent first. */
function summaryOf(explanations: readonly InstanceExplanation[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { refusals } of explanations) {
    for (const reason of new Set(refusals.map((refusal) => refusal.reason))) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

function closestReply(step: ClusterStep, { instanceId, reason, detail }: PlacementRefusal) {
  return { containerInstanceArn: containerInstanceArn(step.place, step.clusterName, instanceId), reason, detail };
}
