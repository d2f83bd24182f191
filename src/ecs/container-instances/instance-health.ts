import {
  type ContainerInstance,
  type HealthState,
  healthTypes,
  type InstanceHealth,
} from "../documents/container-instance.ts";
import { limits } from "../limits.ts";
import type { ClusterState } from "../state/cluster-state.ts";

export type HealthCheck = InstanceHealth["checks"][number];

/** Worst first. AWS: one failed check makes the whole instance IMPAIRED. */
const bySeverity: readonly HealthState[] = ["IMPAIRED", "INSUFFICIENT_DATA", "INITIALIZING", "OK"];

/** The health of `instance` at `now`, in API shape. AWS: INITIALIZING until the first report. */
export function describeHealth(state: ClusterState, instance: ContainerInstance, now: number) {
  const checks = state.health.get(instance.id)?.checks ?? [initialCheck(instance)];
  const details = checks.map((check) => checkAt(check, now));
  const overallStatus = bySeverity.find((status) => details.some((check) => check.status === status)) ?? "INITIALIZING";
  return {
    overallStatus,
    details: details.map(({ type, status, statusReason, lastUpdated, lastStatusChange }) => {
      return { type, status, statusReason, lastUpdated, lastStatusChange };
    }),
  };
}

/**
 * `check` at `now`: INSUFFICIENT_DATA if reports have stayed away too long. That follows from the time of the last report, so no timer has
 * to write it.
 */
export function checkAt(check: HealthCheck, now: number): HealthCheck {
  const silentAt = check.receivedAt + limits.healthReportTimeoutMs;
  if (now < silentAt || check.status === "INSUFFICIENT_DATA") return check;
  return { ...check, status: "INSUFFICIENT_DATA", statusReason: null, lastStatusChange: silentAt };
}

/** Checks in the order of `healthTypes`. */
export function inOrder(checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return healthTypes.flatMap((type) => checks.filter((check) => check.type === type));
}

function initialCheck(instance: ContainerInstance): HealthCheck {
  const at = instance.registeredAt;
  return {
    type: "CONTAINER_RUNTIME",
    status: "INITIALIZING",
    statusReason: null,
    lastUpdated: at,
    lastStatusChange: at,
    receivedAt: Number.MAX_SAFE_INTEGER,
  };
}
