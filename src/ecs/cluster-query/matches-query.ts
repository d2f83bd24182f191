import { stepsPerPredicate } from "./predicate-test.ts";
import type { Query, QuerySubject, Test } from "./query.ts";

type Values = readonly (string | null | undefined)[];

// LIMIT: up to this many attributes, searching for each is cheaper than a lookup for each one that the instance has.
const searchedMax = 4;

/** True if the query selects the container instance. Adds the cost to the query's work. */
export function matchesQuery(query: Query, asked: QuerySubject): boolean {
  const { platformAttributes, customAttributes } = asked.instance;
  const { work } = query;
  work.steps += stepsPerPredicate * work.predicates;
  if (query.slots.size > 0) work.steps += 2 * (platformAttributes.length + customAttributes.length);
  return holds(query.test, asked, attributeValues(query, asked));
}

/**
 * The values of the attributes that the query reads, by slot: null for no value, undefined if the instance lacks the attribute. If two have
 * the same name, the platform's counts, as for the attributes that tasks require.
 */
export function attributeValues(query: Query, asked: QuerySubject): Values {
  const values: (string | null | undefined)[] = [];
  if (query.slots.size === 0) return values;
  const { customAttributes, platformAttributes } = asked.instance;
  if (query.slots.size <= searchedMax) {
    for (const [name, slot] of query.slots) {
      const found = attributeNamed(platformAttributes, name);
      values[slot] = found === undefined ? attributeNamed(customAttributes, name) : found;
    }
    return values;
  }
  for (const list of [customAttributes, platformAttributes]) {
    for (const { name, value } of list) {
      const slot = query.slots.get(name);
      if (slot !== undefined) values[slot] = value;
    }
  }
  return values;
}

function attributeNamed(
  attributes: QuerySubject["instance"]["customAttributes"],
  wanted: string,
): string | null | undefined {
  // From the end: if a name occurs twice in one list, the last counts.
  for (let at = attributes.length - 1; at >= 0; at--) {
    const attribute = attributes[at];
    if (attribute?.name === wanted) return attribute.value;
  }
  return undefined;
}

/** True if `test` holds for these attribute values. */
export function holds(test: Test, asked: QuerySubject, values: Values): boolean {
  switch (test.kind) {
    case "and":
      return test.operands.every((operand) => holds(operand, asked, values));
    case "or":
      return test.operands.some((operand) => holds(operand, asked, values));
    case "not":
      return !holds(test.operand, asked, values);
    case "predicate":
      return test.holds(asked, test.slot < 0 ? undefined : values[test.slot]);
  }
}
