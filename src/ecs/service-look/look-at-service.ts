import { must } from "../../lib/assert.ts";
import { concludeStarts, finishLook } from "../service-plan/conclude-look.ts";
import { planService, waitsForOtherClusters } from "../service-plan/plan-service.ts";
import { documentsOf, type ServiceDocuments, viewService } from "../service-view/service-view.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { applyPlan } from "./apply-plan.ts";

/**
 * Brings a service one step closer to what it is to be: the whole of it is looked at, whatever the occasion. Gives how many
 * tasks were started and stopped. AWS: how a service keeps its desired count, rolls out, drains, fails and becomes steady.
 * Decisions are plans, which read and change nothing: which tasks stop and start; then what follows from those that found room; then the end
 * of the look. `applyPlan` carries each out.
 */
export function lookAtService(step: ClusterStep, name: string): number {
  const known = step.state.services.get(name);
  if (known === undefined || known.status === "INACTIVE") return 0;
  const { looks } = step.state.serviceIndex;
  looks.looked(name, step.now);
  if (waitsForOtherClusters(step, viewService(step, known))) {
    looks.at(name, step.now + step.timeline.serviceLookMs);
    return 0;
  }
  const plan = planService(step, documentsNow(step, name));
  const outcome = applyPlan(step, name, plan.items);
  const conclusions = concludeStarts(step, documentsNow(step, name), plan, outcome);
  const moved = applyPlan(step, name, conclusions.items);
  const changes = outcome.taskIds.length + plan.stopped;
  if (step.state.services.get(name)?.status === "INACTIVE") return changes;
  const { balanceView } = conclusions;
  const isMove = conclusions.items.some(({ type }) => type === "move");
  const move = isMove && balanceView !== null ? { outcome: moved, before: balanceView } : null;
  applyPlan(step, name, finishLook(step, documentsNow(step, name), plan, outcome, move));
  return changes;
}

const documentsNow = (step: ClusterStep, name: string): ServiceDocuments =>
  documentsOf(step.state, must(step.state.services.get(name), "a service"));
