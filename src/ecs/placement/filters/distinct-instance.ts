import type { Candidate, PlacementFilter } from "../candidate.ts";

const alike = (group: string, { usage }: Candidate): number =>
  (usage.groups.get(group) ?? 0) + (usage.stoppingGroups.get(group) ?? 0);

/**
 * AWS: no two tasks of a group share an instance, whichever call started them. A task that is to stop counts until it is
 * STOPPED, as for all else that it holds: who asks for this does not want two of them to run side by side for a moment.
 */
export const distinctInstance = (group: string): PlacementFilter => ({
  reason: "DistinctInstance placement constraint unsatisfied.",
  looksAt: "tasks",
  lacks: (candidate) => alike(group, candidate),
  explain: (candidate) => `Tasks of the group ${group} on the instance: ${alike(group, candidate)}.`,
});
