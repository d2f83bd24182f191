import { must } from "../../lib/assert.ts";
import { isFargateProvider } from "../documents/capacity-provider.ts";
import { targetOf } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import { concludeStarts, finishLook } from "../service-plan/conclude-look.ts";
import { planService } from "../service-plan/plan-service.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import { documentsOf, type ServiceDocuments } from "../service-view/service-view.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf } from "../state/service-documents.ts";
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
  const { serviceIndex } = step.state;
  serviceIndex.looks.looked(name, step.now);
  if (waitsForFargate(step, known)) {
    // The account's answer wakes it; if none comes, it looks again by itself.
    serviceIndex.lacksRoom(name, "fargate");
    serviceIndex.looks.at(name, step.now + step.timeline.serviceLookMs);
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

/** While the account is asked for more of the Fargate quota, services on Fargate wait. */
function waitsForFargate(step: ClusterStep, { name }: Service): boolean {
  if (!step.waitsForFargate) return false;
  const { launchType, capacityProviderStrategy } = revisionOf(step, targetOf(rolloutOf(step.state, name)));
  const [first] = capacityProviderStrategy;
  return launchType === "FARGATE" || (first !== undefined && isFargateProvider(first.capacityProvider));
}

const documentsNow = (step: ClusterStep, name: string): ServiceDocuments =>
  documentsOf(step.state, must(step.state.services.get(name), "a service"));
