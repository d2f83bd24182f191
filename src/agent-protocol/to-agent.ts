import { type MessageOf, messageParser } from "./message.ts";
import { ackPublishHealth } from "./to-agent/ack-publish-health.ts";
import { ackPublishInstanceStatus } from "./to-agent/ack-publish-instance-status.ts";
import { ackPublishMetric } from "./to-agent/ack-publish-metric.ts";
import { attachInstanceNetworkInterfacesMessage } from "./to-agent/attach-instance-network-interfaces.ts";
import { attachTaskNetworkInterfacesMessage } from "./to-agent/attach-task-network-interfaces.ts";
import { closeMessage } from "./to-agent/close.ts";
import { confirmAttachmentMessage } from "./to-agent/confirm-attachment.ts";
import { errorMessage } from "./to-agent/error.ts";
import { heartbeatMessage } from "./to-agent/heartbeat.ts";
import { iamRoleCredentialsMessage } from "./to-agent/iam-role-credentials.ts";
import { payloadMessage } from "./to-agent/payload.ts";
import { performUpdateMessage } from "./to-agent/perform-update.ts";
import { stageUpdateMessage } from "./to-agent/stage-update.ts";
import { taskManifestMessage } from "./to-agent/task-manifest.ts";
import { taskStopVerificationAck } from "./to-agent/task-stop-verification-ack.ts";

/** Every message that the control plane sends, on the command socket (ACS) and the telemetry socket (TCS). */
export const messagesToAgent = [
  heartbeatMessage,
  payloadMessage,
  iamRoleCredentialsMessage,
  taskManifestMessage,
  taskStopVerificationAck,
  attachTaskNetworkInterfacesMessage,
  attachInstanceNetworkInterfacesMessage,
  confirmAttachmentMessage,
  stageUpdateMessage,
  performUpdateMessage,
  errorMessage,
  closeMessage,
  ackPublishMetric,
  ackPublishHealth,
  ackPublishInstanceStatus,
] as const;

export type ToAgent = MessageOf<(typeof messagesToAgent)[number]>;

/** Reads messages from the control plane. */
export const parseToAgent = messageParser(messagesToAgent);
