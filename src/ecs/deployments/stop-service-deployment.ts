import { refuse } from "../refusals.ts";
import { stopAnswers } from "../rollout/service-deployment-states.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { OneHistoryArn } from "../state/operation-row.ts";
import { findServiceDeployment } from "./describe-service-deployments.ts";

export type StopServiceDeploymentRequest = {
  readonly serviceDeploymentArn?: string;
  readonly stopType?: string;
};

const unknown = { code: "ServiceDeploymentNotFoundException", text: "Service deployment not found." } as const;

/** Where a request has its ARN. AWS: the operation declares no error for an unknown cluster. */
export const serviceDeploymentArn = {
  member: "serviceDeploymentArn",
  type: "service-deployment",
  unknown,
} as const satisfies OneHistoryArn;

// AWS: ROLLBACK returns to the newest completed deployment, ABORT leaves things as they are.
const requested = { ROLLBACK: "ROLLBACK_REQUESTED", ABORT: "STOP_REQUESTED" } as const;

/**
 * StopServiceDeployment: requests a rollback or a stop, which the next look at the service carries out. AWS: a deployment that is already
 * being stopped or rolled back continues; a finished one is a conflict. Refuses an unknown service deployment with
 * ServiceDeploymentNotFoundException.
 */
export function stopServiceDeployment(step: ClusterStep, request: StopServiceDeploymentRequest): object {
  const { serviceDeploymentArn: arn, stopType = "ROLLBACK" } = request;
  if (arn === undefined || arn === "") {
    refuse("InvalidParameterException", "serviceDeploymentArn can not be empty.");
  }
  if (stopType !== "ROLLBACK" && stopType !== "ABORT") {
    refuse("InvalidParameterException", "stopType should be one of [ROLLBACK,ABORT]");
  }
  const deployment = findServiceDeployment(step, arn);
  if (deployment === null) refuse(unknown.code, unknown.text);
  const answer = stopAnswers[deployment.status];
  if (answer === "conflict") {
    refuse("ConflictException", `The service deployment is ${deployment.status} and cannot be stopped.`);
  }
  if (answer === "takes") {
    const status = requested[stopType];
    step.state.serviceDeployments.put(deployment.id, { ...deployment, status, updatedAt: step.now });
    step.state.serviceIndex.looks.changed(deployment.serviceName);
  }
  return { serviceDeploymentArn: deployment.arn };
}
