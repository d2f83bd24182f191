/** A tag of a resource. AWS: key 1-128, value 0-256 characters. */
export type Tag = { readonly key: string; readonly value: string };
