import { logs as rulebook } from "../../logs/logs.ts";
import { awsJson11 } from "../protocols/aws-json.ts";
import { awsService } from "./aws-service.ts";

/** LIMIT: a megabyte of messages is the most that PutLogEvents takes, and escapes in JSON can make several of it. */
const bodyBytesMax = 4_194_304;

export const logs = awsService({
  rulebook,
  shapes: new URL("./logs.json", import.meta.url),
  title: "Amazon CloudWatch Logs",
  protocol: awsJson11,
  targetPrefix: "Logs_20140328",
  signingName: "logs",
  commonErrors: {
    AccessDeniedException: 400,
    InvalidParameterException: 400,
    ThrottlingException: 400,
    InternalFailure: 500,
  },
  internalError: "InternalFailure",
  beyondLimits: "InvalidParameterException",
  bodyBytesMax,
});
