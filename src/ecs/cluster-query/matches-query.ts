import type { Query, QuerySubject, Test } from "./query.ts";

type Values = readonly (string | null | undefined)[];

/** True when the query selects the container instance. */
export function matchesQuery(query: Query, asked: QuerySubject): boolean {
  return holds(query.test, asked, attributeValues(query, asked));
}

/**
 * The values of the attributes that the query reads, by slot: null without value, undefined for those that the instance has not.
 * One walk over an instance's attributes serves any number of predicates.
 */
export function attributeValues(query: Query, asked: QuerySubject): Values {
  const values: (string | null | undefined)[] = [];
  if (query.slots.size === 0) return values;
  // Of two by the same name that of the platform counts, as for the attributes that tasks require.
  for (const list of [asked.instance.customAttributes, asked.instance.platformAttributes]) {
    for (const { name, value } of list) {
      const slot = query.slots.get(name);
      if (slot !== undefined) values[slot] = value;
    }
  }
  return values;
}

/** True when `test` holds, given the values of the attributes. */
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
