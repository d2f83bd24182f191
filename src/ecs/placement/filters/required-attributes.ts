import { attributeAdvice } from "../../documents/attribute-members.ts";
import type { ContainerInstance } from "../../documents/container-instance.ts";
import type { Need } from "../../documents/placement-request.ts";
import type { PlacementFilter } from "../candidate.ts";

/** The names in an instance's attribute lists. Lists are immutable, so each list's set is built once. */
const namesOfList = new WeakMap<object, ReadonlyMap<string, string | null>>();

function attributesIn(list: ContainerInstance["platformAttributes"]): ReadonlyMap<string, string | null> {
  let names = namesOfList.get(list);
  if (names === undefined) {
    names = new Map(list.map(({ name, value }) => [name, value]));
    namesOfList.set(list, names);
  }
  return names;
}

function missing(need: Need, instance: ContainerInstance): string[] {
  const platform = attributesIn(instance.platformAttributes);
  const custom = attributesIn(instance.customAttributes);
  return need.requiresAttributes
    .filter(({ name, value }) => {
      const found = platform.has(name) ? platform.get(name) : custom.get(name);
      return found === undefined || (value !== undefined && found !== value);
    })
    .map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
}

/** AWS: the instance must have every attribute that the task definition requires. */
export const requiredAttributes = (need: Need): PlacementFilter => ({
  reason: "ATTRIBUTE",
  looksAt: "instance",
  lacks: ({ instance }) => missing(need, instance).length,
  explain: ({ instance }) => {
    const names = missing(need, instance);
    return `Missing attributes: ${names.join(", ")}. ${attributeAdvice(names)}`.trimEnd();
  },
});
