import { checkAt, type HealthCheck, inOrder } from "../container-instances/instance-health.ts";
import { limits } from "../limits.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

type Report = Extract<AgentReport, { readonly type: "instance-status" }>;

/**
 * Records the health that an agent reports. A check that isn't newer than the known one changes nothing.
 * AWS: health affects neither `version` nor placement, and has no event.
 */
export function reportInstanceStatus(step: ClusterStep, report: Report): void {
  const instance = step.state.instances.get(report.instanceId);
  if (instance === undefined || instance.status === "INACTIVE" || instance.status === "DEREGISTERING") return;
  const known = step.state.health.get(instance.id)?.checks ?? [];
  const checks = new Map(known.map((check) => [check.type, check]));
  for (const reported of report.checks) {
    const before = checks.get(reported.type);
    const lastUpdated = Math.min(reported.reportedAt, step.now);
    if (before !== undefined && lastUpdated <= before.lastUpdated) continue;
    checks.set(reported.type, nextCheck(before, reported, lastUpdated, step.now));
  }
  const next = [...checks.values()];
  if (next.length === known.length && next.every((check, i) => check === known[i])) return;
  step.state.health.put(instance.id, { instanceId: instance.id, checks: inOrder(next) });
}

function nextCheck(
  before: HealthCheck | undefined,
  reported: Report["checks"][number],
  lastUpdated: number,
  now: number,
): HealthCheck {
  const { type, status } = reported;
  const statusReason = reported.statusReason?.slice(0, limits.reasonCharacters) ?? null;
  const earlier = before === undefined ? null : checkAt(before, now);
  const lastStatusChange = earlier?.status === status ? earlier.lastStatusChange : lastUpdated;
  return { type, status, statusReason, lastUpdated, lastStatusChange, receivedAt: now };
}
