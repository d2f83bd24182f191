import { must } from "../../lib/assert.ts";
import { instanceTransition } from "../container-instances/container-instance-lifecycle.ts";
import { isOfPlacement } from "../documents/impediment.ts";
import { holdsResources } from "../documents/task.ts";
import { isoTime } from "../events/iso-time.ts";
import { limits } from "../limits.ts";
import { checkedInstanceIds, referencedContainerInstance } from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import { impedimentText } from "../rollout/impediment-text.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { Rehearsal } from "../state/rehearsal.ts";
import { conditionOf } from "../state/service-documents.ts";
import { DrainHolds } from "./drain-hold.ts";
import { namesOf, tasksOn } from "./drain-progress.ts";
import { DrainRehearsal, type Leaver } from "./drain-rehearsal.ts";

export type PlanDrainRequest = { readonly cluster?: string; readonly containerInstances?: readonly string[] };

type Named = { readonly taskArn: string; readonly service: string | null };

export type PlanDrainReply = {
  readonly containerInstances: readonly string[];
  readonly moves: readonly (Named & {
    readonly fromContainerInstanceArn: string;
    readonly toContainerInstanceArn: string | null;
    readonly startsFirst: boolean;
  })[];
  readonly stops: readonly (Named & {
    readonly containerInstanceArn: string;
    readonly reason: string;
    readonly detail: string;
  })[];
  readonly blockers: readonly (Named & {
    readonly containerInstanceArn: string;
    readonly reason: string;
    readonly detail: string;
  })[];
  readonly stays: readonly {
    readonly taskArn: string;
    readonly containerInstanceArn: string;
    readonly reason: string;
  }[];
  readonly finishes: boolean;
};

/**
 * PlanDrain: what a drain of 1 to 100 container instances without a deadline would do now: which tasks would move where, which would stop
 * without a replacement, and which would not leave and why. It rehearses the drain on a copy of the cluster and leaves no trace. If several
 * places are equally good, the real drain may choose another one. Refuses with InvalidParameterException an empty or overlong list, an
 * unknown instance and one that can't drain.
 */
export function planDrain(step: ClusterStep, request: PlanDrainRequest, _: Given): Rehearsal {
  const max = limits.idsPerDescribeContainerInstances;
  const ids = new Set<string>();
  for (const reference of checkedInstanceIds(request.containerInstances, max)) {
    const { id, status } = referencedContainerInstance(step, reference);
    if (instanceTransition(status, "drain") !== "DRAINING") {
      refuse("InvalidParameterException", `A container instance that is ${status} cannot become DRAINING.`);
    }
    ids.add(id);
  }
  return new Rehearsal((copy) => drainPlan(copy, ids));
}

/** The plan for instances that can drain, on a copy of the cluster. Gives up after this many rounds. */
export function* drainPlan(
  step: ClusterStep,
  ids: ReadonlySet<string>,
  rounds?: number,
): Generator<undefined, PlanDrainReply> {
  const rehearsal = new DrainRehearsal(step, [...ids]);
  const isComplete = yield* rehearsal.play(rounds);
  const left = yield* leftOver(rehearsal, ids, isComplete);
  return {
    containerInstances: [...ids].map((id) => arnOf(step, id)),
    ...movesAndStops(rehearsal),
    ...left,
    finishes: isComplete && left.blockers.length === 0 && left.stays.length === 0,
  };
}

const arnOf = ({ state }: ClusterStep, instanceId: string): string =>
  must(state.instances.get(instanceId), "an instance of the plan").arn;

/** The tasks left on the instances at the end: standalone ones stay, any other is a blocker. */
function* leftOver(
  rehearsal: DrainRehearsal,
  ids: ReadonlySet<string>,
  isComplete: boolean,
): Generator<undefined, Pick<PlanDrainReply, "blockers" | "stays">> {
  const { step } = rehearsal;
  const holds = new DrainHolds(step);
  const blockers: PlanDrainReply["blockers"][number][] = [];
  const stays: PlanDrainReply["stays"][number][] = [];
  for (const id of ids) {
    const instance = must(step.state.instances.get(id), "an instance of the plan");
    for (const task of tasksOn(step, id)) {
      const { reason, detail, blocks } = holds.of(task, instance);
      const until = rehearsal.protectedUntil.get(task.id);
      const where = { containerInstanceArn: instance.arn };
      if (reason === "STANDALONE") stays.push({ taskArn: task.arn, ...where, reason });
      else if (reason === "PROTECTED" && until !== undefined) {
        blockers.push({ ...namesOf(task), ...where, reason, detail: protectionDetail(until) });
      } else if (isComplete || blocks) blockers.push({ ...namesOf(task), ...where, reason, detail });
      else blockers.push({ ...namesOf(task), ...where, reason: "PLAN_TOO_LONG", detail: tooLong });
    }
    yield;
  }
  return { blockers, stays };
}

const protectionDetail = (until: number): string =>
  `It is protected from scale-in until ${isoTime(until)}, and leaves after that unless it is protected again.`;

const tooLong = "The plan became too long and stopped before this task moved: plan for fewer container instances.";

/** Where the tasks that left went: each is matched with one of the tasks that its service started, in order. */
function movesAndStops(rehearsal: DrainRehearsal): Pick<PlanDrainReply, "moves" | "stops"> {
  const { step, arrivals } = rehearsal;
  const gone = rehearsal.leavers
    .filter(({ task, stoppingMoment }) => stoppingMoment !== null && !isLeft(step, task.id))
    .sort((a, b) => (a.stoppingMoment ?? 0) - (b.stoppingMoment ?? 0));
  const replacements = new Map(
    [...arrivals].map(([name, all]) => [
      name,
      all.filter(({ taskId }) => {
        const task = step.state.tasks.get(taskId);
        return task?.desiredStatus === "RUNNING" && task.instanceId !== null;
      }),
    ]),
  );
  const moves: PlanDrainReply["moves"][number][] = [];
  const stops: PlanDrainReply["stops"][number][] = [];
  for (const leaver of gone) {
    const { task, serviceName, stoppingMoment } = leaver;
    const fromArn = arnOf(step, must(task.instanceId, "the instance of a task"));
    const isDaemon = step.state.services.get(serviceName)?.schedulingStrategy === "DAEMON";
    const replacement = isDaemon ? undefined : replacements.get(serviceName)?.shift();
    if (replacement === undefined) {
      stops.push({ ...namesOf(task), containerInstanceArn: fromArn, ...whyUnreplaced(rehearsal, leaver) });
      continue;
    }
    const to = step.state.tasks.get(replacement.taskId)?.instanceId ?? "";
    moves.push({
      ...namesOf(task),
      fromContainerInstanceArn: fromArn,
      // Hosts of Fargate tasks have no ARN.
      toContainerInstanceArn: step.state.instances.get(to)?.arn ?? null,
      startsFirst:
        replacement.runningMoment !== null && stoppingMoment !== null && replacement.runningMoment < stoppingMoment,
    });
  }
  return { moves, stops };
}

/** True for a task that was told to stop but still runs: the plan says what keeps it, not where it would move. */
function isLeft({ state }: ClusterStep, taskId: string): boolean {
  const task = state.tasks.get(taskId);
  return task !== undefined && holdsResources(task);
}

function whyUnreplaced(
  { step, arrivals }: DrainRehearsal,
  { serviceName }: Leaver,
): { reason: string; detail: string } {
  const service = step.state.services.get(serviceName);
  if (service?.status !== "ACTIVE") return { reason: "SERVICE_DELETED", detail: "Its service is deleted." };
  if (service.schedulingStrategy === "DAEMON") {
    return { reason: "DAEMON", detail: "A daemon belongs to its container instance and leaves last." };
  }
  const waits = (arrivals.get(serviceName) ?? []).some(
    ({ taskId }) => (step.state.tasks.get(taskId)?.waitingFor ?? null) !== null,
  );
  if (waits) return { reason: "NO_PLACE", detail: "Its replacement waits for capacity of its capacity provider." };
  const { impediment } = conditionOf(step.state, serviceName);
  if (impediment !== null && isOfPlacement(impediment.reason)) {
    return { reason: "NO_PLACE", detail: `The service ${impedimentText(impediment.reason)}` };
  }
  return { reason: "NOT_WANTED", detail: "Its service has as many tasks as it wants without it." };
}
