import { fargateFailures } from "../documents/fargate-use.ts";
import type { ImpedimentReason } from "../documents/impediment.ts";

const advice = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
const unplaced = "was unable to place a task because no container instance met all of its requirements.";

/** The line of the service's events, without its prefix. AWS: the texts. */
export function impedimentText(reason: ImpedimentReason): string {
  switch (reason.type) {
    case "no-instances":
      return `${unplaced} Reason: No Container Instances were found in your cluster. ${advice}`;
    case "no-room": {
      const { closest } = reason;
      if (closest === null) return `${unplaced} ${advice}`;
      const what = shortfall(closest.reason);
      return `${unplaced} The closest matching (container-instance ${closest.instanceId}) ${what}. ${advice}`;
    }
    case "no-room-on-fargate":
      // AWS: only the text about capacity refers to the guide.
      return reason.lacks === "quota"
        ? `was unable to place a task. Reason: ${fargateFailures.quota}.`
        : `was unable to place a task. Reason: ${fargateFailures.capacity}. ${advice}`;
    case "too-many-tasks-wait":
      return "was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.";
    case "empty-providers":
      return "was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.";
    case "deployment-failed": {
      // DIFFERS: AWS does not document what becomes of the older tasks after a deployment failed without a rollback. Here none that stops is replaced, and the service's events say so each time one is lost.
      const { deploymentId, left, desiredCount } = reason;
      return `does not replace tasks that stop because (deployment ${deploymentId}) failed; ${left} of ${desiredCount} are left. Update the service to start a new deployment.`;
    }
    case "deployment-configuration":
      return "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
    case "protected-tasks":
      return `was unable to reach steady state because task set (${reason.deploymentId}) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks`;
    case "tasks-do-not-start":
      return `is unable to consistently start tasks successfully. ${advice}`;
    case "no-room-in-zone":
      return `is unable to place a task in ${reason.zone} because no container instance met all of its requirements.`;
    case "protected-from-rebalance":
      return `was unable to AZ Rebalance because ${reason.deploymentId} was unable to scale in due to task protection.`;
  }
}

/** AWS: what the closest instance is said to lack, by the reason of a placement failure. */
const shortfalls: Readonly<Record<string, string>> = {
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
