import type { HostAttribute } from "../../agent/registration.ts";
import { simulatedAttributes } from "../../agent/simulated/simulated-attributes.ts";
import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { ContainerInstanceReply } from "../../ecs/container-instances/describe-container-instance.ts";
import { isPlatformAttribute } from "../../ecs/documents/attribute-rules.ts";
import type { ServerLog } from "../log/log.ts";

/** The members of a container instance that its host needs. */
export type KnownInstance = Pick<
  ContainerInstanceReply,
  "containerInstanceArn" | "attributes" | "versionInfo" | "registeredResources"
>;

/** What only hosts on EC2 can do. AWS: external instances have no network interfaces for tasks and nothing that needs them. */
const onEc2Only = /^ecs\.capability\.(task-eni|cni-)/;

/** The attributes of an adopted container instance's simulated host: it is the machine that the caller described. */
export function adoptedAttributes({ attributes, registeredResources }: KnownInstance): readonly HostAttribute[] {
  const said = (name: string): string | null => attributes.find((attribute) => attribute.name === name)?.value ?? null;
  const gpus = registeredResources.find(({ name }) => name === "GPU");
  const own = simulatedAttributes({
    gpuIds: gpus !== undefined && "stringSetValue" in gpus ? gpus.stringSetValue : [],
    architecture: said("ecs.cpu-architecture") ?? "x86_64",
    availabilityZone: said("ecs.availability-zone") ?? "a",
  });
  const external = attributes.some(({ name }) => name === "ecs.capability.external");
  const offered = external
    ? own.filter(({ name }) => !onEc2Only.test(name) && name !== "ecs.vpc-id" && name !== "ecs.subnet-id")
    : own;
  const names = new Set(attributes.map(({ name }) => name));
  return offered.filter(({ name }) => !names.has(name));
}

/**
 * Registers the container instance again, as its agent does when it starts, with `attributes` added to those from ECS and the agent; they
 * take precedence. Custom attributes, resources, versions and tags stay. Does nothing if the instance has them all. A failure is logged:
 * the host works, and the next start tries again.
 */
export async function registerAttributes(
  { api, log, cluster }: { readonly api: EcsApi; readonly log: ServerLog; readonly cluster: string },
  { containerInstanceArn, attributes: known }: KnownInstance,
  attributes: readonly HostAttribute[],
): Promise<void> {
  const merged = new Map<string, string | null>();
  for (const { name, value } of known) if (isPlatformAttribute(name)) merged.set(name, value);
  const isKnown = ({ name, value }: HostAttribute): boolean => merged.has(name) && merged.get(name) === (value ?? null);
  if (attributes.every(isKnown)) return;
  for (const { name, value } of attributes) merged.set(name, value ?? null);
  const all = [...merged].map(([name, value]) => (value === null ? { name } : { name, value }));
  try {
    await api.call("RegisterContainerInstance", { cluster, containerInstanceArn, attributes: all });
  } catch (error) {
    log.write("simulated-attributes-refused", { err: error, containerInstanceArn });
  }
}
