import { ackRequest } from "./from-agent/ack.ts";
import { heartbeatAckRequest } from "./from-agent/heartbeat-ack.ts";
import { iamRoleCredentialsAckRequest } from "./from-agent/iam-role-credentials-ack.ts";
import { nackRequest } from "./from-agent/nack.ts";
import { publishHealthRequest } from "./from-agent/publish-health.ts";
import { publishInstanceStatusRequest } from "./from-agent/publish-instance-status.ts";
import { publishMetricsRequest } from "./from-agent/publish-metrics.ts";
import { taskStopVerificationMessage } from "./from-agent/task-stop-verification.ts";
import { type MessageOf, messageParser } from "./message.ts";

/** What an agent sends on its command socket (ACS). */
export const commandMessagesFromAgent = [
  heartbeatAckRequest,
  ackRequest,
  nackRequest,
  iamRoleCredentialsAckRequest,
  taskStopVerificationMessage,
] as const;

/** What an agent sends on its telemetry socket (TCS). */
export const telemetryMessagesFromAgent = [
  publishMetricsRequest,
  publishHealthRequest,
  publishInstanceStatusRequest,
] as const;

export type CommandFromAgent = MessageOf<(typeof commandMessagesFromAgent)[number]>;
export type TelemetryFromAgent = MessageOf<(typeof telemetryMessagesFromAgent)[number]>;
export type FromAgent = CommandFromAgent | TelemetryFromAgent;

export const parseCommandFromAgent = messageParser(commandMessagesFromAgent);
export const parseTelemetryFromAgent = messageParser(telemetryMessagesFromAgent);
