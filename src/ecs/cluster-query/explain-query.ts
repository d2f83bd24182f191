import { dateAndTime } from "./date-and-time.ts";
import { attributeValues, holds } from "./matches-query.ts";
import { printQuery } from "./print-query.ts";
import type { Predicate, PredicateTest, Query, QuerySubject, Test } from "./query.ts";

// LIMIT: a sentence that people still read; the rest is counted.
const reasonsShown = 3;
const groupsShown = 5;

/**
 * Why the query doesn't select the container instance, without a full stop: the innermost predicates that decide, each with the value
 * found. For an instance that it selects, says that it does.
 */
export function explainQuery(query: Query, asked: QuerySubject): string {
  const values = attributeValues(query, asked);
  const reasons: string[] = [];
  let found = 0;
  // Takes a test whose result isn't the wanted one.
  const collect = (test: Test, wanted: boolean): void => {
    if (test.kind === "not") collect(test.operand, !wanted);
    else if (test.kind === "predicate") {
      found += 1;
      if (found <= reasonsShown) reasons.push(reason(test, wanted, asked, values[test.slot]));
    } else {
      // In an `or` that fails or an `and` that holds, all operands have the same result: no need to evaluate them again.
      const allAlike = (test.kind === "or") === wanted;
      for (const operand of test.operands) {
        if (allAlike || holds(operand, asked, values) !== wanted) collect(operand, wanted);
      }
    }
  };
  if (!holds(query.test, asked, values)) collect(query.test, true);
  if (found === 0) return "the expression is met";
  return [...reasons, ...(found > reasonsShown ? [`and ${found - reasonsShown} more`] : [])].join("; ");
}

function reason(
  test: PredicateTest,
  wanted: boolean,
  asked: QuerySubject,
  attribute: string | null | undefined,
): string {
  const text = printQuery(test.predicate);
  return `${wanted ? text : `not (${text})`} is not met: ${foundValue(test.predicate, asked, attribute)}`;
}

/** The value of the predicate's subject on this instance. */
function foundValue(
  predicate: Predicate,
  { instance, usage }: QuerySubject,
  attribute: string | null | undefined,
): string {
  switch (predicate.subject) {
    case "attribute":
      if (attribute === undefined) return `${predicate.attribute} is missing`;
      return `${predicate.attribute} ${attribute === null ? "has no value" : `is ${attribute}`}`;
    case "agentConnected":
      return `the agent is ${instance.agentConnected ? "" : "not "}connected`;
    case "agentVersion":
      return `the agent's version is ${instance.versionInfo?.agentVersion ?? "unknown"}`;
    case "ec2InstanceId":
      return instance.ec2InstanceId === null ? "it has no EC2 instance ID" : `it is ${instance.ec2InstanceId}`;
    case "registeredAt":
      return `it was registered at ${dateAndTime(Math.floor(instance.registeredAt / 1_000))}`;
    case "runningTasksCount":
      return `the count is ${usage.running}`;
    case "task:group":
      return usage.groups.size === 0 ? "it has no tasks" : `it has tasks of ${groupsOf(usage)}`;
  }
}

function groupsOf(usage: QuerySubject["usage"]): string {
  const groups = [...usage.groups.keys()].sort();
  const shown = groups.slice(0, groupsShown).join(", ");
  return groups.length > groupsShown ? `${shown} and ${groups.length - groupsShown} more groups` : shown;
}
