import { sts as rulebook } from "../../sts/sts.ts";
import { awsQuery } from "../protocols/aws-query.ts";
import { awsService } from "./aws-service.ts";

export const sts = awsService({
  rulebook,
  shapes: new URL("./sts.json", import.meta.url),
  title: "AWS Security Token Service",
  protocol: awsQuery,
  apiVersion: "2011-06-15",
  xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  signingName: "sts",
  commonErrors: { AccessDenied: 403, InternalFailure: 500, ValidationError: 400 },
  internalError: "InternalFailure",
  beyondLimits: "ValidationError",
});
