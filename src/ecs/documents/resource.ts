/** AWS: the four types that a resource of a container instance may have. */
export const resourceTypes = ["INTEGER", "LONG", "DOUBLE", "STRINGSET"] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** A registered resource: CPU in units (1024 a core), MEMORY in MiB, PORTS and PORTS_UDP the reserved ports, or a user's own. */
export type Resource =
  | { readonly name: string; readonly type: "INTEGER" | "LONG" | "DOUBLE"; readonly value: number }
  | { readonly name: string; readonly type: "STRINGSET"; readonly values: readonly string[] };

/** The number of the resource `name`, 0 if absent. */
export function amountOf(resources: readonly Resource[], name: string): number {
  const found = resources.find((resource) => resource.name === name);
  return found === undefined || found.type === "STRINGSET" ? 0 : found.value;
}

/** The strings of the set resource `name`, empty if absent. */
export function membersOf(resources: readonly Resource[], name: string): readonly string[] {
  const found = resources.find((resource) => resource.name === name);
  return found === undefined || found.type !== "STRINGSET" ? [] : found.values;
}
