/** AWS: what a container can require in addition to CPU and memory. */
export const deviceTypes = ["GPU", "InferenceAccelerator", "NeuronDevice"] as const;

const builtIn = new Set(
  [...deviceTypes, "CPU", "MEMORY", "PORTS", "PORTS_UDP", "NEURON_DEVICE"].map((name) => name.toLowerCase()),
);

/**
 * True for the name of a resource that users register on instances. False for ECS's own names and for misspellings of them in another case.
 * DIFFERS: AWS accepts only its own three types, so no task can require a user's resource; here the name of such a resource is a type.
 */
export const isOwnResource = (type: string): boolean =>
  /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/.test(type) && !builtIn.has(type.toLowerCase());

/** True for a valid amount: up to 9,999 devices, or nine digits for a user's own resource. */
export const isAmount = (type: string, value: string): boolean =>
  (isOwnResource(type) ? /^[1-9][0-9]{0,8}$/ : /^[1-9][0-9]{0,3}$/).test(value);

/** What `containers` together require of users' own resources, by name. */
export function ownResourcesOf(
  containers: readonly {
    readonly resourceRequirements?: readonly { readonly type: string; readonly value: string }[];
  }[],
): { readonly name: string; readonly value: number }[] {
  const sums = new Map<string, number>();
  for (const { type, value } of containers.flatMap((container) => container.resourceRequirements ?? [])) {
    if (isOwnResource(type)) sums.set(type, (sums.get(type) ?? 0) + Number(value));
  }
  return [...sums].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
