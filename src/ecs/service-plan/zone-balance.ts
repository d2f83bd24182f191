import { must } from "../../lib/assert.ts";
import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { Rebalance } from "../documents/service-condition.ts";
import { zoneOfSubnet } from "../launch/zone-of-subnet.ts";
import { constraintsOf } from "../placement/checked-placement.ts";
import { candidateOf } from "../placement/place-task.ts";
import { scaleInOrder } from "../placement/scale-in.ts";
import { instanceRule, isFor } from "../service-view/instance-rule.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import type { ServiceTask, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import { impedimentOf, type PlacementProblem, problemDetail } from "./placement-problem.ts";
import type { PlanDraft } from "./plan-draft.ts";
import { named, planStops } from "./plan-stops.ts";
import { exclusionOf, namesZone } from "./rebalanced-services.ts";
import type { Outcome } from "./service-plan.ts";
import { isSteady } from "./steady-state.ts";

/**
 * Ends the rebalancing of a service to which something else happens: the tasks are no longer those that it counted. Before the
 * plan, so that the task it had one more of is a surplus like any other. AWS: a deployment interrupts it; the text.
 */
export function interruptRebalance(draft: PlanDraft, view: ServiceView): void {
  const { rebalance } = view.condition;
  if (rebalance !== null && !isUndisturbed(view, rebalance)) endRebalance(draft);
}

function endRebalance(draft: PlanDraft): void {
  draft.change({ rebalance: null });
  draft.say("stopped AZ Rebalancing.", "SERVICE_REBALANCING_STOPPED");
}

/**
 * Brings the zones of a service into balance that has been steady for a while, a task at a time: one is started in the zone
 * with the fewest, and when it is healthy one is stopped in the zone with the most. AWS: the way it is done, and the texts.
 */
export function concludeBalance(draft: PlanDraft, view: ServiceView): void {
  const { rebalance } = view.condition;
  switch (rebalance?.phase) {
    case "starting":
      if (view.keepers.every(({ isHealthy }) => isHealthy)) stopOne(draft, view, rebalance);
      return;
    case "stopping":
      if (view.stopping === 0) moveOrComplete(draft, view);
      return;
    default:
      if (!isMovable(draft.sight, view)) noLongerHindered(draft);
      else if (isDue(draft.sight, view)) moveOrComplete(draft, view);
  }
}

/** True while the tasks are those that the move under way has counted. */
function isUndisturbed(view: ServiceView, { phase, to, startedAt }: Rebalance): boolean {
  const { service, keepers } = view;
  if (service.status !== "ACTIVE" || service.availabilityZoneRebalancing !== "ENABLED") return false;
  if (view.target.rolloutState !== "COMPLETED" || view.rollout.deployments.length > 1) return false;
  if (view.leavers.length > 0 || view.ofOthers > 0) return false;
  if (phase === "stopping")
    return keepers.length === service.desiredCount && keepers.every(({ isHealthy }) => isHealthy);
  const isNew = ({ task }: ServiceTask) => task.availabilityZone === to && task.createdAt >= startedAt;
  if (view.stopping > 0 || keepers.length !== service.desiredCount + 1) return false;
  return keepers.every((one) => one.isHealthy || isNew(one));
}

/** AWS: which services are not rebalanced. What is updated later may exclude one, and so may its task definition. */
function isMovable(sight: Sight, view: ServiceView): boolean {
  const { service, target } = view;
  if (service.availabilityZoneRebalancing !== "ENABLED" || target.rolloutState !== "COMPLETED") return false;
  if (!isSteady(view)) return false;
  const { launchType, taskDefinitionArn } = revisionOf(sight, target);
  const definition = sight.state.revisions.get(taskDefinitionArn);
  if (definition !== undefined && constraintsOf(definition).some(namesZone)) return false;
  return exclusionOf({ ...service, launchType }) === null;
}

function isDue(sight: Sight, view: ServiceView): boolean {
  const { service, progress, condition } = view;
  if (condition.steadySince === null || sight.now < condition.steadySince + sight.timeline.rebalanceAfterMs)
    return false;
  if (progress.startBackoff.until !== null && progress.startBackoff.until > sight.now) return false;
  // With room for no task more none can be moved.
  return view.upper > service.desiredCount;
}

/** Zone -> tasks there. Zones that the service may use are listed when they have none, too. */
type Zones = ReadonlyMap<string, readonly ServiceTask[]>;

function moveOrComplete(draft: PlanDraft, view: ServiceView): void {
  const { zones, richest, poor } = unevenZones(draft.sight, view);
  if (richest === undefined || poor.length === 0) complete(draft, zones);
  else if (zones.get(richest)?.every(({ isProtected }) => isProtected)) hinderedByProtection(draft, view);
  else draft.add({ type: "move", deploymentId: view.target.id, zones: poor });
}

/** The zones of a service, the one with the most tasks, and those that have two fewer at least, that with the fewest first. */
function unevenZones(sight: Sight, view: ServiceView) {
  const tasks = Map.groupBy(view.keepers, ({ task }) => task.availabilityZone ?? "");
  const usable = usableZones(sight, view);
  const zones: Zones = new Map(
    [...new Set([...usable, ...tasks.keys()])].sort().map((zone) => [zone, tasks.get(zone) ?? []]),
  );
  const [richest] = byCount(zones, [...zones.keys()]).reverse();
  const poor = byCount(zones, usable).filter((zone) => countIn(zones, richest) - countIn(zones, zone) > 1);
  return { zones, richest, poor };
}

/** What follows from a move: `before` is the view in which it was decided. */
export function concludeMove(draft: PlanDraft, before: ServiceView, { taskIds, zone, problem }: Outcome): void {
  const { zones, richest, poor } = unevenZones(draft.sight, before);
  if (zone === null || richest === undefined) {
    hinderedByRoom(draft, must(poor[0], "a zone with few tasks"), must(problem, "why a task was not placed"));
    return;
  }
  noLongerHindered(draft);
  if (draft.condition.rebalance === null) {
    const line = `is not AZ balanced with ${counted(zones)}. AZ Rebalancing in progress.`;
    draft.say(line, "SERVICE_REBALANCING_STARTED");
  }
  draft.say(`has started 1 tasks in ${zone} to AZ Rebalance: ${named(taskIds)}.`, "TASKS_STARTED");
  draft.change({ rebalance: { phase: "starting", from: richest, to: zone, startedAt: draft.sight.now } });
}

const countIn = (zones: Zones, zone: string | undefined): number => zones.get(zone ?? "")?.length ?? 0;

/** The zones, that with the fewest tasks first; of equals by name. */
const byCount = (zones: Zones, names: readonly string[]): string[] =>
  [...names].sort((a, b) => countIn(zones, a) - countIn(zones, b) || (a < b ? -1 : 1));

/** The zones where the service's tasks may be, whether or not there is room. */
function usableZones(sight: Sight, { service, target }: ServiceView): string[] {
  const { launchType, capacityProviderStrategy, networkConfiguration } = revisionOf(sight, target);
  const zones = new Set<string>();
  if (launchType === "FARGATE" || capacityProviderStrategy.some((item) => isFargateProvider(item.capacityProvider))) {
    const subnets = networkConfiguration?.awsvpcConfiguration.subnets ?? [];
    for (const subnet of subnets) zones.add(zoneOfSubnet(sight.place.region, subnet));
  } else {
    const rule = instanceRule(sight, service, target);
    for (const { id, agentConnected, availabilityZone } of sight.state.instances.values()) {
      if (!agentConnected || availabilityZone === null || zones.has(availabilityZone)) continue;
      const candidate = candidateOf(sight.state, id);
      if (candidate !== null && isFor(rule, candidate)) zones.add(availabilityZone);
    }
  }
  return [...zones].sort();
}

/** The new task is healthy: now one in the zone with the most may go. */
function stopOne(draft: PlanDraft, view: ServiceView, rebalance: Rebalance): void {
  const { sight } = draft;
  const zones: Zones = Map.groupBy(view.keepers, ({ task }) => task.availabilityZone ?? "");
  const [from] = byCount(
    zones,
    [...zones.keys()].filter((zone) => zone !== rebalance.to),
  ).reverse();
  const open = (zones.get(from ?? "") ?? []).filter(({ isProtected }) => !isProtected).map(({ task }) => task);
  const [task] = scaleInOrder(sight.state, open, view.service.placementStrategy, sight.random("scale-in"), 1);
  if (from === undefined || task === undefined) {
    hinderedByProtection(draft, view);
    return;
  }
  planStops(draft, view, [{ task, why: "rebalanced" }]);
  draft.change({ rebalance: { ...rebalance, phase: "stopping", from } });
}

function complete(draft: PlanDraft, zones: Zones): void {
  noLongerHindered(draft);
  if (draft.condition.rebalance === null) return;
  draft.change({ rebalance: null });
  draft.say(`is AZ balanced with ${counted(zones)}.`, "SERVICE_REBALANCING_COMPLETED");
}

function hinderedByRoom(draft: PlanDraft, zone: string, problem: PlacementProblem): void {
  if (draft.condition.rebalance !== null) endRebalance(draft);
  const reason = problem.type === "fargate" ? impedimentOf(problem) : ({ type: "no-room-in-zone", zone } as const);
  draft.impede({ reason, detail: problemDetail(draft.sight, within(draft.sight, zone, problem)) }, true);
}

/** What the instances of the zone lack: that the others are elsewhere tells nobody anything. */
function within({ state }: Sight, zone: string, problem: PlacementProblem): PlacementProblem {
  if (problem.type !== "refused") return problem;
  const isThere = (instanceId: string) => state.instances.get(instanceId)?.availabilityZone === zone;
  return { ...problem, refusals: problem.refusals.filter(({ instanceId }) => isThere(instanceId)) };
}

function hinderedByProtection(draft: PlanDraft, { target }: ServiceView): void {
  if (draft.condition.rebalance !== null) endRebalance(draft);
  draft.impede({ reason: { type: "protected-from-rebalance", deploymentId: target.id }, detail: {} }, true);
}

function noLongerHindered(draft: PlanDraft): void {
  if (draft.condition.impediment?.isOfBalance === true) draft.clearImpediment();
}

/** Such as `2 tasks in a, 1 in b, and 0 in c`. */
function counted(zones: Zones): string {
  const parts = [...zones].map(([zone, tasks], index) => `${tasks.length}${index === 0 ? " tasks" : ""} in ${zone}`);
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")}${parts.length > 1 ? "," : ""} and ${last}`;
}
