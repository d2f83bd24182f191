import { ssm as rulebook } from "../../ssm/ssm.ts";
import { awsJson11 } from "../protocols/aws-json.ts";
import { awsService } from "./aws-service.ts";
import shapes from "./ssm.json" with { type: "json" };

export const ssm = awsService({
  rulebook,
  shapes,
  title: "AWS Systems Manager",
  protocol: awsJson11,
  targetPrefix: "AmazonSSM",
  signingName: "ssm",
  commonErrors: { AccessDeniedException: 400, ValidationException: 400 },
  internalError: "InternalServerError",
  beyondLimits: "ValidationException",
});
