import { must } from "../../lib/assert.ts";
import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { Rebalance, Service } from "../documents/service.ts";
import { zoneOfSubnet } from "../launch/launch-on-fargate.ts";
import { constraintsOf } from "../placement/checked-placement.ts";
import { candidateOf } from "../placement/place-task.ts";
import { scaleInOrder } from "../placement/scale-in.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import { clearImpediment, impede } from "../rollout/service-impediment.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { instanceRule, isFor } from "./instance-rule.ts";
import { impedimentOf, type PlacementProblem, problemDetail } from "./placement-problem.ts";
import { exclusionOf, namesZone } from "./rebalanced-services.ts";
import { boundsOf } from "./replica-plan.ts";
import { revisionOf } from "./service-task-template.ts";
import type { ServiceTask, ServiceView } from "./service-view.ts";
import { type Started, startServiceTasks } from "./start-service-tasks.ts";
import { isSteady } from "./steady-state.ts";
import { named, stopServiceTasks } from "./stop-service-tasks.ts";

/**
 * Ends the rebalancing of a service to which something else happens: the tasks are no longer those that it counted. Before the
 * plan, so that the task it had one more of is a surplus like any other. AWS: a deployment interrupts it; the text.
 */
export function interruptRebalance(step: ClusterStep, view: ServiceView): void {
  const { rebalance } = view.service;
  if (rebalance !== null && !isUndisturbed(view, rebalance)) endRebalance(step, view.service);
}

function endRebalance(step: ClusterStep, service: Service): void {
  putRebalance(step, service, null);
  tellService(step, service.name, "stopped AZ Rebalancing.");
  announceAction(step, service, "SERVICE_REBALANCING_STOPPED");
}

/**
 * Brings the zones of a service into balance that has been steady for a while, a task at a time: one is started in the zone
 * with the fewest, and when it is healthy one is stopped in the zone with the most. AWS: the way it is done, and the texts.
 */
export function lookAtBalance(step: ClusterStep, view: ServiceView): void {
  const { service } = view;
  switch (service.rebalance?.phase) {
    case "starting":
      if (view.keepers.every(({ isHealthy }) => isHealthy)) stopOne(step, view, service.rebalance);
      return;
    case "stopping":
      if (view.stopping === 0) moveOrComplete(step, view);
      return;
    default:
      if (!isMovable(step, view)) noLongerHindered(step, service);
      else if (isDue(step, view)) moveOrComplete(step, view);
  }
}

/** True while the tasks are those that the move under way has counted. */
function isUndisturbed(view: ServiceView, { phase, to, startedAt }: Rebalance): boolean {
  const { service, keepers } = view;
  if (service.status !== "ACTIVE" || service.availabilityZoneRebalancing !== "ENABLED") return false;
  if (view.primary.rolloutState !== "COMPLETED" || service.deployments.length > 1) return false;
  if (view.leavers.length > 0 || view.ofOthers > 0) return false;
  if (phase === "stopping")
    return keepers.length === service.desiredCount && keepers.every(({ isHealthy }) => isHealthy);
  const isNew = ({ task }: ServiceTask) => task.availabilityZone === to && task.createdAt >= startedAt;
  if (view.stopping > 0 || keepers.length !== service.desiredCount + 1) return false;
  return keepers.every((one) => one.isHealthy || isNew(one));
}

/** AWS: which services are not rebalanced. What is updated later may exclude one, and so may its task definition. */
function isMovable(step: ClusterStep, view: ServiceView): boolean {
  const { service, primary } = view;
  if (service.availabilityZoneRebalancing !== "ENABLED" || primary.rolloutState !== "COMPLETED") return false;
  if (!isSteady(view)) return false;
  const { launchType, taskDefinitionArn } = revisionOf(step, primary);
  const definition = step.state.revisions.get(taskDefinitionArn);
  if (definition !== undefined && constraintsOf(definition).some(namesZone)) return false;
  return exclusionOf({ ...service, launchType }) === null;
}

function isDue(step: ClusterStep, view: ServiceView): boolean {
  const { service, primary } = view;
  if (service.steadySince === null || step.now < service.steadySince + step.timeline.rebalanceAfterMs) return false;
  if (primary.startBackoff.until !== null && primary.startBackoff.until > step.now) return false;
  // With room for no task more none can be moved.
  return boundsOf(view).upper > service.desiredCount;
}

/** Zone -> tasks there. Zones that the service may use are listed when they have none, too. */
type Zones = ReadonlyMap<string, readonly ServiceTask[]>;

function moveOrComplete(step: ClusterStep, view: ServiceView): void {
  const { service } = view;
  const tasks = Map.groupBy(view.keepers, ({ task }) => task.availabilityZone ?? "");
  const usable = usableZones(step, view);
  const zones: Zones = new Map(
    [...new Set([...usable, ...tasks.keys()])].sort().map((zone) => [zone, tasks.get(zone) ?? []]),
  );
  const [richest] = byCount(zones, [...zones.keys()]).reverse();
  const poor = byCount(zones, usable).filter((zone) => countIn(zones, richest) - countIn(zones, zone) > 1);
  if (richest === undefined || poor.length === 0) complete(step, service, zones);
  else if (zones.get(richest)?.every(({ isProtected }) => isProtected)) hinderedByProtection(step, view);
  else move(step, view, zones, richest, poor);
}

const countIn = (zones: Zones, zone: string | undefined): number => zones.get(zone ?? "")?.length ?? 0;

/** The zones, that with the fewest tasks first; of equals by name. */
const byCount = (zones: Zones, names: readonly string[]): string[] =>
  [...names].sort((a, b) => countIn(zones, a) - countIn(zones, b) || (a < b ? -1 : 1));

/** The zones where the service's tasks may be, whether or not there is room. */
function usableZones(step: ClusterStep, { service, primary }: ServiceView): string[] {
  const { launchType, capacityProviderStrategy, networkConfiguration } = revisionOf(step, primary);
  const zones = new Set<string>();
  if (launchType === "FARGATE" || capacityProviderStrategy.some((item) => isFargateProvider(item.capacityProvider))) {
    const subnets = networkConfiguration?.awsvpcConfiguration.subnets ?? [];
    for (const subnet of subnets) zones.add(zoneOfSubnet(step.place.region, subnet));
  } else {
    const rule = instanceRule(step, service);
    for (const { id, agentConnected, availabilityZone } of step.state.instances.values()) {
      if (!agentConnected || availabilityZone === null || zones.has(availabilityZone)) continue;
      const candidate = candidateOf(step.state, id);
      if (candidate !== null && isFor(rule, candidate)) zones.add(availabilityZone);
    }
  }
  return [...zones].sort();
}

/** Starts a task in the first of the zones that has room for it. */
function move(step: ClusterStep, view: ServiceView, zones: Zones, from: string, poor: readonly string[]): void {
  const { service, primary } = view;
  const problems: Started["problem"][] = [];
  for (const to of poor) {
    const { taskIds, problem } = startServiceTasks(step, service, primary, 1, to);
    problems.push(problem);
    if (taskIds.length === 0) continue;
    noLongerHindered(step, service);
    if (service.rebalance === null) {
      tellService(step, service.name, `is not AZ balanced with ${counted(zones)}. AZ Rebalancing in progress.`);
      announceAction(step, service, "SERVICE_REBALANCING_STARTED");
    }
    tellService(step, service.name, `has started 1 tasks in ${to} to AZ Rebalance: ${named(taskIds)}.`);
    announceAction(step, service, "TASKS_STARTED");
    putRebalance(step, service, { phase: "starting", from, to, startedAt: step.now });
    return;
  }
  hinderedByRoom(step, service, must(poor[0], "a zone with few tasks"), must(problems[0], "why a task was not placed"));
}

/** The new task is healthy: now one in the zone with the most may go. */
function stopOne(step: ClusterStep, view: ServiceView, rebalance: Rebalance): void {
  const { service } = view;
  const zones: Zones = Map.groupBy(view.keepers, ({ task }) => task.availabilityZone ?? "");
  const [from] = byCount(
    zones,
    [...zones.keys()].filter((zone) => zone !== rebalance.to),
  ).reverse();
  const open = (zones.get(from ?? "") ?? []).filter(({ isProtected }) => !isProtected).map(({ task }) => task);
  const [task] = scaleInOrder(step.state, open, service.placementStrategy, step.random("scale-in"), 1);
  if (from === undefined || task === undefined) {
    hinderedByProtection(step, view);
    return;
  }
  stopServiceTasks(step, service, [{ task, why: "rebalanced" }]);
  putRebalance(step, service, { ...rebalance, phase: "stopping", from });
}

function complete(step: ClusterStep, service: Service, zones: Zones): void {
  noLongerHindered(step, service);
  if (service.rebalance === null) return;
  putRebalance(step, service, null);
  tellService(step, service.name, `is AZ balanced with ${counted(zones)}.`);
  announceAction(step, service, "SERVICE_REBALANCING_COMPLETED");
}

function hinderedByRoom(step: ClusterStep, service: Service, zone: string, problem: PlacementProblem): void {
  if (service.rebalance !== null) endRebalance(step, service);
  const reason = problem.type === "fargate" ? impedimentOf(problem) : ({ type: "no-room-in-zone", zone } as const);
  const detail = problemDetail(step, within(step, zone, problem));
  impede(step, service.name, reason, detail, true);
}

/** What the instances of the zone lack: that the others are elsewhere tells nobody anything. */
function within({ state }: ClusterStep, zone: string, problem: PlacementProblem): PlacementProblem {
  if (problem.type !== "refused") return problem;
  const isThere = (instanceId: string) => state.instances.get(instanceId)?.availabilityZone === zone;
  return { ...problem, refusals: problem.refusals.filter(({ instanceId }) => isThere(instanceId)) };
}

function hinderedByProtection(step: ClusterStep, { service, primary }: ServiceView): void {
  if (service.rebalance !== null) endRebalance(step, service);
  const reason = { type: "protected-from-rebalance", deploymentId: primary.id } as const;
  impede(step, service.name, reason, {}, true);
}

function noLongerHindered(step: ClusterStep, { name, impediment }: Service): void {
  if (impediment?.isOfBalance === true) clearImpediment(step, name);
}

function putRebalance(step: ClusterStep, { name }: Service, rebalance: Rebalance | null): void {
  const service = must(step.state.services.get(name), "a service");
  step.state.services.put(name, { ...service, rebalance });
}

/** Such as `2 tasks in a, 1 in b, and 0 in c`. */
function counted(zones: Zones): string {
  const parts = [...zones].map(([zone, tasks], index) => `${tasks.length}${index === 0 ? " tasks" : ""} in ${zone}`);
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")}${parts.length > 1 ? "," : ""} and ${last}`;
}
