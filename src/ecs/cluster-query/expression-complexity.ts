import { parseQuery } from "./parse-query.ts";
import { queryLimits } from "./query-limits.ts";

// LIMIT: enough of an expression to recognize it in a message.
const shownCharacters = 60;

/**
 * Why `expressions` together are too much to ask of every instance of a cluster for one task, or null: a sentence with the limit and the
 * expression that exceeds it. Throws QueryError for what is no expression.
 */
export function complexityProblem(expressions: readonly string[]): string | null {
  let states = 0;
  let predicates = 0;
  for (const expression of expressions) {
    const { work } = parseQuery(expression);
    states += work.states;
    predicates += work.predicates;
    const { patternStatesPerTask, predicatesPerTask } = queryLimits;
    if (states > patternStatesPerTask) {
      return tooComplex(
        `their patterns have more than ${patternStatesPerTask} states, repetitions counted`,
        expression,
      );
    }
    if (predicates > predicatesPerTask)
      return tooComplex(`they have more than ${predicatesPerTask} predicates`, expression);
  }
  return null;
}

function tooComplex(what: string, expression: string): string {
  const shown = expression.length > shownCharacters ? `${expression.slice(0, shownCharacters)}...` : expression;
  return `The placement constraints of a task are too complex: ${what}, from this expression on: ${shown}`;
}
