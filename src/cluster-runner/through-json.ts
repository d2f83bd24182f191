/** Test support: submissions that cross a wire, as between two processes. */
import type { ClusterPlace } from "./partitions/cluster-place.ts";
import type { AccountPlace, AccountSubmission, ClusterSubmission, Outcome, Submit } from "./submit.ts";

/** `local` behind a way through JSON in both directions. `seen` gets the types of what went through. */
export function throughJson(local: Submit, seen?: Set<string>): Submit {
  return (place: ClusterPlace | AccountPlace, input: ClusterSubmission | AccountSubmission) => {
    seen?.add(`${place.cluster === undefined ? "account" : "cluster"} ${input.type}`);
    const outcome = local(copyOf(place) as ClusterPlace, copyOf(input) as ClusterSubmission);
    return outcome instanceof Promise ? outcome.then(copyOf<Outcome>) : copyOf(outcome);
  };
}

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
