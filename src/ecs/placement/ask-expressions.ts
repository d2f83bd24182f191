import { must } from "../../lib/assert.ts";
import { checkedQuery } from "../cluster-query/checked-query.ts";
import type { PlacementConstraint } from "../documents/placement-request.ts";
import type { Fleet } from "./fleet.ts";
import { candidateOf } from "./place-task.ts";

/** LIMIT: what is spent on asking expressions between two slices: some milliseconds. */
const queryStepsPerSlice = 1_000_000;

/**
 * Asks every instance of a rehearsal's copy what `constraints` say of it, slice by slice: the answers are kept, so placing tasks there
 * takes no longer than it does without constraints.
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
