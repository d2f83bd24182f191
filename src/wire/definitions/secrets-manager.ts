import { secretsManager as rulebook } from "../../secrets-manager/secrets-manager.ts";
import { awsJson11 } from "../protocols/aws-json.ts";
import { awsService } from "./aws-service.ts";

export const secretsManager = awsService({
  rulebook,
  shapes: new URL("./secrets-manager.json", import.meta.url),
  title: "AWS Secrets Manager",
  protocol: awsJson11,
  targetPrefix: "secretsmanager",
  signingName: "secretsmanager",
  commonErrors: { AccessDeniedException: 400, ValidationException: 400 },
  internalError: "InternalServiceError",
  beyondLimits: "ValidationException",
  // LIMIT: a value of 64 KiB takes up to six characters for each of its own in JSON.
  bodyBytesMax: 524_288,
});
