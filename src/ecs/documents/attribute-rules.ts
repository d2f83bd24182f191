import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { Attribute } from "./attribute.ts";

/** An attribute in a request. */
export type RequestAttribute = {
  readonly name?: string;
  readonly value?: string;
  readonly targetType?: string;
  readonly targetId?: string;
};

// AWS: letters, digits and these symbols.
const nameCharacters = /^[A-Za-z0-9\-_./\\]+$/;
const valueCharacters = /^[A-Za-z0-9\-_.@/\\: ]+$/;

/** AWS: names with these prefixes belong to ECS and its agent; users can neither put nor delete them. */
export function isPlatformAttribute(name: string): boolean {
  return name.startsWith("ecs.") || name.startsWith("com.amazonaws.");
}

/**
 * A user's attribute, checked; an empty value counts as none. Refuses with InvalidParameterException a reserved name, and an invalid name
 * or value. AWS: both have 1 to 128 characters of a small set; a value has no white space at its ends.
 */
export function customAttribute(attribute: RequestAttribute): Attribute {
  const name = checkedName(attribute.name);
  if (isPlatformAttribute(name)) {
    refuse("InvalidParameterException", `The attribute name '${name}' is reserved for Amazon ECS.`);
  }
  return { name, value: checkedValue(name, attribute.value) };
}

/**
 * An attribute that the agent sends. Only its length is checked, because its value must go back to the agent unchanged, or the agent gives
 * up.
 */
export function platformAttribute(attribute: RequestAttribute): Attribute {
  const { name = "", value = "" } = attribute;
  if (name.length > limits.attributeNameCharacters) refuseName();
  if (value.length > limits.attributeValueCharacters) refuseValueLength(name);
  return { name, value: value === "" ? null : value };
}

/** `existing` with `added` merged by name: a known one is replaced in place, a new one comes last. */
export function withAttributes(existing: readonly Attribute[], added: readonly Attribute[]): readonly Attribute[] {
  const merged = new Map(existing.map((attribute) => [attribute.name, attribute]));
  for (const attribute of added) merged.set(attribute.name, attribute);
  return [...merged.values()];
}

function checkedName(name: string | undefined): string {
  if (name === undefined || name.length < 1 || name.length > limits.attributeNameCharacters) refuseName();
  if (!nameCharacters.test(name)) {
    refuse("InvalidParameterException", `The attribute name '${name}' contains invalid characters.`);
  }
  return name;
}

function checkedValue(name: string, value: string | undefined): string | null {
  if (value === undefined || value === "") return null;
  if (value.length > limits.attributeValueCharacters) refuseValueLength(name);
  if (!valueCharacters.test(value) || value.trim() !== value) {
    refuse("InvalidParameterException", `The value of the attribute '${name}' contains invalid characters.`);
  }
  return value;
}

function refuseName(): never {
  const max = limits.attributeNameCharacters;
  refuse("InvalidParameterException", `Attribute names must be between 1 and ${max} characters long.`);
}

function refuseValueLength(name: string): never {
  const max = limits.attributeValueCharacters;
  refuse("InvalidParameterException", `The value of the attribute '${name}' must be at most ${max} characters long.`);
}
