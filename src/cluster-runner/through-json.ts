/** Test support: submissions through JSON, as between two processes. */
import type { ClusterPlace } from "./partitions/cluster-place.ts";
import type { AccountPlace, AccountSubmission, ClusterSubmission, Outcome, Submit } from "./submit.ts";

/** `local`, with inputs and outcomes sent through JSON. `seen` collects the types of the inputs. */
export function throughJson(local: Submit, seen?: Set<string>): Submit {
  return (place: ClusterPlace | AccountPlace, input: ClusterSubmission | AccountSubmission) => {
    seen?.add(`${place.cluster === undefined ? "account" : "cluster"} ${input.type}`);
    const outcome = local(copyOf(place) as ClusterPlace, copyOf(input) as ClusterSubmission);
    return outcome instanceof Promise ? outcome.then(copyOf<Outcome>) : copyOf(outcome);
  };
}

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
