import { containerInstanceArn } from "../arn.ts";
import type { PlacementRefusal } from "../placement/candidate.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** Why a task of a service could not be started. */
export type PlacementProblem =
  | { readonly type: "no-instances" }
  /** The instances that come closest, the closest first. */
  | { readonly type: "refused"; readonly refusals: readonly PlacementRefusal[] }
  | { readonly type: "fargate"; readonly reason: string }
  | { readonly type: "too-many-wait" };

const advice = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
const unplaced = "was unable to place a task because no container instance met all of its requirements.";

/** The line of the service's events, without its prefix. AWS: the texts. */
export function problemMessage(problem: PlacementProblem): string {
  switch (problem.type) {
    case "no-instances":
      return `${unplaced} Reason: No Container Instances were found in your cluster. ${advice}`;
    case "refused": {
      const [closest] = problem.refusals;
      if (closest === undefined) return `${unplaced} ${advice}`;
      const what = shortfall(closest.reason);
      return `${unplaced} The closest matching (container-instance ${closest.instanceId}) ${what}. ${advice}`;
    }
    case "fargate":
      return problem.reason.startsWith("You")
        ? `was unable to place a task. Reason: ${problem.reason}.`
        : `was unable to place a task. Reason: ${problem.reason}. ${advice}`;
    case "too-many-wait":
      return "was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.";
  }
}

/** AWS: what the closest instance is said to lack, by the reason of a placement failure. */
export const shortfalls: Readonly<Record<string, string>> = {
  "RESOURCE:CPU": "has insufficient CPU units available",
  "RESOURCE:MEMORY": "has insufficient memory available",
  "RESOURCE:GPU": "has insufficient GPU resource available",
  "RESOURCE:PORTS": "is already using a port required by your task",
  ATTRIBUTE: "is missing an attribute required by your task",
  AGENT: "doesn't have the agent connected",
};

function shortfall(reason: string): string {
  return shortfalls[reason] ?? `encountered error "${reason.replace(/\.$/, "")}"`;
}

/** The members that a placement failure adds to the detail of its event. AWS: the reason, and instances or providers. */
export function problemDetail(step: ClusterStep, problem: PlacementProblem): Record<string, unknown> {
  switch (problem.type) {
    case "refused": {
      const { refusals } = problem;
      const arns = refusals.map(({ instanceId }) => containerInstanceArn(step.place, step.clusterName, instanceId));
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
