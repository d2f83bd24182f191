import type { CircuitBreaker, Deployment, ServiceDeployment } from "../documents/deployment.ts";
import type { DeploymentProgress } from "../documents/deployment-progress.ts";
import type { Service } from "../documents/service.ts";

/** AWS: the bounds of a threshold in percent, unless it is an unbounded one. */
const thresholdMin = 3;
const thresholdMax = 200;

/** How many failures trip the breaker. AWS: a percentage of the desired count, rounded up, 3 to 200; or a plain number. */
export function breakerThreshold({ thresholdConfiguration }: CircuitBreaker, desiredCount: number): number {
  const { type, value } = thresholdConfiguration;
  if (type === "COUNT") return value;
  const share = Math.ceil((desiredCount * value) / 100);
  return type === "BOUNDED_PERCENT" ? Math.min(thresholdMax, Math.max(thresholdMin, share)) : Math.max(1, share);
}

/** True when a deployment has failed as often as the breaker lets it. */
export const hasTripped = (
  breaker: CircuitBreaker,
  deployment: Deployment,
  { breakerCount }: DeploymentProgress,
  desiredCount: number,
): boolean =>
  breaker.enable &&
  deployment.rolloutState === "IN_PROGRESS" &&
  breakerCount >= breakerThreshold(breaker, desiredCount);

/**
 * What the circuit breaker has counted for a service deployment and what trips it: as of now, or as of when it stopped to count.
 * `progress` is that of its deployment, null when the service has it no more.
 */
export function failuresOf(
  { deploymentConfiguration, desiredCount }: Service,
  { failureCount, failureThreshold }: ServiceDeployment,
  progress: DeploymentProgress | null,
): { readonly failureCount: number; readonly failureThreshold: number } {
  if (failureThreshold !== null) return { failureCount, failureThreshold };
  return {
    failureCount: progress?.breakerCount ?? failureCount,
    failureThreshold: breakerThreshold(deploymentConfiguration.deploymentCircuitBreaker, desiredCount),
  };
}

/** AWS: what the API shows of the circuit breaker, and of the alarms, that watch a deployment. */
export function watchStatus(
  isEnabled: boolean,
  isOver: boolean,
  tripped: boolean,
): "DISABLED" | "MONITORING" | "MONITORING_COMPLETE" | "TRIGGERED" {
  if (!isEnabled) return "DISABLED";
  if (tripped) return "TRIGGERED";
  return isOver ? "MONITORING_COMPLETE" : "MONITORING";
}
