import { capacityProviderArn } from "../documents/capacity-provider.ts";
import { isImpaired } from "../rollout/start-backoff.ts";
import type { ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import type { PlanDraft } from "./plan-draft.ts";
import type { Obstacle, TaskMoves } from "./service-plan.ts";

/**
 * Decides why a service that has found a place for every task still makes no progress: one reason at a time, since two that take
 * turns would be repeated with every look. Clears what was in the way before when nothing is now.
 */
export function concludeImpediment(draft: PlanDraft, view: ServiceView, moves: TaskMoves): void {
  const obstacle = obstacleOf(draft.sight, view, moves);
  if (obstacle !== null) draft.impede(obstacle);
  else if (moves.starts.length === 0 && draft.condition.impediment?.isOfBalance !== true) draft.clearImpediment();
}

function obstacleOf(sight: Sight, view: ServiceView, moves: TaskMoves): Obstacle | null {
  const { service, rollout, target, progress } = view;
  const { desiredCount } = service;
  const because = (reason: Obstacle["reason"], detail: Obstacle["detail"] = {}): Obstacle => ({ reason, detail });
  const left = [...view.keepers, ...view.leavers].filter(({ serves }) => serves).length;
  const served = rollout.deployments.some(({ rolloutState }) => rolloutState === "COMPLETED");
  if (target.rolloutState === "FAILED" && served && left < desiredCount) {
    return because({ type: "deployment-failed", deploymentId: target.id, left, desiredCount });
  }
  if (moves.hindrance === "deployment-configuration") return because({ type: "deployment-configuration" });
  if (protectedBeyond(view) > 0) return because({ type: "protected-tasks", deploymentId: target.id });
  if (isImpaired(progress.startBackoff) && target.rolloutState !== "FAILED") {
    return because({ type: "tasks-do-not-start" });
  }
  const empty = emptyProviders(sight, view);
  if (empty.length === 0) return null;
  const capacityProviderArns = empty.map((name) => capacityProviderArn(sight.place, name));
  const detail = { capacityProviderArns, reason: "EMPTY CAPACITY PROVIDER" };
  return because({ type: "empty-providers", providers: empty }, detail);
}

/** How many protected tasks a scale-in leaves beyond the desired count. */
function protectedBeyond({ service, condition, keepers }: ServiceView): number {
  // A task that is moved to another zone is there twice for a while.
  if (service.schedulingStrategy === "DAEMON" || condition.rebalance !== null) return 0;
  return keepers.filter(({ isProtected }) => isProtected).length - service.desiredCount;
}

/** The capacity providers that tasks of the service wait for and that have no instance. */
function emptyProviders({ state }: Sight, { keepers }: ServiceView): string[] {
  const awaited = new Set(keepers.flatMap(({ task }) => task.waitingFor?.capacityProvider ?? []));
  if (awaited.size === 0) return [];
  for (const { status, capacityProviderName } of state.instances.values()) {
    if (status === "ACTIVE" && capacityProviderName !== null) awaited.delete(capacityProviderName);
  }
  return [...awaited].sort();
}
