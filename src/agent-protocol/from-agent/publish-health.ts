import {
  messageId,
  reason,
  reference,
  reportedContainers,
  reportedTasks,
  seconds,
  sentAt,
  word,
} from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { flag, list, object, oneOf, optional } from "../shape.ts";

/** LIMIT: the most that the official agent puts into one message; bounds a frame. */
export const tasksPerPublishHealth = 10;

/** The health of containers that have a health check. Times are epoch seconds. */
export const publishHealthRequest = defineMessage("PublishHealthRequest", {
  metadata: object({
    cluster: optional(reference),
    containerInstance: optional(reference),
    messageId: optional(messageId),
    fin: optional(flag),
  }),
  tasks: optional(
    list(
      object({
        taskArn: reference,
        clusterArn: optional(reference),
        taskDefinitionFamily: optional(reference),
        taskDefinitionVersion: optional(word),
        containers: list(
          object({
            containerName: reference,
            healthStatus: oneOf(["HEALTHY", "UNHEALTHY", "UNKNOWN"]),
            statusSince: optional(seconds),
            statusMessage: optional(reason),
          }),
          reportedContainers,
        ),
      }),
      reportedTasks,
    ),
  ),
  timestamp: sentAt,
});
export type PublishHealthRequest = MessageOf<typeof publishHealthRequest>;
