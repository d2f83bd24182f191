import type { HostFacts, HostIdentity } from "../agent/registration.ts";
import { simulatedAttributes } from "../agent/simulated/simulated-attributes.ts";
import type { Place } from "../ecs/arn.ts";
import { seededRandom } from "../lib/random.ts";

/**
 * What the host `name` reports about itself. Hosts are small, so that they fill up and placement fails too. Every third has GPUs.
 */
export function hostFacts({ account, region }: Place, name: string, index: number): HostFacts {
  const gpuIds = index % 3 === 2 ? [`gpu-${index}-a`, `gpu-${index}-b`] : [];
  const identity: HostIdentity = {
    account,
    region,
    availabilityZone: `${region}${"abc".charAt(index % 3)}`,
    instanceId: `i-${seededRandom(name).stream("instance-id").hex(17)}`,
    instanceType: "m5.large",
    imageId: "ami-0b3e7a1c5d9f20468",
    architecture: "x86_64",
    privateAddress: null,
  };
  return {
    cpu: 1_024,
    memoryMiB: 1_024,
    gpuIds,
    identity,
    attributes: simulatedAttributes({ ...identity, gpuIds }),
    customAttributes: [
      { name: "rack", value: `r${index % 2}` },
      // Every other host belongs to the capacity provider `mine`, and every fourth to `yours`.
      ...(index % 2 === 0 ? [{ name: "berth.capacity-provider", value: index % 4 === 0 ? "mine" : "yours" }] : []),
    ],
    tags: [{ key: "host", value: name }],
  };
}
