import type { GpuDevice } from "../documents/container-instance.ts";
import { membersOf, type Resource, type ResourceType, resourceTypes } from "../documents/resource.ts";
import { refuse } from "../refusals.ts";

/** A resource in a request. */
export type RequestResource = {
  readonly name?: string;
  readonly type?: string;
  readonly doubleValue?: number;
  readonly longValue?: number;
  readonly integerValue?: number;
  readonly stringSetValue?: readonly string[];
};

export type RequestDevice = { readonly id?: string; readonly type?: string };

/** AWS: the types of the resources that ECS itself counts. */
const knownTypes: ReadonlyMap<string, ResourceType> = new Map([
  ["CPU", "INTEGER"],
  ["MEMORY", "INTEGER"],
  ["PORTS", "STRINGSET"],
  ["PORTS_UDP", "STRINGSET"],
  ["GPU", "STRINGSET"],
]);

/**
 * What Berth assumes for a registration by hand, which leaves resources out: four cores, 7.5 GiB, and the ports that the agent reserves on
 * Linux. A real agent always sends all four.
 */
const assumed: readonly Resource[] = [
  { name: "CPU", type: "INTEGER", value: 4_096 },
  { name: "MEMORY", type: "INTEGER", value: 7_680 },
  { name: "PORTS", type: "STRINGSET", values: ["22", "2375", "2376", "51678", "51679"] },
  { name: "PORTS_UDP", type: "STRINGSET", values: [] },
];

// LIMIT: ECS's four and a few of the user's; more is a mistake, and every event shows each of them.
const resourcesMax = 50;
// LIMIT: AWS has 32 and 64 bit integers; above 2^53, numbers here are no longer exact.
const largest = { INTEGER: 2_147_483_647, LONG: Number.MAX_SAFE_INTEGER, DOUBLE: Number.MAX_VALUE } as const;

/**
 * The resources of a registration, in its order, plus assumed ones for those of ECS's four that are missing. Refuses with
 * InvalidParameterException a resource without a name, named twice, or of an unknown or wrong type, and a value that is negative, not a
 * number of its type, or not a port.
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

/** The devices of a registration. Refuses with InvalidParameterException one without an id, of another type, or given twice. */
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
 * `resources` with the devices added: GPU and NEURON_DEVICE, with the ids of each kind.
 * DIFFERS: AWS does not document the resource of a Neuron device; Berth lists it separately from GPU, so no GPU task lands on one.
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
  // AWS: the agent's serializer omits zeros.
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
