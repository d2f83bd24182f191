import { checkedQuery } from "../../cluster-query/checked-query.ts";
import { explainQuery } from "../../cluster-query/explain-query.ts";
import { matchesQuery } from "../../cluster-query/matches-query.ts";
import type { PlacementFilter } from "../candidate.ts";

/** AWS: the expression must select the instance. Refuses an invalid expression. */
export function memberOf(expression: string): PlacementFilter {
  const query = checkedQuery(expression, "placement constraint expression");
  return {
    reason: "MemberOf placement constraint unsatisfied.",
    looksAt: query.dependsOn.tasks ? "tasks" : "instance",
    lacks: (candidate) => ((candidate.selections?.selects(query, candidate) ?? matchesQuery(query, candidate)) ? 0 : 1),
    explain: (candidate) => `${explainQuery(query, candidate)}.`,
  };
}
