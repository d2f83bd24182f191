import { Refusal } from "../ecs/refusals.ts";

/** AWS: the errors of EC2 that Berth refuses calls with. */
export const ec2Errors = {
  DryRunOperation: 412,
  "InvalidGroup.NotFound": 400,
  "InvalidInstanceID.NotFound": 400,
  "InvalidNetworkInterfaceID.NotFound": 400,
  InvalidParameterValue: 400,
  "InvalidSubnetID.NotFound": 400,
  "InvalidVpcID.NotFound": 400,
  InternalError: 500,
  RequestLimitExceeded: 503,
} as const;
export type Ec2RefusalCode = keyof typeof ec2Errors;

/** Throws the refusal `code` with the text that the caller reads. */
export function refuse(code: Ec2RefusalCode, message: string): never {
  throw new Refusal(code, message);
}
