import type { ClusterState } from "../cluster-state.ts";
import type { ClusterStep } from "../cluster-step.ts";
import type { ContainerInstance } from "../container-instances/container-instance.ts";
import type { Candidate, PlacementFilter } from "../placement/candidate.ts";
import { memberOf } from "../placement/filters/member-of.ts";
import { requiredAttributes } from "../placement/filters/required-attributes.ts";
import { candidateOf } from "../placement/place-task.ts";
import { isEligible } from "../placement/placement-filters.ts";
import type { PlacementRequest } from "../placement/placement-request.ts";
import type { TaskPlan } from "../tasks/new-task.ts";
import { primaryOf, type Service, serviceGroup } from "./service.ts";
import { placementOf, planServiceTasks, revisionOf } from "./service-task-plan.ts";

/** What decides where the tasks of a DAEMON service belong, and what they are started with. */
export type DaemonRule = {
  readonly group: string;
  readonly plan: TaskPlan;
  /** What a task asks of an instance of this kind; null for a kind that the service does not run on. */
  readonly requestOn: (instance: ContainerInstance) => PlacementRequest | null;
  /** Attributes and constraints, not the room: a spot without room is one that waits for some. */
  readonly filters: readonly PlacementFilter[];
};

export function daemonRule(step: ClusterStep, service: Service): DaemonRule {
  const primary = primaryOf(service);
  const plan = planServiceTasks(step, service, primary);
  const { launchType, capacityProviderStrategy } = revisionOf(step, primary);
  const providers: readonly (string | null)[] =
    launchType !== null
      ? [null]
      : capacityProviderStrategy
          .filter(({ base, weight }) => base > 0 || weight > 0)
          .map(({ capacityProvider }) => capacityProvider);
  const kind = launchType === "EXTERNAL" ? "EXTERNAL" : "EC2";
  const requests = new Map(providers.map((provider) => [provider, placementOf(service, plan, kind, provider)]));
  const { requiresAttributes } = plan.need;
  const expressions = [...requests.values()][0]?.constraints.flatMap((constraint) =>
    // The other kind of constraint holds for daemons as it is.
    constraint.type === "memberOf" ? [constraint.expression] : [],
  );
  return {
    group: serviceGroup(service.name),
    plan,
    requestOn: (instance) => requests.get(launchType === null ? instance.capacityProviderName : null) ?? null,
    filters: [
      ...(requiresAttributes.length === 0 ? [] : [requiredAttributes(plan.need)]),
      ...(expressions ?? []).map(memberOf),
    ],
  };
}

/**
 * The ids of the container instances that a DAEMON service has or wants a task on, in order. AWS: every ACTIVE instance that
 * meets its constraints, as soon as it is connected. One whose agent is away counts while it has a task, which lives on there;
 * without one it cannot get any, and a service that waited for it would never be steady.
 */
export function daemonSpots(step: ClusterStep, service: Service, rule = daemonRule(step, service)): readonly string[] {
  const spots: string[] = [];
  for (const id of step.state.instanceIds.after(null)) {
    const candidate = candidateOf(step.state, id);
    if (candidate === null || !isSpot(rule, candidate)) continue;
    if (candidate.instance.agentConnected || candidate.usage.groups.has(rule.group)) spots.push(id);
  }
  return spots;
}

function isSpot(rule: DaemonRule, candidate: Candidate): boolean {
  const request = rule.requestOn(candidate.instance);
  if (request === null || !isEligible(request, candidate.instance)) return false;
  // As it was asked when the task was placed: a daemon is not in its own way.
  const asked = rule.filters.some(({ looksAt }) => looksAt === "tasks") ? withoutOwn(candidate, rule.group) : candidate;
  return rule.filters.every((filter) => filter.lacks(asked) === 0);
}

function withoutOwn(candidate: Candidate, group: string): Candidate {
  const { instance, usage } = candidate;
  const own = usage.groups.get(group) ?? 0;
  if (own === 0) return candidate;
  const groups = new Map(usage.groups);
  groups.delete(group);
  return { instance, usage: { ...usage, groups, running: usage.running - own } };
}

/** The tasks on an instance that its daemons outlive, by id. AWS: daemons are the last to leave an instance that drains. */
export function tasksBeforeDaemons(state: ClusterState, instanceId: string): string[] {
  const daemonGroups = new Set([...state.serviceIndex.daemons].map(serviceGroup));
  return [...state.book.usageOf(instanceId).taskIds]
    .filter((id) => !daemonGroups.has(state.tasks.get(id)?.group ?? ""))
    .sort();
}

/** True when tasks that come and go decide where those of the service belong: nobody tells of all of them. */
export const followsTasks = (step: ClusterStep, service: Service): boolean =>
  daemonRule(step, service).filters.some(({ looksAt }) => looksAt === "tasks");
