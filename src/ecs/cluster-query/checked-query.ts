import { refuse } from "../refusals.ts";
import { parseQuery } from "./parse-query.ts";
import type { Query } from "./query.ts";
import { QueryError } from "./query-error.ts";

/**
 * The parsed query of `expression`. Refuses an invalid one with InvalidParameterException; the text says what is wrong and at which
 * character. `role` names the expression to the caller (`filter expression`, `placement constraint expression`).
 */
export function checkedQuery(expression: string, role = "expression"): Query {
  try {
    return parseQuery(expression);
  } catch (error) {
    if (error instanceof QueryError) refuse("InvalidParameterException", `Invalid ${role}: ${error.message}`);
    throw error;
  }
}
