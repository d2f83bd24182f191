import { defineMessage, type MessageOf } from "../message.ts";
import {
  anything,
  filledText,
  flag,
  integer,
  list,
  map,
  number,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
} from "../shape.ts";
import { roleCredentials } from "./iam-role-credentials.ts";
import { elasticNetworkInterface } from "./network-interface.ts";
import { payloadContainer } from "./payload-container.ts";

/** The settings of the volume's type are in a member of their own, spelled as in the API. */
export const payloadVolume = object({
  name: text,
  type: oneOf(["host", "docker", "efs", "fsxWindowsFileServer"]),
  /** Always present for the type `host`. Without a sourcePath the volume is empty. */
  host: optional(object({ sourcePath: optional(text) })),
  dockerVolumeConfiguration: optional(
    object({
      scope: optional(oneOf(["task", "shared"])),
      autoprovision: optional(flag),
      driver: optional(text),
      driverOpts: optional(map(text)),
      labels: optional(map(text)),
    }),
  ),
  efsVolumeConfiguration: optional(anything),
  fsxWindowsFileServerVolumeConfiguration: optional(anything),
});
export type PayloadVolume = TypeOf<typeof payloadVolume>;

/** A task as the agent receives it. For desiredStatus STOPPED, `arn` and `desiredStatus` are enough. */
export const payloadTask = object({
  arn: filledText,
  desiredStatus: oneOf(["RUNNING", "STOPPED"]),
  family: optional(text),
  version: optional(text),
  containers: optional(list(payloadContainer)),
  /** vCPUs, not CPU units. */
  cpu: optional(number),
  /** MiB. */
  memory: optional(integer),
  volumes: optional(list(payloadVolume)),
  networkMode: optional(text),
  elasticNetworkInterfaces: optional(list(elasticNetworkInterface)),
  associations: optional(list(object({ name: text, type: text, containers: list(text), content: optional(anything) }))),
  roleCredentials: optional(roleCredentials),
  executionRoleCredentials: optional(roleCredentials),
  pidMode: optional(text),
  ipcMode: optional(text),
  proxyConfiguration: optional(object({ type: text, containerName: optional(text), properties: optional(map(text)) })),
  launchType: optional(text),
  serviceName: optional(text),
  taskClusterArn: optional(text),
  enableFaultInjection: optional(flag),
});
export type PayloadTask = TypeOf<typeof payloadTask>;

/** Tasks that the agent must bring to their desired status. */
export const payloadMessage = defineMessage("PayloadMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  tasks: optional(list(payloadTask)),
  /** Rises with every payload and manifest of an instance. */
  seqNum: optional(integer),
  generatedAt: optional(integer),
});
export type PayloadMessage = MessageOf<typeof payloadMessage>;
