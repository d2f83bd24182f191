import { containerInstanceArn } from "../arn.ts";
import type { FargateLack } from "../documents/fargate-use.ts";
import type { ImpedimentReason } from "../documents/impediment.ts";
import type { PlacementRefusal } from "../placement/candidate.ts";
import type { Sight } from "../service-view/sight.ts";

/** Why a task of a service could not be started. */
export type PlacementProblem =
  | { readonly type: "no-instances" }
  /** The instances that come closest, the closest first. */
  | { readonly type: "refused"; readonly refusals: readonly PlacementRefusal[] }
  | { readonly type: "fargate"; readonly lacks: FargateLack }
  | { readonly type: "too-many-wait" };

/** The problem as what is in the way of the service. */
export function impedimentOf(problem: PlacementProblem): ImpedimentReason {
  switch (problem.type) {
    case "no-instances":
      return { type: "no-instances" };
    case "refused": {
      const [closest] = problem.refusals;
      const facts = closest === undefined ? null : { instanceId: closest.instanceId, reason: closest.reason };
      return { type: "no-room", closest: facts };
    }
    case "fargate":
      return { type: "no-room-on-fargate", lacks: problem.lacks };
    case "too-many-wait":
      return { type: "too-many-tasks-wait" };
  }
}

/** The members that a placement failure adds to the detail of its event. AWS: the reason, and instances or providers. */
export function problemDetail(sight: Sight, problem: PlacementProblem): Record<string, unknown> {
  switch (problem.type) {
    case "refused": {
      const { refusals } = problem;
      const arns = refusals.map(({ instanceId }) => containerInstanceArn(sight.place, sight.clusterName, instanceId));
      return { containerInstanceArns: arns.slice(0, 1), reason: refusals[0]?.reason };
    }
    case "no-instances":
      return { reason: "NO ACTIVE INSTANCES" };
    case "fargate":
      return { reason: "RESOURCE:FARGATE" };
    case "too-many-wait":
      return { reason: "RESOURCE:*" };
  }
}
