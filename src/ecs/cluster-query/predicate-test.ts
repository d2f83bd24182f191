import { comparableVersion, compareVersions } from "./comparable-version.ts";
import { secondsOf } from "./date-and-time.ts";
import { patternMatcher, patternStates } from "./match-pattern.ts";
import { parsePattern } from "./parse-pattern.ts";
import type { PatternAutomaton } from "./pattern-automaton.ts";
import type { PredicateTest, QuerySubject, QueryWork } from "./query.ts";
import { QueryError } from "./query-error.ts";
import { queryLimits } from "./query-limits.ts";
import type { OperatorName, SubjectName } from "./query-vocabulary.ts";

/** The cost of evaluating one predicate in steps, excluding pattern matching. */
export const stepsPerPredicate = 5;

/** An argument and its position in the expression (of its first character, after a quotation mark). */
export type Literal = { readonly text: string; readonly at: number };

type Holds = PredicateTest["holds"];
type Asked = { readonly operator: OperatorName; readonly literals: readonly Literal[]; readonly work: QueryWork };

/** Builds the function that evaluates a predicate. Throws QueryError for an argument that can't be compared with the subject. */
export function holdsOf(subject: SubjectName, asked: Asked): Holds {
  switch (subject) {
    case "agentConnected": {
      for (const literal of asked.operator === "matches" || asked.operator === "not_matches" ? [] : asked.literals) {
        if (literal.text !== "true" && literal.text !== "false") failExpecting("true or false", literal);
      }
      const text = textTest(asked);
      return ({ instance }) => text(String(instance.agentConnected));
    }
    case "ec2InstanceId": {
      const text = textTest(asked);
      return ({ instance }) => instance.ec2InstanceId !== null && text(instance.ec2InstanceId);
    }
    case "task:group":
      return taskGroupTest(asked);
    case "attribute":
      return attributeTest(asked);
    case "agentVersion":
      return agentVersionTest(asked);
    case "registeredAt": {
      const wanted = understood(asked, secondsOf, "a date like 2018-06-18 or 2018-06-18T22:28:28Z");
      return ({ instance }) => orderHolds(asked.operator, Math.floor(instance.registeredAt / 1_000) - wanted);
    }
    case "runningTasksCount": {
      const wanted = understood(asked, wholeNumber, "a whole number");
      return ({ usage }) => orderHolds(asked.operator, usage.running - wanted);
    }
  }
}

function failExpecting(expected: string, { text, at }: Literal): never {
  throw new QueryError(`Expected ${expected}, found "${text.slice(0, 40)}"`, at);
}

/** The only argument, parsed with `read`. */
function understood<T>({ literals }: Asked, read: (text: string) => T | null, expected: string): T {
  const [literal = { text: "", at: 0 }] = literals;
  return read(literal.text) ?? failExpecting(expected, literal);
}

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null);

/** Whether the operator holds between two values; `difference` is negative if the first is smaller. */
function orderHolds(operator: OperatorName, difference: number): boolean {
  switch (operator) {
    case "equals":
      return difference === 0;
    case "not_equals":
      return difference !== 0;
    case "greater_than":
      return difference > 0;
    case "greater_than_equal":
      return difference >= 0;
    case "less_than":
      return difference < 0;
    case "less_than_equal":
      return difference <= 0;
    default:
      return false;
  }
}

/** The test of equality, membership or pattern for one text. */
function textTest({ operator, literals, work }: Asked): (text: string) => boolean {
  const wanted = new Set(literals.map(({ text }) => text));
  switch (operator) {
    case "not_equals":
    case "not_in":
      return (text) => !wanted.has(text);
    case "matches":
      return matcher(literals, work);
    case "not_matches": {
      const matches = matcher(literals, work);
      return (text) => !matches(text);
    }
    default:
      return (text) => wanted.has(text);
  }
}

function matcher([literal = { text: "", at: 0 }]: readonly Literal[], work: QueryWork): (text: string) => boolean {
  const pattern = parsePattern(literal.text, literal.at);
  work.patterns += 1;
  work.states += patternStates(pattern);
  if (work.patterns > queryLimits.patternsPerExpression) {
    throw new QueryError(`More than ${queryLimits.patternsPerExpression} patterns in an expression`, literal.at);
  }
  if (work.states > queryLimits.patternStatesPerExpression) {
    throw new QueryError("The patterns of the expression are too large, repetitions counted", literal.at);
  }
  // Compiled on first use, because many expressions are only checked for size.
  let made: PatternAutomaton | null = null;
  return (text) => {
    made ??= patternMatcher(pattern);
    const automaton = made;
    const before = automaton.steps;
    const matches = automaton.matches(text);
    work.steps += automaton.steps - before;
    return matches;
  };
}

/**
 * AWS: for an attribute that the instance lacks, only not_exists holds. One without a value counts as the empty text, and is neither
 * greater nor less than anything.
 */
function attributeTest(asked: Asked): Holds {
  const { operator, literals } = asked;
  if (operator === "exists") return (_, value) => value !== undefined;
  if (operator === "not_exists") return (_, value) => value === undefined;
  if (isOrder(operator)) {
    const wanted = literals[0]?.text ?? "";
    return (_, value) => typeof value === "string" && orderHolds(operator, compareTexts(value, wanted));
  }
  const text = textTest(asked);
  return (_, value) => value !== undefined && text(value ?? "");
}

const isOrder = (operator: OperatorName): boolean =>
  operator.startsWith("greater_than") || operator.startsWith("less_than");

const decimal = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/** Compares two numbers by value, other texts by code unit. AWS does not document how it orders attribute values. */
function compareTexts(a: string, b: string): number {
  if (decimal.test(a) && decimal.test(b)) return Number(a) - Number(b);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** AWS: holds if it holds for any task on the instance, so on an instance without tasks only not_exists holds. */
function taskGroupTest(asked: Asked): Holds {
  const { operator, literals } = asked;
  if (operator === "exists") return ({ usage }) => usage.groups.size > 0;
  if (operator === "not_exists") return ({ usage }) => usage.groups.size === 0;
  if (operator === "equals" || operator === "in") {
    const wanted = literals.map(({ text }) => text);
    return ({ usage }) => {
      asked.work.steps += stepsPerPredicate * wanted.length;
      return wanted.some((group) => usage.groups.has(group));
    };
  }
  const text = textTest(asked);
  return ({ usage }) => anyGroup(usage, text, asked.work);
}

function anyGroup({ groups }: QuerySubject["usage"], holds: (group: string) => boolean, work: QueryWork): boolean {
  work.steps += stepsPerPredicate * groups.size;
  for (const group of groups.keys()) if (holds(group)) return true;
  return false;
}

/** Nothing holds if the agent's version is unknown. */
function agentVersionTest(asked: Asked): Holds {
  const wanted = understood(asked, comparableVersion, "a version like 1.14.5");
  return ({ instance }) => {
    const version = comparableVersion(instance.versionInfo?.agentVersion ?? "");
    return version !== null && orderHolds(asked.operator, compareVersions(version, wanted));
  };
}
