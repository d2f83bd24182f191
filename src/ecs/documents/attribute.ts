import type { Shape } from "./document-shape.ts";

/** An attribute of a container instance; `value` is null for a capability without a value. */
export type Attribute = { readonly name: string; readonly value: string | null };

export const attributesShape: Shape = [{ name: "string", value: "string?" }];
