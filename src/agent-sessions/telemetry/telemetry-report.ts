import type { TelemetryFromAgent } from "../../agent-protocol/from-agent.ts";
import type { AgentReport } from "../../ecs/state/cluster-input.ts";
import { never } from "../../lib/assert.ts";

/** AWS: the API's names for the checks that agents report. */
const checkTypes = new Map([
  ["ContainerRuntime", "CONTAINER_RUNTIME"],
  ["AcceleratedCompute", "ACCELERATED_COMPUTE"],
] as const);

/** The report for the cluster from a telemetry message. Null if the message contains nothing that ECS keeps. */
export function reportFromTelemetry(instanceId: string, message: TelemetryFromAgent, now: number): AgentReport | null {
  switch (message.type) {
    case "PublishMetricsRequest":
      return null;
    case "PublishHealthRequest": {
      const tasks = (message.message.tasks ?? []).map((task) => ({
        taskArn: task.taskArn,
        containers: task.containers.map(({ containerName, healthStatus }) => ({ name: containerName, healthStatus })),
      }));
      return tasks.length === 0 ? null : { type: "task-health", instanceId, tasks };
    }
    case "PublishInstanceStatusRequest": {
      // An agent's clock that runs ahead would make later reports look old.
      const reportedAt = Math.min(Math.round(message.message.timestamp * 1_000), now);
      const checks = message.message.statuses.flatMap((status) => {
        const type = (checkTypes as ReadonlyMap<string, "CONTAINER_RUNTIME" | "ACCELERATED_COMPUTE">).get(status.type);
        if (type === undefined) return [];
        return [{ type, status: status.status, statusReason: status.statusReason ?? null, reportedAt }];
      });
      return checks.length === 0 ? null : { type: "instance-status", instanceId, checks };
    }
    default:
      return never(message, "telemetry message");
  }
}
