import type { Candidate, PlacementFilter } from "../candidate.ts";

const alike = (group: string, { usage }: Candidate): number => usage.groups.get(group) ?? 0;

/**
 * AWS: no two tasks of a group share an instance, whichever call started them. Their desired status decides: a task that is
 * wanted STOPPED no longer counts, though it may run beside its successor for a moment.
 */
export const distinctInstance = (group: string): PlacementFilter => ({
  reason: "DistinctInstance placement constraint unsatisfied.",
  looksAt: "tasks",
  lacks: (candidate) => alike(group, candidate),
  explain: (candidate) => `Tasks of the group ${group} on the instance: ${alike(group, candidate)}.`,
});
