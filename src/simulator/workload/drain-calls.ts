import type { Draw } from "../draw.ts";
import type { Known } from "./known.ts";
import { type CallPlanner, clusterMember, clusterOf } from "./planned-call.ts";

/** Some container instances, mostly of one cluster. Null if none is known. */
function instances(draw: Draw, known: Known): { readonly containerInstances: readonly string[] } | null {
  const first = known.reference(draw, known.instances.slice(-12));
  if (first === null) return null;
  const containerInstances = [first, ...(draw.chance(0.4) ? draw.some(known.instances, 2) : [])];
  return { ...clusterOf(draw, known, first), containerInstances };
}

export const startDrain: CallPlanner = (draw, known) => {
  const named = instances(draw, known);
  if (named === null) return null;
  return {
    operation: "StartDrain",
    request: { ...named, ...draw.maybe(0.3, () => ({ deadlineSeconds: draw.pick([1, 60, 600, 86_400, 0]) })) },
  };
};

/** More often than drains are started, so that not all hosts end up without tasks. */
export const cancelDrain: CallPlanner = (draw, known) => {
  const named = instances(draw, known);
  return named === null ? null : { operation: "CancelDrain", request: named };
};

export const planDrain: CallPlanner = (draw, known) => {
  const named = instances(draw, known);
  return named === null ? null : { operation: "PlanDrain", request: named };
};

export const describeDrain: CallPlanner = (draw, known) => {
  const named = draw.chance(0.5) ? instances(draw, known) : null;
  return { operation: "DescribeDrain", request: named ?? clusterMember(draw, known) };
};

export const putLostAgentPolicy: CallPlanner = (draw, known) => ({
  operation: "PutLostAgentPolicy",
  request: {
    ...clusterMember(draw, known),
    ...draw.maybe(0.7, () => ({ replaceAfterSeconds: draw.pick([1, 30, 120, 600, 0]) })),
  },
});

export const describeLostAgentPolicy: CallPlanner = (draw, known) => ({
  operation: "DescribeLostAgentPolicy",
  request: clusterMember(draw, known),
});
