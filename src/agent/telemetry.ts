import { tasksPerPublishHealth } from "../agent-protocol/from-agent/publish-health.ts";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import type { RandomStream } from "../lib/random.ts";
import type { TaskHealth } from "./engine-step.ts";

/** AWS: the official agent looks for something to publish each 20 s. */
export const publishIntervalMs = 20_000;

export type RuntimeStatus = { readonly status: "OK" | "IMPAIRED"; readonly checkedAt: number; readonly since: number };

const seconds = (ms: number): number => ms / 1_000;

export type Publisher = { readonly cluster: string; readonly containerInstance: string; readonly ids: RandomStream };

export function instanceStatusMessage(from: Publisher, runtime: RuntimeStatus | null, now: number): FromAgent {
  const { cluster, containerInstance, ids } = from;
  return {
    type: "PublishInstanceStatusRequest",
    message: {
      metadata: { cluster, containerInstance, requestId: ids.uuid() },
      statuses: [
        {
          type: "ContainerRuntime",
          status: runtime?.status ?? "INITIALIZING",
          lastUpdated: seconds(runtime?.checkedAt ?? now),
          lastStatusChange: seconds(runtime?.since ?? now),
        },
      ],
      timestamp: seconds(now),
    },
  };
}

/** The health of all checked containers, in as many messages as it takes. */
export function healthMessages(from: Publisher, tasks: readonly TaskHealth[], now: number): readonly FromAgent[] {
  const { cluster, containerInstance, ids } = from;
  const messages: FromAgent[] = [];
  for (let start = 0; start < tasks.length; start += tasksPerPublishHealth) {
    messages.push({
      type: "PublishHealthRequest",
      message: {
        metadata: {
          cluster,
          containerInstance,
          messageId: ids.uuid(),
          fin: start + tasksPerPublishHealth >= tasks.length,
        },
        tasks: tasks.slice(start, start + tasksPerPublishHealth).map((task) => ({
          taskArn: task.taskArn,
          taskDefinitionFamily: task.family,
          taskDefinitionVersion: task.version,
          containers: task.containers.map(({ name, status, since }) => ({
            containerName: name,
            healthStatus: status,
            statusSince: seconds(since),
          })),
        })),
        timestamp: seconds(now),
      },
    });
  }
  return messages;
}
