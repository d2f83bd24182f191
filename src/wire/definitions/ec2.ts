import { ec2 as rulebook } from "../../ec2/ec2.ts";
import { ec2Errors } from "../../ec2/ec2-refusal.ts";
import { ec2Query } from "../protocols/aws-query.ts";
import { awsService } from "./aws-service.ts";

export const ec2 = awsService({
  rulebook,
  shapes: new URL("./ec2.json", import.meta.url),
  title: "Amazon EC2",
  protocol: ec2Query,
  apiVersion: "2016-11-15",
  xmlNamespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
  signingName: "ec2",
  commonErrors: ec2Errors,
  internalError: "InternalError",
  beyondLimits: "InvalidParameterValue",
});
