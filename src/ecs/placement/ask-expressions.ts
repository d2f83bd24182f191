import { must } from "../../lib/assert.ts";
import { checkedQuery } from "../cluster-query/checked-query.ts";
import type { PlacementConstraint } from "../documents/placement-request.ts";
import type { Fleet } from "./fleet.ts";
import { candidateOf } from "./place-task.ts";

/** LIMIT: the work on expressions between two slices: a few milliseconds. */
const queryStepsPerSlice = 1_000_000;

/**
 * Evaluates `constraints` on every instance of a rehearsal's copy, slice by slice. The results are cached, so placing tasks there is as
 * fast as without constraints.
 */
export function* askExpressions(fleet: Fleet, constraints: readonly PlacementConstraint[]): Generator<undefined, void> {
  const { selections } = fleet.placement;
  for (const constraint of constraints) {
    if (constraint.type !== "memberOf") continue;
    const query = checkedQuery(constraint.expression);
    for (const id of fleet.instanceIds.after(null)) {
      selections.selects(query, must(candidateOf(fleet, id), "a listed instance"));
      if (selections.spent < queryStepsPerSlice) continue;
      selections.begin(Number.POSITIVE_INFINITY);
      yield;
    }
  }
}
