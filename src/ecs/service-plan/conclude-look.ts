import type { ServiceDocuments, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import { concludeImpediment } from "./impediments.ts";
import { lookTimes } from "./next-look.ts";
import { impedimentOf, problemDetail } from "./placement-problem.ts";
import { PlanDraft } from "./plan-draft.ts";
import { changesPerLook } from "./plan-service.ts";
import { named } from "./plan-stops.ts";
import type { Outcome, PlanItem, ServicePlan } from "./service-plan.ts";
import { concludeSteadiness } from "./steady-state.ts";
import { endIfRolledOut, forgetOldFailures } from "./watch-deployment.ts";
import { concludeBalance, concludeMove } from "./zone-balance.ts";

/** What follows from a plan that was carried out, and the view in which a move between zones was decided. */
export type Conclusions = { readonly items: readonly PlanItem[]; readonly balanceView: ServiceView | null };

/**
 * What follows when the tasks of `plan` were stopped and started as far as there was room (`outcome`): what is in the way of the service, whether
 * its rollout is over or the service is gone, and whether a task moves to another zone. `documents` are those after the plan.
 */
export function concludeStarts(
  sight: Sight,
  documents: ServiceDocuments,
  plan: ServicePlan,
  outcome: Outcome,
): Conclusions {
  const draft = new PlanDraft(sight, documents);
  const { taskIds, problem } = outcome;
  if (taskIds.length > 0) draft.say(`has started ${taskIds.length} tasks: ${named(taskIds)}.`, "TASKS_STARTED");
  const lacks = problem?.type === "fargate" ? "fargate" : "instances";
  draft.add({ type: "room", lacks: problem === null ? null : lacks });
  if (problem !== null) draft.impede({ reason: impedimentOf(problem), detail: problemDetail(sight, problem) });
  const view = draft.view();
  if (view.service.status === "DRAINING") {
    if (view.keepers.length === 0 && view.leavers.length === 0) draft.add({ type: "retire" });
    return { items: draft.items, balanceView: null };
  }
  if (problem === null) concludeImpediment(draft, view, plan.moves);
  forgetOldFailures(draft, view);
  endIfRolledOut(draft, view);
  const balanceView = draft.view();
  concludeBalance(draft, balanceView);
  return { items: draft.items, balanceView };
}

/**
 * The end of a look: what follows from moving a task to another zone (`moved`, null when none was to move), whether the service is steady, and
 * when time alone asks for the next look. `documents` are those after the conclusions.
 */
export function finishLook(
  sight: Sight,
  documents: ServiceDocuments,
  plan: ServicePlan,
  outcome: Outcome,
  moved: { readonly outcome: Outcome; readonly before: ServiceView } | null,
): readonly PlanItem[] {
  const draft = new PlanDraft(sight, documents);
  if (moved !== null) concludeMove(draft, moved.before, moved.outcome);
  if (documents.service.status === "ACTIVE") concludeSteadiness(draft, draft.view());
  // Of fewer starts than a look may make the rest found no room.
  const started = outcome.taskIds.length;
  const startsLeft =
    started === changesPerLook && plan.moves.starts.reduce((sum, { count }) => sum + count, 0) > started;
  for (const at of lookTimes(sight, draft.view(), plan.stopsLeft || startsLeft)) draft.add({ type: "look", at });
  return draft.items;
}
