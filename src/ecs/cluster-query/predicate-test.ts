import { comparableVersion, compareVersions } from "./comparable-version.ts";
import { secondsOf } from "./date-and-time.ts";
import { patternMatcher, patternStates } from "./match-pattern.ts";
import { parsePattern } from "./parse-pattern.ts";
import type { PatternAutomaton } from "./pattern-automaton.ts";
import type { PredicateTest, QuerySubject, QueryWork } from "./query.ts";
import { QueryError } from "./query-error.ts";
import { queryLimits } from "./query-limits.ts";
import type { OperatorName, SubjectName } from "./query-vocabulary.ts";

/** What asking one predicate costs in steps, matching with a pattern not counted. */
export const stepsPerPredicate = 5;

/** An argument and where it stands in the expression (its first character, behind a quotation mark). */
export type Literal = { readonly text: string; readonly at: number };

type Holds = PredicateTest["holds"];
type Asked = { readonly operator: OperatorName; readonly literals: readonly Literal[]; readonly work: QueryWork };

/** What answers a predicate. Throws QueryError for an argument that is nothing to compare the subject with. */
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

/** The only argument, read by `read`. */
function understood<T>({ literals }: Asked, read: (text: string) => T | null, expected: string): T {
  const [literal = { text: "", at: 0 }] = literals;
  return read(literal.text) ?? failExpecting(expected, literal);
}

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null);

/** Whether the operator holds between two values, of which `difference` is below 0 when the first is the lesser. */
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

/** The test of equality, membership or likeness for one text. */
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
  // Made when it is first asked: of many expressions only their size is asked.
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
 * AWS: of an attribute that the instance lacks nothing holds but not_exists. One without value counts as the empty text, and as
 * neither more nor less than anything.
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

/** Two numbers by size, other texts by code unit. AWS does not say how it orders the values of attributes. */
function compareTexts(a: string, b: string): number {
  if (decimal.test(a) && decimal.test(b)) return Number(a) - Number(b);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** AWS: holds when it holds for any task on the instance, so that an instance without tasks has only not_exists. */
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

/** Of an agent whose version is not known nothing holds. */
function agentVersionTest(asked: Asked): Holds {
  const wanted = understood(asked, comparableVersion, "a version like 1.14.5");
  return ({ instance }) => {
    const version = comparableVersion(instance.versionInfo?.agentVersion ?? "");
    return version !== null && orderHolds(asked.operator, compareVersions(version, wanted));
  };
}
