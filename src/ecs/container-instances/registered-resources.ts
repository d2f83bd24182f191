import type { GpuDevice } from "../documents/container-instance.ts";
import { membersOf, type Resource, type ResourceType, resourceTypes } from "../documents/resource.ts";
import { refuse } from "../refusals.ts";

/** A resource as a request brings it. */
export type RequestResource = {
  readonly name?: string;
  readonly type?: string;
  readonly doubleValue?: number;
  readonly longValue?: number;
  readonly integerValue?: number;
  readonly stringSetValue?: readonly string[];
};

export type RequestDevice = { readonly id?: string; readonly type?: string };

/** AWS: the types of the resources that ECS itself counts with. */
const knownTypes: ReadonlyMap<string, ResourceType> = new Map([
  ["CPU", "INTEGER"],
  ["MEMORY", "INTEGER"],
  ["PORTS", "STRINGSET"],
  ["PORTS_UDP", "STRINGSET"],
  ["GPU", "STRINGSET"],
]);

/**
 * What a registration by hand, which leaves resources out, is taken to have: four cores, 7.5 GiB, and the ports that the
 * agent reserves on Linux. A real agent always sends all four.
 */
const assumed: readonly Resource[] = [
  { name: "CPU", type: "INTEGER", value: 4_096 },
  { name: "MEMORY", type: "INTEGER", value: 7_680 },
  { name: "PORTS", type: "STRINGSET", values: ["22", "2375", "2376", "51678", "51679"] },
  { name: "PORTS_UDP", type: "STRINGSET", values: [] },
];

// LIMIT: four resources and a few of a user's own; more is a mistake, and each is shown in every event.
const resourcesMax = 50;
// LIMIT: AWS has 32 and 64 bit integers; beyond 2^53 numbers are no longer exact here.
const largest = { INTEGER: 2_147_483_647, LONG: Number.MAX_SAFE_INTEGER, DOUBLE: Number.MAX_VALUE } as const;

/**
 * The resources of a registration, in its order, missing ones of ECS's own four assumed.
 * Refuses with InvalidParameterException a resource without name, one named twice, an unknown or wrong type, and a value
 * that is negative, no number of its type, or no port.
 */
export function totalResources(requested: readonly RequestResource[] | undefined): readonly Resource[] {
  const resources = (requested ?? []).map(checkedResource);
  if (resources.length > resourcesMax) {
    refuse("InvalidParameterException", `totalResources can have at most ${resourcesMax} items.`);
  }
  const names = new Set<string>();
  for (const { name } of resources) {
    if (names.has(name)) refuse("InvalidParameterException", `The resource '${name}' is given twice.`);
    names.add(name);
  }
  return [...resources, ...assumed.filter(({ name }) => !names.has(name))];
}

/** The devices of a registration. Refuses one without id, of another type, or given twice, with InvalidParameterException. */
export function platformDevices(requested: readonly RequestDevice[]): readonly GpuDevice[] {
  const devices = requested.map(({ id, type }): GpuDevice => {
    if (id === undefined || id === "") refuse("InvalidParameterException", "A platform device must have an id.");
    if (type !== "GPU" && type !== "NEURON_DEVICE") {
      refuse("InvalidParameterException", "platform device type should be one of [GPU, NEURON_DEVICE]");
    }
    return { id, type };
  });
  if (new Set(devices.map(({ id }) => id)).size < devices.length) {
    refuse("InvalidParameterException", "A platform device is given twice.");
  }
  return devices;
}

/** The GPUs that a user lists as a resource, as devices. */
export function devicesListed(resources: readonly Resource[]): readonly GpuDevice[] {
  return membersOf(resources, "GPU").map((id) => ({ id, type: "GPU" }));
}

/**
 * `resources` with the devices among them: GPU and NEURON_DEVICE, the ids of each kind.
 * DIFFERS: AWS does not document the resource of a Neuron device; Berth lists it apart from GPU, so that no GPU task lands on one.
 */
export function withDevices(resources: readonly Resource[], devices: readonly GpuDevice[]): readonly Resource[] {
  const others = resources.filter(({ name }) => name !== "GPU" && name !== "NEURON_DEVICE");
  const sets = (["GPU", "NEURON_DEVICE"] as const).flatMap((type): Resource[] => {
    const values = devices.filter((device) => device.type === type).map(({ id }) => id);
    return values.length === 0 ? [] : [{ name: type, type: "STRINGSET", values }];
  });
  return [...others, ...sets];
}

function checkedResource(resource: RequestResource): Resource {
  const { name } = resource;
  if (name === undefined || name === "" || name.length > 255) {
    refuse("InvalidParameterException", "Resource names must be between 1 and 255 characters long.");
  }
  const type = resourceTypes.find((known) => known === resource.type);
  if (type === undefined) {
    refuse("InvalidParameterException", `resource type should be one of [${resourceTypes.join(", ")}]`);
  }
  const known = knownTypes.get(name);
  if (known !== undefined && known !== type) {
    refuse("InvalidParameterException", `The resource '${name}' must be of type ${known}.`);
  }
  if (type === "STRINGSET") return { name, type, values: checkedMembers(name, resource.stringSetValue ?? []) };
  const members = { INTEGER: resource.integerValue, LONG: resource.longValue, DOUBLE: resource.doubleValue };
  // AWS: the agent's serializer leaves a zero out.
  const value = members[type] ?? 0;
  const isOfType = type === "DOUBLE" ? Number.isFinite(value) : Number.isInteger(value);
  if (!isOfType || value < 0 || value > largest[type]) {
    refuse("InvalidParameterException", `The value of the resource '${name}' must be of type ${type} and at least 0.`);
  }
  return { name, type, value };
}

function checkedMembers(name: string, members: readonly string[]): readonly string[] {
  const isPortSet = name === "PORTS" || name === "PORTS_UDP";
  if (isPortSet && !members.every((port) => /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535)) {
    refuse("InvalidParameterException", `The resource '${name}' must list ports between 1 and 65535.`);
  }
  return [...new Set(members)];
}
