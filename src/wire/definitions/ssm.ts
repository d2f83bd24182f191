import { ssm as rulebook } from "../../ssm/ssm.ts";
import { awsJson11 } from "../protocols/aws-json.ts";
import { awsService } from "./aws-service.ts";

export const ssm = awsService({
  rulebook,
  shapes: new URL("./ssm.json", import.meta.url),
  title: "AWS Systems Manager",
  protocol: awsJson11,
  targetPrefix: "AmazonSSM",
  signingName: "ssm",
  commonErrors: { AccessDeniedException: 400, ValidationException: 400 },
  internalError: "InternalServerError",
  beyondLimits: "ValidationException",
});
