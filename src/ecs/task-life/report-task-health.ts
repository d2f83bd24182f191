import { resourceId } from "../arn.ts";
import type { Container, HealthStatus, Task } from "../documents/task.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** Records the container health that an agent reports. AWS: a change of health alone makes no event. */
export function reportTaskHealth(step: ClusterStep, report: AgentReport & { type: "task-health" }): void {
  for (const { taskArn, containers } of report.tasks) {
    const id = resourceId(step.place, step.clusterName, "task", taskArn);
    const task = id === null ? undefined : step.state.tasks.get(id);
    // An agent speaks only for its own tasks.
    if (task === undefined || task.instanceId !== report.instanceId || task.lastStatus === "STOPPED") continue;
    const reported = new Map(containers.map(({ name, healthStatus }) => [name, healthStatus]));
    const next = task.containers.map((container) => withHealth(container, reported.get(container.name)));
    if (next.every((container, at) => container === task.containers[at])) continue;
    step.noteTask({ ...task, containers: next, healthStatus: healthOf(next) });
  }
}

function withHealth(container: Container, status: HealthStatus | undefined): Container {
  if (status === undefined || container.healthStatus === null || container.healthStatus === status) return container;
  return { ...container, healthStatus: status };
}

/** AWS: HEALTHY if every essential container with a health check is, UNHEALTHY if any isn't, otherwise UNKNOWN. */
export function healthOf(containers: Task["containers"]): HealthStatus {
  const checked = containers.filter((container) => container.essential && container.healthStatus !== null);
  if (checked.some((container) => container.healthStatus === "UNHEALTHY")) return "UNHEALTHY";
  const healthy = checked.length > 0 && checked.every((container) => container.healthStatus === "HEALTHY");
  return healthy ? "HEALTHY" : "UNKNOWN";
}
