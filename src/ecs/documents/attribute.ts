/** An attribute of a container instance, by name; `value` is null for a capability without value. */
export type Attribute = { readonly name: string; readonly value: string | null };
