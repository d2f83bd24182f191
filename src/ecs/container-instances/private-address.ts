import type { ContainerInstance } from "../documents/container-instance.ts";
import { freeHostAddress } from "../documents/network-address.ts";
import type { Caller } from "../state/call.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { IdentityDocument } from "./identity-document.ts";

/**
 * The address of an instance that registers, which was `before` so far (null if it had none). AWS: EC2 knows it. Here the identity document says it,
 * otherwise it is where the registration came from; a host in this process gets one for as long as it is registered.
 */
export function privateAddress(
  step: ClusterStep,
  before: string | null,
  document: IdentityDocument | null,
  { address }: Caller,
): string | null {
  const known = document?.privateAddress ?? address;
  if (known !== undefined) return known ?? before;
  return before ?? freeHostAddress((each) => hasAddress(step, each), step.random("instance-address"));
}

function hasAddress({ state }: ClusterStep, address: string): boolean {
  for (const instance of state.instances.values()) if (instance.privateAddress === address) return true;
  return false;
}

/** The addresses of a cluster's instances by ARN; those without one are left out. */
export type InstanceAddresses = Readonly<Record<string, string>>;

export function instanceAddresses(state: ClusterState): InstanceAddresses {
  const known = ({ arn, privateAddress: address }: ContainerInstance): [string, string][] =>
    address === null ? [] : [[arn, address]];
  return Object.fromEntries([...state.instances.values()].flatMap(known));
}
