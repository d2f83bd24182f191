import type { RandomStream } from "../../lib/random.ts";
import type { ClusterState } from "../cluster-state.ts";
import type { Need } from "../tasks/new-task.ts";
import type { TaskLaunchType } from "../tasks/task.ts";
import type { Candidate, FailureReason, PlacementFilter } from "./candidate.ts";
import { agentConnected } from "./filters/agent-connected.ts";
import { requiredAttributes } from "./filters/required-attributes.ts";
import { cpuFits, gpusFit, memoryFits, portsFree } from "./filters/resources.ts";

/** The filters in the order in which they are asked; the first that refuses gives the reason. */
export const placementFilters: readonly PlacementFilter[] = [
  agentConnected,
  requiredAttributes,
  cpuFits,
  memoryFits,
  gpusFit,
  portsFree,
];

/** The first filter that refuses the candidate, or null when the task fits. */
export function refusingFilter(need: Need, candidate: Candidate): PlacementFilter | null {
  for (const filter of placementFilters) {
    if (filter.lacks(need, candidate) > 0) return filter;
  }
  return null;
}

/** An entry of `failures`. */
export type PlacementFailure = { readonly instanceId: string; readonly reason: FailureReason; readonly detail: string };

// LIMIT: so many draws find a place in all but nearly full clusters; after them everything is looked at.
const drawsMax = 24;

/** True for instances that RunTask may use at all. AWS: status ACTIVE, and external ones for launch type EXTERNAL only. */
const isEligible = (candidate: Candidate, launchType: TaskLaunchType): boolean =>
  candidate.instance.status === "ACTIVE" && candidate.instance.external === (launchType === "EXTERNAL");

/**
 * A container instance for one task, chosen uniformly among those where it fits (AWS: RunTask without strategy places at
 * random), or null when it fits nowhere.
 */
export function placeTask(
  state: ClusterState,
  need: Need,
  launchType: TaskLaunchType,
  random: RandomStream,
): Candidate | null {
  const ids = state.instanceIds.after(null);
  const fits = (id: string): Candidate | null => {
    const candidate = candidateOf(state, id);
    const eligible = candidate !== null && isEligible(candidate, launchType);
    return eligible && refusingFilter(need, candidate) === null ? candidate : null;
  };
  // Drawing until one fits is as uniform as drawing from the list of those that fit, and needs no list.
  for (let draw = 0; draw < drawsMax && ids.length > 0; draw++) {
    const candidate = fits(ids[random.below(ids.length)] as string);
    if (candidate !== null) return candidate;
  }
  const survivors = ids.map(fits).filter((candidate) => candidate !== null);
  return survivors.length === 0 ? null : (survivors[random.below(survivors.length)] as Candidate);
}

/** Why the task fits nowhere: for each reason, the instance that comes closest. Empty when no instance is eligible. */
export function placementFailures(state: ClusterState, need: Need, launchType: TaskLaunchType): PlacementFailure[] {
  const closest = new Map<PlacementFilter, { candidate: Candidate; lack: number }>();
  for (const id of state.instanceIds.after(null)) {
    const candidate = candidateOf(state, id);
    if (candidate === null || !isEligible(candidate, launchType)) continue;
    const filter = refusingFilter(need, candidate);
    if (filter === null) continue;
    const lack = filter.lacks(need, candidate);
    const known = closest.get(filter);
    if (known === undefined || lack < known.lack) closest.set(filter, { candidate, lack });
  }
  return placementFilters.flatMap((filter) => {
    const found = closest.get(filter);
    if (found === undefined) return [];
    const { candidate } = found;
    return [{ instanceId: candidate.instance.id, reason: filter.reason, detail: filter.explain(need, candidate) }];
  });
}

/** True when RunTask has at least one instance to look at. */
export function anyEligible(state: ClusterState, launchType: TaskLaunchType): boolean {
  for (const instance of state.instances.values()) {
    if (instance.status === "ACTIVE" && instance.external === (launchType === "EXTERNAL")) return true;
  }
  return false;
}

export function candidateOf(state: ClusterState, instanceId: string): Candidate | null {
  const instance = state.instances.get(instanceId);
  return instance === undefined ? null : { instance, usage: state.book.usageOf(instanceId) };
}
