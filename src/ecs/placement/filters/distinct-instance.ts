import type { Candidate, PlacementFilter } from "../candidate.ts";

const alike = (group: string, { usage }: Candidate): number => usage.groups.get(group) ?? 0;

/**
 * AWS: no two tasks of a group share an instance, whichever call started them. The desired status decides: a task that should stop no
 * longer counts, though it may briefly run next to its successor.
 */
export const distinctInstance = (group: string): PlacementFilter => ({
  reason: "DistinctInstance placement constraint unsatisfied.",
  looksAt: "tasks",
  lacks: (candidate) => alike(group, candidate),
  explain: (candidate) => `Tasks of the group ${group} on the instance: ${alike(group, candidate)}.`,
});
