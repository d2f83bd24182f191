import type { RandomStream } from "../../lib/random.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import type { Candidate, FailureReason, PlacementFilter, PlacementRefusal } from "./candidate.ts";
import type { Fleet } from "./fleet.ts";
import { filtersOf, ineligible, isEligible, isOfKind, refusalBy } from "./placement-filters.ts";

/**
 * The container instance for one task of `request`, or null if it fits nowhere. It takes earlier placements into account.
 * AWS: filters, then constraints, then the strategies in order. Ties, and requests without a strategy, are decided by `random`.
 */
export function placeTask(fleet: Fleet, request: PlacementRequest, random: RandomStream): Candidate | null {
  const id = fleet.placement.best(request, random);
  return id === null ? null : candidateOf(fleet, id);
}

/** Why an instance refuses the task, from the first filter that does; null if the task fits there. */
export function refusalOn(_fleet: Fleet, request: PlacementRequest, candidate: Candidate): PlacementRefusal | null {
  const unfit = ineligible(request, candidate);
  if (unfit !== null) return unfit;
  for (const filter of filtersOf(request)) {
    const refusal = refusalBy(filter, candidate);
    if (refusal !== null) return refusal;
  }
  return null;
}

/**
 * For each reason the closest instance, the closest of all first: fewest refusing filters, then most filters passed before the first
 * refusal. Empty if no instance is eligible, or if the task fits.
 */
export function placementFailures(fleet: Fleet, request: PlacementRequest): PlacementRefusal[] {
  type Closest = { refusal: PlacementRefusal; refusedBy: number; passed: number };
  const closest = new Map<FailureReason, Closest>();
  const filters = filtersOf(request);
  for (const candidate of eligibleCandidates(fleet, request)) {
    const refusing = filters.filter((filter) => filter.lacks(candidate) > 0);
    const [first] = refusing;
    if (first === undefined) continue;
    const known = closest.get(first.reason);
    const lack = first.lacks(candidate);
    if (
      known !== undefined &&
      (lack > known.refusal.lack || (lack === known.refusal.lack && refusing.length >= known.refusedBy))
    )
      continue;
    closest.set(first.reason, {
      refusal: { instanceId: candidate.instance.id, reason: first.reason, lack, detail: first.explain(candidate) },
      refusedBy: refusing.length,
      passed: filters.indexOf(first),
    });
  }
  return [...closest.values()]
    .sort((a, b) => a.refusedBy - b.refusedBy || b.passed - a.passed)
    .map(({ refusal }) => refusal);
}

/** The result for one instance; no refusals if the task fits. */
export type InstanceExplanation = { readonly instanceId: string; readonly refusals: readonly PlacementRefusal[] };

/**
 * Every registered instance of the request's launch type and capacity provider, by id, with everything that refuses the task there. For the
 * dry run. Only the `detailed` instances with the fewest refusals get sentences, which cost more than the rest.
 */
export function explainPlacement(
  fleet: Fleet,
  request: PlacementRequest,
  detailed = Number.POSITIVE_INFINITY,
): readonly InstanceExplanation[] {
  const filters = filtersOf(request);
  const found: {
    readonly candidate: Candidate;
    readonly unfit: PlacementRefusal | null;
    refusing: PlacementFilter[];
  }[] = [];
  for (const instanceId of fleet.instanceIds.after(null)) {
    const candidate = candidateOf(fleet, instanceId);
    if (candidate === null || candidate.instance.status === "INACTIVE" || !isOfKind(request, candidate.instance))
      continue;
    const refusing = filters.filter((filter) => filter.lacks(candidate) > 0);
    found.push({ candidate, unfit: ineligible(request, candidate), refusing });
  }
  const count = ({ unfit, refusing }: (typeof found)[number]): number => refusing.length + (unfit === null ? 0 : 1);
  const refused = found.filter((one) => count(one) > 0).sort((a, b) => count(a) - count(b));
  const shown = new Set(refused.slice(0, detailed));
  return found.map((one) => {
    const { candidate, unfit, refusing } = one;
    const { id: instanceId } = candidate.instance;
    const ofFilters = refusing.map((filter) => {
      const detail = shown.has(one) ? filter.explain(candidate) : "";
      return { instanceId, reason: filter.reason, lack: filter.lacks(candidate), detail };
    });
    return { instanceId, refusals: unfit === null ? ofFilters : [unfit, ...ofFilters] };
  });
}

/** True if at least one instance is eligible. */
export function anyEligible(fleet: Fleet, request: PlacementRequest): boolean {
  for (const instance of fleet.instances.values()) {
    if (isEligible(request, instance)) return true;
  }
  return false;
}

export function candidateOf(fleet: Fleet, instanceId: string): Candidate | null {
  const instance = fleet.instances.get(instanceId);
  if (instance === undefined) return null;
  return { instance, usage: fleet.book.usageOf(instanceId), selections: fleet.placement.selections };
}

function* eligible(fleet: Fleet, request: PlacementRequest): Iterable<Candidate> {
  for (const id of fleet.instanceIds.after(null)) {
    const candidate = candidateOf(fleet, id);
    if (candidate !== null && isEligible(request, candidate.instance)) yield candidate;
  }
}

const eligibleCandidates = (fleet: Fleet, request: PlacementRequest): Candidate[] => [...eligible(fleet, request)];
