import { must } from "../../lib/assert.ts";
import { targetOf } from "../documents/rollout.ts";
import { changeCondition, changeProgress, forgetStanding, putRollout } from "../rollout/change-standing.ts";
import { completeDeployment, giveUpDeployment } from "../rollout/end-deployment.ts";
import { baking, without } from "../rollout/rollout-changes.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import { forgetServiceHistory } from "../rollout/service-history.ts";
import { nothingStarted, type Outcome, type PlanItem } from "../service-plan/service-plan.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { progressOf, rolloutOf } from "../state/service-documents.ts";
import { beginStop } from "../task-life/begin-stop.ts";
import { moveServiceTask, startPlannedTasks } from "./start-service-tasks.ts";

type ItemOf<Type extends PlanItem["type"]> = Extract<PlanItem, { readonly type: Type }>;

/** Carries one item out; gives what came of starting tasks, for those that start some. */
type Apply<Type extends PlanItem["type"]> = (
  step: ClusterStep,
  name: string,
  item: ItemOf<Type>,
) => Outcome | undefined;

/** How each type of item is carried out. */
const applies: { readonly [Type in PlanItem["type"]]: Apply<Type> | ((...of: Parameters<Apply<Type>>) => void) } = {
  stop: (step, _, item) => stop(step, item),
  start: (step, name, item) => startPlannedTasks(step, serviceNamed(step, name), item),
  move: (step, name, item) => moveServiceTask(step, serviceNamed(step, name), item),
  room: ({ state }, name, { lacks }) => state.serviceIndex.lacksRoom(name, lacks),
  "give-up": (step, name, { givingUp }) => giveUpDeployment(step, name, givingUp),
  complete: completeDeployment,
  bake: (step, name, { until }) => putRollout(step, baking(rolloutOf(step.state, name), until)),
  drop: (step, name, { deploymentIds }) => putRollout(step, without(rolloutOf(step.state, name), deploymentIds)),
  "count-failures": countFailures,
  count: (step, name, { desiredCount }) => step.state.services.put(name, { ...serviceNamed(step, name), desiredCount }),
  retire,
  condition: (step, name, { members }) => changeCondition(step, name, (known) => ({ ...known, ...members })),
  say,
  look: ({ state }, name, { at }) => state.serviceIndex.looks.at(name, at),
};

/** Carries a plan for a service out, in its order: the one place where looks write. Gives what came of starting tasks. */
export function applyPlan(step: ClusterStep, name: string, items: readonly PlanItem[]): Outcome {
  let outcome = nothingStarted;
  for (const item of items) {
    const started = (applies[item.type] as Apply<typeof item.type>)(step, name, item as never);
    if (started !== undefined) outcome = outcome === nothingStarted ? started : together(outcome, started);
  }
  return outcome;
}

/** What came of starting the tasks of several deployments. */
const together = (one: Outcome, other: Outcome): Outcome => ({
  taskIds: [...one.taskIds, ...other.taskIds],
  problem: one.problem ?? other.problem,
  zone: one.zone ?? other.zone,
});

/** AWS: stopCode ServiceSchedulerInitiated. */
function stop(step: ClusterStep, { stops }: ItemOf<"stop">): void {
  for (const { task, stoppedReason } of stops) {
    const current = must(step.state.tasks.get(task.id), "a task of a service");
    beginStop(step, current, "ServiceSchedulerInitiated", stoppedReason);
  }
}

function countFailures(step: ClusterStep, name: string, { deploymentId, tasks }: ItemOf<"count-failures">): void {
  changeProgress(step, name, deploymentId, (progress) =>
    tasks === null
      ? { ...progress, breakerCount: 0 }
      : { ...progress, breakerCount: progress.breakerCount + tasks, lastFailureAt: step.now },
  );
}

function say(step: ClusterStep, name: string, { line, event }: ItemOf<"say">): void {
  if (line !== null) tellService(step, name, line);
  if (event !== null) announceAction(step, serviceNamed(step, name), event.name, event.detail);
}

/**
 * Makes a deleted service without tasks INACTIVE: it can be described for a while, and no list has it.
 * AWS: its deployments and their history are deleted; the last one stays in the answer, because tools wait until it is the only one.
 */
function retire(step: ClusterStep, name: string): void {
  const target = targetOf(rolloutOf(step.state, name));
  const lastRevision = revisionOf(step, target);
  const { failedTasks } = progressOf(step.state, name, target.id);
  forgetServiceHistory(step, name);
  forgetStanding(step, name);
  step.state.services.put(name, {
    ...serviceNamed(step, name),
    status: "INACTIVE",
    inactiveAt: step.now,
    lastRevision,
    lastDeployment: { ...target, failedTasks },
  });
}

const serviceNamed = (step: ClusterStep, name: string) => must(step.state.services.get(name), "a service");
