import type { Deployment } from "../documents/deployment.ts";
import { type Service, serviceGroup } from "../documents/service.ts";
import { candidateOf } from "../placement/place-task.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { instanceRule, isFor } from "./instance-rule.ts";
import type { Sight } from "./sight.ts";

/**
 * The ids of the container instances that a DAEMON service has or wants a task on, in order. AWS: every ACTIVE instance that
 * meets its constraints, as soon as it is connected. One whose agent is away counts while it has a task, which lives on there;
 * without one it cannot get any, and a service that waited for it would never be steady.
 */
export function daemonSpots(
  sight: Sight,
  service: Service,
  target: Deployment,
  rule = instanceRule(sight, service, target),
): readonly string[] {
  const spots: string[] = [];
  for (const id of sight.state.instanceIds.after(null)) {
    const candidate = candidateOf(sight.state, id);
    if (candidate === null || !isFor(rule, candidate)) continue;
    if (candidate.instance.agentConnected || candidate.usage.groups.has(rule.group)) spots.push(id);
  }
  return spots;
}

/** The tasks on an instance that its daemons outlive, by id. AWS: daemons are the last to leave an instance that drains. */
export function tasksBeforeDaemons(state: ClusterState, instanceId: string): string[] {
  const daemonGroups = new Set([...state.serviceIndex.daemons].map(serviceGroup));
  return [...state.book.usageOf(instanceId).taskIds]
    .filter((id) => !daemonGroups.has(state.tasks.get(id)?.group ?? ""))
    .sort();
}

/** True when tasks that come and go decide where those of the service belong: nobody tells of all of them. */
export const followsTasks = (sight: Sight, service: Service, target: Deployment): boolean =>
  instanceRule(sight, service, target).filters.some(({ looksAt }) => looksAt === "tasks");
