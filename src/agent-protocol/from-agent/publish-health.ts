import { defineMessage, type MessageOf } from "../message.ts";
import { flag, list, number, object, oneOf, optional, text } from "../shape.ts";

/** LIMIT: what the official agent puts into one message at most; bounds a frame. */
export const tasksPerPublishHealth = 10;

/** The health of containers that have a health check. Times are epoch seconds. */
export const publishHealthRequest = defineMessage("PublishHealthRequest", {
  metadata: object({
    cluster: optional(text),
    containerInstance: optional(text),
    messageId: optional(text),
    fin: optional(flag),
  }),
  tasks: optional(
    list(
      object({
        taskArn: text,
        clusterArn: optional(text),
        taskDefinitionFamily: optional(text),
        taskDefinitionVersion: optional(text),
        containers: list(
          object({
            containerName: text,
            healthStatus: oneOf(["HEALTHY", "UNHEALTHY", "UNKNOWN"]),
            statusSince: optional(number),
            statusMessage: optional(text),
          }),
        ),
      }),
    ),
  ),
  timestamp: number,
});
export type PublishHealthRequest = MessageOf<typeof publishHealthRequest>;
